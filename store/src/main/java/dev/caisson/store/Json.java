package dev.caisson.store;

import java.io.StringWriter;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** The two small things that are kept as JSON: a container's labels and {@code server.json}. */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  static String writeStrings(Map<String, String> strings) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      strings.forEach(json::writeStringProperty);
      json.writeEndObject();
    }
    return text.toString();
  }

  static Map<String, String> readStrings(String text) {
    if (text.equals("{}")) {
      return Map.of();
    }
    Map<String, String> strings = new LinkedHashMap<>();
    try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        json.nextToken();
        strings.put(name, json.getString());
      }
    }
    return strings;
  }

  static String writeServerAddress(ServerAddress server) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("url", server.url().toString());
      json.writeNumberProperty("pid", server.pid());
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }

  /** Empty when the text is not whole: a damaged hint is no hint. */
  static Optional<ServerAddress> readServerAddress(String text) {
    String url = "";
    long pid = 0;
    try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        json.nextToken();
        switch (name) {
          case "url" -> url = json.getString();
          case "pid" -> pid = json.getLongValue();
          default -> json.skipChildren();
        }
      }
      return url.isEmpty() || pid <= 0
          ? Optional.empty()
          : Optional.of(new ServerAddress(URI.create(url), pid));
    } catch (JacksonException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
