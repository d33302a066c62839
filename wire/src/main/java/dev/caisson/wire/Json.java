package dev.caisson.wire;

import dev.caisson.domain.CaissonException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads and writes JSON the one way that the public API does. Whatever a client sends is either a
 * tree or an {@link CaissonException.InvalidRequest}. Safe for use from many threads.
 */
public final class Json {
  /** Deeper than any tool schema seen, far less than what a stack of 512 KiB holds. */
  static final int MAX_DEPTH = 256;

  /** A file inlined as base64 is one string; the size of the body is limited before it is read. */
  private static final int MAX_STRING_CHARS = 64 << 20;

  /** Where Jackson read from, in parentheses: to a client it says nothing. */
  private static final Pattern SOURCE = Pattern.compile(" ?\\([^(\\[]*\\[Source: [^\\]]*\\]\\)");

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(MAX_STRING_CHARS)
                          .build())
                  // Two values under one name: which one counts differs between readers.
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          // What passes through must come out as it came in: 1.0 stays 1.0, 0.1 stays 0.1.
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  /** More may follow one element of a list. */
  private static final ObjectReader ELEMENT =
      MAPPER.readerFor(JsonNode.class).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  /**
   * Reads one JSON value.
   *
   * @param what names the text in errors, such as {@code request body}
   */
  public static JsonNode parse(byte[] utf8, String what) {
    return parse(decode(utf8, what), what);
  }

  /** Reads one JSON value; see {@link #parse(byte[], String)}. */
  public static JsonNode parse(String text, String what) {
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JacksonException e) {
      throw unreadable(e, what);
    }
    if (node.isMissingNode()) {
      throw new CaissonException.InvalidRequest(what + ": empty; a JSON value is required");
    }
    return node;
  }

  /** Reads values one by one from a long text. */
  static JsonParser parser(Reader text) {
    return MAPPER.createParser(text);
  }

  /** The value that the parser stands at. */
  static JsonNode value(JsonParser parser) {
    return ELEMENT.readTree(parser);
  }

  /** The complaint about a text that could not be read. */
  static CaissonException unreadable(JacksonException e, String what) {
    if (e instanceof StreamConstraintsException) {
      return new CaissonException.InvalidRequest(what + ": JSON over a limit: " + told(e));
    }
    if (e.getCause() instanceof CharacterCodingException) {
      return new CaissonException.InvalidRequest(what + ": not valid UTF-8");
    }
    return new CaissonException.InvalidRequest(
        what
            + ": not valid JSON at line "
            + e.getLocation().getLineNr()
            + ", column "
            + e.getLocation().getColumnNr()
            + ": "
            + Clip.to(told(e), 200));
  }

  private static String told(JacksonException e) {
    return SOURCE.matcher(e.getOriginalMessage()).replaceAll("");
  }

  /** Writes a tree without spaces. */
  public static String write(JsonNode node) {
    return MAPPER.writeValueAsString(node);
  }

  /** Writes a tree as UTF-8 without spaces. */
  public static byte[] bytes(JsonNode node) {
    return MAPPER.writeValueAsBytes(node);
  }

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  public static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /** Jackson guesses UTF-16 and UTF-32 and lets some malformed UTF-8 pass, so we decode. */
  private static String decode(byte[] utf8, String what) {
    try {
      CharBuffer chars =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(utf8));
      return chars.toString();
    } catch (CharacterCodingException e) {
      throw new CaissonException.InvalidRequest(what + ": not valid UTF-8");
    }
  }
}
