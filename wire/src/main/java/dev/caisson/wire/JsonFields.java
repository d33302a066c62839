package dev.caisson.wire;

import dev.caisson.domain.CaissonException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Reads the fields of one JSON object strictly. Each complaint names the path of the field, such as
 * {@code messages.0.content.1.file_id: Field required}. A null counts as absent. Not for use from
 * many threads.
 */
public final class JsonFields {
  private final JsonNode node;
  private final String path;
  private final Set<String> known = new HashSet<>();

  private JsonFields(JsonNode node, String path) {
    this.node = node;
    this.path = path;
  }

  /**
   * The fields of an object.
   *
   * @param path of the object in the request; empty for the request itself
   */
  public static JsonFields of(JsonNode node, String path) {
    if (!node.isObject()) {
      throw invalid(path.isEmpty() ? "request body" : path, "Input should be an object");
    }
    return new JsonFields(node, path);
  }

  /** The path of a field of this object. */
  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** The field as it stands; empty when absent or null. */
  public Optional<JsonNode> any(String name) {
    known.add(name);
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  public JsonNode requiredAny(String name) {
    return any(name).orElseThrow(() -> required(name));
  }

  public Optional<String> string(String name) {
    return any(name).map(value -> text(value, path(name)));
  }

  public String requiredString(String name) {
    return string(name).orElseThrow(() -> required(name));
  }

  public Optional<Boolean> bool(String name) {
    return any(name)
        .map(value -> {
          if (!value.isBoolean()) {
            throw invalid(path(name), "Input should be a valid boolean");
          }
          return value.booleanValue();
        });
  }

  /** A whole number between the bounds, both included. */
  public OptionalLong integer(String name, long least, long most) {
    Optional<JsonNode> value = any(name);
    return value.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(whole(value.get(), path(name), least, most));
  }

  public long requiredInteger(String name, long least, long most) {
    return integer(name, least, most).orElseThrow(() -> required(name));
  }

  /** A positive number of at most {@code most}, whole or not. */
  public Optional<Double> positiveNumber(String name, double most) {
    return any(name)
        .map(value -> {
          // Compared as decimals: 1e999 is a number, and no double.
          boolean within =
              value.isNumber()
                  && value.decimalValue().signum() > 0
                  && value.decimalValue().compareTo(BigDecimal.valueOf(most)) <= 0;
          if (!within) {
            throw invalid(
                path(name), "Input should be a number greater than 0 and at most " + plain(most));
          }
          return value.decimalValue().doubleValue();
        });
  }

  /** The elements of an array; empty when absent. */
  public List<JsonNode> array(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) {
      return List.of();
    }
    if (!value.get().isArray()) {
      throw invalid(path(name), "Input should be a valid list");
    }
    return List.copyOf(value.get().values());
  }

  /** An array of strings; empty when absent. */
  public List<String> strings(String name) {
    List<String> texts = new ArrayList<>();
    List<JsonNode> elements = array(name);
    for (int i = 0; i < elements.size(); i++) {
      texts.add(text(elements.get(i), path(name) + "." + i));
    }
    return texts;
  }

  /** An object whose values are all strings; empty when absent. */
  public Map<String, String> stringMap(String name) {
    Optional<JsonNode> value = any(name);
    if (value.isEmpty()) {
      return Map.of();
    }
    JsonFields entries = of(value.get(), path(name));
    Map<String, String> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : value.get().properties()) {
      checkUnicode(entry.getKey(), path(name));
      map.put(entry.getKey(), text(entry.getValue(), entries.path(Clip.word(entry.getKey()))));
    }
    return map;
  }

  /** An object; empty when absent. */
  public Optional<JsonFields> object(String name) {
    return any(name).map(value -> of(value, path(name)));
  }

  /** Complains about the first field that nothing has asked for. */
  public void rejectUnknown() {
    for (String name : node.propertyNames()) {
      if (!known.contains(name)) {
        throw invalid(path(Clip.word(name)), "Extra inputs are not permitted");
      }
    }
  }

  /** The complaint that a field is not there. */
  public CaissonException.InvalidRequest required(String name) {
    return invalid(path(name), "Field required");
  }

  /** A complaint about the field at a path. */
  public static CaissonException.InvalidRequest invalid(String path, String complaint) {
    return new CaissonException.InvalidRequest(path + ": " + complaint);
  }

  private static long whole(JsonNode value, String path, long least, long most) {
    if (!value.isIntegralNumber()) {
      throw invalid(path, "Input should be a valid integer");
    }
    if (!value.canConvertToLong() || value.longValue() < least || value.longValue() > most) {
      throw invalid(path, "Input should be between " + least + " and " + most);
    }
    return value.longValue();
  }

  private static String text(JsonNode value, String path) {
    if (!value.isString()) {
      throw invalid(path, "Input should be a valid string");
    }
    return checkUnicode(value.stringValue(), path);
  }

  /** A lone surrogate can be written in JSON, and in no file, program or UTF-8 text. */
  public static String checkUnicode(String text, String path) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else {
        throw invalid(path, "not valid Unicode: unpaired surrogate at character " + i);
      }
    }
    return text;
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
  }
}
