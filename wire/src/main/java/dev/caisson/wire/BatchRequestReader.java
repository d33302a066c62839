package dev.caisson.wire;

import dev.caisson.domain.BatchItem;
import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code {"requests": [...]}} request by request: all of them together may be more than fits
 * into memory.
 */
public final class BatchRequestReader {
  private static final String BODY = "request body";

  /** What one request may have when it is sent by itself. */
  private static final ByteSize ITEM_LIMIT = new ByteSize(32_000_000);

  private BatchRequestReader() {}

  /** Throws InvalidRequest, by the path of the request, wherever the body stops making sense. */
  public static void read(InputStream body, Consumer<BatchItem> items) {
    Reader text =
        new InputStreamReader(
            body,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    try (JsonParser parser = Json.parser(text)) {
      read(parser, items);
    } catch (JacksonException e) {
      throw Json.unreadable(e, BODY);
    }
  }

  private static void read(JsonParser parser, Consumer<BatchItem> items) {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw JsonFields.invalid(BODY, "empty; a JSON value is required");
    }
    if (first != JsonToken.START_OBJECT) {
      throw JsonFields.invalid(BODY, "Input should be an object");
    }
    boolean found = false;
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      if (!"requests".equals(name)) {
        throw JsonFields.invalid(Clip.word("" + name), "Extra inputs are not permitted");
      }
      found = true;
      list(parser, items);
    }
    if (parser.nextToken() != null) {
      throw JsonFields.invalid(BODY, "not valid JSON: something follows the object");
    }
    if (!found) {
      throw JsonFields.invalid("requests", "Field required");
    }
  }

  private static void list(JsonParser parser, Consumer<BatchItem> items) {
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      throw JsonFields.invalid("requests", "Input should be a valid list");
    }
    for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
      items.accept(item(Json.value(parser), "requests." + i));
    }
  }

  private static BatchItem item(JsonNode node, String path) {
    JsonFields fields = JsonFields.of(node, path);
    String customId = fields.requiredString("custom_id");
    JsonNode params = fields.requiredAny("params");
    fields.rejectUnknown();
    if (JsonFields.of(params, fields.path("params")).bool("stream").orElse(false)) {
      throw JsonFields.invalid(
          path + ".params.stream", "a message of a batch has nobody to be streamed to");
    }
    String text = Json.write(params);
    if (text.length() > ITEM_LIMIT.bytes()) {
      throw new CaissonException.TooLarge(
          path + ".params: over the limit of " + ITEM_LIMIT.bytes() + " bytes for one request");
    }
    return new BatchItem(customId, JsonFields.checkUnicode(text, path + ".params"));
  }
}
