package dev.caisson.sandbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a message between engine and guest: names and values. {@code frames.py} describes
 * the bytes.
 */
final class Fields {
  private final Map<String, List<String>> values;
  private final byte[] body;

  private Fields(Map<String, List<String>> values, byte[] body) {
    this.values = values;
    this.body = body;
  }

  static Fields parse(byte[] payload) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(payload);
    if (payload.length < 4 || buffer.getInt() > payload.length - 4 || buffer.getInt(0) < 0) {
      throw new IOException("a message of the guest is malformed");
    }
    int length = buffer.getInt(0);
    List<String> parts = split(payload, 4, 4 + length);
    Map<String, List<String>> values = new LinkedHashMap<>();
    for (int i = 0; i + 1 < parts.size(); i += 2) {
      values.computeIfAbsent(parts.get(i), name -> new ArrayList<>()).add(parts.get(i + 1));
    }
    return new Fields(values, Arrays.copyOfRange(payload, 4 + length, payload.length));
  }

  /** Byte strings joined by NUL bytes; names that are not UTF-8 show U+FFFD. */
  static List<String> split(byte[] bytes, int from, int to) {
    List<String> parts = new ArrayList<>();
    int start = from;
    for (int i = from; i <= to; i++) {
      if (i == to || bytes[i] == 0) {
        parts.add(new String(bytes, start, i - start, StandardCharsets.UTF_8));
        start = i + 1;
      }
    }
    return from == to ? List.of() : parts;
  }

  String text(String name) {
    return all(name).stream().findFirst().orElse("");
  }

  long number(String name) throws IOException {
    try {
      return Long.parseLong(text(name));
    } catch (NumberFormatException e) {
      throw new IOException("the guest's " + name + " is no number", e);
    }
  }

  byte[] body() {
    return body;
  }

  List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }

  /** Builds a request. Names and values must not hold NUL characters. */
  static final class Request {
    private final ByteArrayOutputStream header = new ByteArrayOutputStream();

    static Request of(String operation) {
      return new Request().with("op", operation);
    }

    Request with(String name, String value) {
      if (header.size() > 0) {
        header.write(0);
      }
      header.writeBytes(name.getBytes(StandardCharsets.UTF_8));
      header.write(0);
      header.writeBytes(value.getBytes(StandardCharsets.UTF_8));
      return this;
    }

    Request with(String name, long value) {
      return with(name, Long.toString(value));
    }

    byte[] payload(byte[] body) {
      ByteBuffer buffer = ByteBuffer.allocate(4 + header.size() + body.length);
      return buffer.putInt(header.size()).put(header.toByteArray()).put(body).array();
    }
  }
}
