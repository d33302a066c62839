package dev.caisson.testkit;

import dev.caisson.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Leads the server to files that an attack left: lists them, reads and describes each, writes over
 * and deletes some, copies the workspace, takes outputs. None may show a file of the host, hold the
 * server up, or break out of a header.
 */
final class PlantedFiles {
  private static final int MOST_READ = 120;
  private static final int MOST_LISTED = 40;
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final List<String> TOPS = List.of("/home/user", "/tmp", "/files/output");

  private final AttackedServer server;
  private final RawHttp http;
  private final String container;
  private final List<String> complaints;

  PlantedFiles(AttackedServer server, String container, List<String> complaints) {
    this.server = server;
    this.http = server.http();
    this.container = container;
    this.complaints = complaints;
  }

  /** Reads what the attack plays with, as fast as it can. */
  void lookAtOnce() {
    for (String target :
        List.of(
            path("/home/user/bait"),
            path("/home/user/bait/canary"),
            path("/tmp/bait"),
            files() + "?path=/home/user/bait")) {
      try {
        ask("GET", target, new byte[0]);
      } catch (UncheckedIOException e) {
        // A file that shrinks after its size was told ends in a broken connection, as it must.
        if (!String.valueOf(e.getMessage()).contains("content-length")) {
          throw e;
        }
      }
    }
  }

  void lookAtAll() {
    RawHttp.Answer copy =
        ask(
            "POST",
            "/v1/containers/" + container + "/fork",
            Json.write(Json.object()).getBytes(StandardCharsets.UTF_8));
    if (copy.status() == 200) {
      String fork = copy.json().path("id").asString();
      new PlantedFiles(server, fork, complaints).walk(MOST_READ / 4);
      ask("DELETE", "/v1/containers/" + fork, new byte[0]);
    }
    walk(MOST_READ);
    outputs();
    for (String path : List.of("/home/user/bait", "/tmp/bait", "/home/user/bait/canary")) {
      ask("PUT", path(path), "from the host".getBytes(StandardCharsets.UTF_8));
      ask("DELETE", path(path), new byte[0]);
    }
  }

  /** Lists breadth first, and reads what is there. */
  private void walk(int most) {
    Deque<String> waiting = new ArrayDeque<>(TOPS);
    int read = 0;
    int listed = 0;
    while (!waiting.isEmpty() && read < most && listed++ < MOST_LISTED) {
      RawHttp.Answer listing =
          ask("GET", files() + "?path=" + encoded(waiting.remove()), new byte[0]);
      if (listing.status() != 200) {
        continue;
      }
      for (JsonNode entry : listing.json().path("data")) {
        String path = entry.path("path").asString();
        if (entry.path("kind").asString().equals("directory")) {
          waiting.add(path);
        }
        if (read++ < most) {
          ask("GET", path(path), new byte[0], "range", "bytes=0-4095");
          ask("HEAD", path(path), new byte[0]);
        }
      }
    }
  }

  /** What cells made is stored: each of it is read back from there. */
  private void outputs() {
    JsonNode cells = http.get("/v1/containers/" + container + "/cells").json().path("data");
    int read = 0;
    for (JsonNode cell : cells) {
      for (JsonNode output : cell.path("outputs")) {
        if (read++ < MOST_READ) {
          String id = output.path("file_id").asString();
          ask("GET", "/v1/files/" + id + "/content", new byte[0]);
          ask("DELETE", "/v1/files/" + id, new byte[0]);
        }
      }
    }
  }

  /**
   * Sends the server a file of the workspace in all ways that there are. Nothing may be unpacked:
   * the server keeps what it was sent and no more.
   */
  void upload(String path) throws IOException {
    byte[] content = http.get(path(path)).bytes();
    long before = server.storedBytes();
    String boundary = "caisson-attack";
    String type = "multipart/form-data; boundary=" + boundary;
    RawHttp.Answer file =
        ask("POST", "/v1/files", form(boundary, "file", "bomb.zip", content), "content-type", type);
    if (file.status() == 200) {
      String id = file.json().path("id").asString();
      RawHttp.Answer made = http.post("/v1/containers", "{\"files\":[\"" + id + "\"]}");
      if (made.status() == 200) {
        String mounted = made.json().path("id").asString();
        http.cell(mounted, "bash", "ls -l $INPUT_DIR");
        http.delete("/v1/containers/" + mounted);
      }
    }
    ask(
        "POST",
        "/v1/skills",
        form(boundary, "files[]", "bomb/SKILL.md", content),
        "content-type",
        type);
    ask("POST", "/v1/skills", form(boundary, "files[]", "bomb.zip", content), "content-type", type);
    // A bomb that a server opens by itself, if it is one that does so.
    ask(
        "POST",
        "/v1/containers",
        content,
        "content-encoding",
        "gzip",
        "content-type",
        "application/json");
    ask(
        "POST",
        "/v1/messages",
        content,
        "content-encoding",
        "gzip",
        "content-type",
        "application/json");
    long grown = server.storedBytes() - before;
    if (grown > 3L * content.length) {
      complaints.add("a file of " + content.length + " bytes became " + grown + " bytes");
    }
    if (file.status() == 200) {
      ask("DELETE", "/v1/files/" + file.json().path("id").asString(), new byte[0]);
    }
  }

  private static byte[] form(String boundary, String field, String name, byte[] content) {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    String head =
        "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n\r\n"
            .formatted(boundary, field, name);
    form.writeBytes(head.getBytes(StandardCharsets.UTF_8));
    form.writeBytes(content);
    form.writeBytes(("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return form.toByteArray();
  }

  /** A request, and what no answer to it may be. */
  private RawHttp.Answer ask(String method, String target, byte[] body, String... headers) {
    long start = System.nanoTime();
    RawHttp.Answer answer = http.call(method, target, body, headers);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    String what = method + " " + clipped(target) + " -> " + answer.status();
    if (answer.status() >= 500 && answer.status() != 529) {
      complaints.add(what + " " + answer.text());
    }
    if (took.compareTo(ANSWER) > 0) {
      complaints.add(what + " took " + took);
    }
    if (server.betrays(answer.text())) {
      complaints.add(what + " shows a secret of the host");
    }
    String disposition = answer.header("content-disposition");
    if (!disposition.matches("[\\x20-\\x7e]*") || answer.headers().map().containsKey("x-forged")) {
      complaints.add(what + " has a forged header: " + disposition);
    }
    return answer;
  }

  private String files() {
    return "/v1/containers/" + container + "/files";
  }

  private String path(String path) {
    return files() + encoded(path).replace("%2F", "/");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String clipped(String text) {
    return text.length() > 150 ? text.substring(0, 150) + "…" : text;
  }
}
