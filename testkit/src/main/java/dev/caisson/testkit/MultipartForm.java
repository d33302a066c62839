package dev.caisson.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A multipart form, written by hand so that it can be wrong. */
final class MultipartForm {
  private static final String BOUNDARY = "XX";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  MultipartForm field(String name, String text) {
    return part("name=\"" + name + "\"", text);
  }

  MultipartForm file(String name, String filename, String text) {
    return part("name=\"" + name + "\"; filename=\"" + filename + "\"", text);
  }

  private MultipartForm part(String parameters, String text) {
    add("--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + parameters + "\r\n\r\n");
    add(text + "\r\n");
    return this;
  }

  private void add(String text) {
    bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  byte[] bytes() {
    add("--" + BOUNDARY + "--\r\n");
    return bytes.toByteArray();
  }

  /** Sends the form; headers are names and values in turn. */
  RawHttp.Answer post(RawHttp http, String path, String... headers) {
    String[] all = new String[headers.length + 2];
    System.arraycopy(headers, 0, all, 0, headers.length);
    all[headers.length] = "content-type";
    all[headers.length + 1] = "multipart/form-data; boundary=" + BOUNDARY;
    return http.call("POST", path, bytes(), all);
  }
}
