package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.Limits;
import dev.caisson.messages.Messages;
import dev.caisson.wire.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a model is told about the tools is true: every paragraph and every item of every version's
 * resource has a check against the running sandbox, found by the words that it begins with.
 */
@Tag("slow")
class ToolPromisesTest {
  private static final List<String> VERSIONS =
      List.of(
          "code_execution_20250522",
          "code_execution_20250825",
          "code_execution_20260120",
          "code_execution_20260521");
  private static final String BASH = "bash_code_execution";
  private static final String EDITOR = "text_editor_code_execution";
  private static final String PYTHON = "code_execution";
  private static final Duration CELL_LIMIT = Duration.ofMillis(1500);
  private static final ByteSize MEMORY = ByteSize.ofMebibytes(256);

  /** The smallest PNG: one pixel. */
  private static final String PNG =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

  @TempDir static Path directory;
  static ScriptedUpstream upstream;
  static RunningCaisson.HandClock clock;
  static RunningCaisson caisson;
  static RawHttp http;

  /** A promise of a version about one of its tools. */
  private record Promise(String version, String tool, String text) {}

  /** Shows that a promise is kept, or throws. */
  @FunctionalInterface
  private interface Check {
    void run(Session session);
  }

  private static final Map<String, Check> BASH_CHECKS =
      Map.ofEntries(
          Map.entry("Runs a bash command", ToolPromisesTest::bashRuns),
          Map.entry("Every call is a new shell", ToolPromisesTest::shellIsNewAndFilesStay),
          Map.entry("Files that the user has attached", ToolPromisesTest::attachedForBash),
          Map.entry("To hand a file to the user", ToolPromisesTest::handedOverByBash),
          Map.entry("A call is ended after", session -> endsAtLimit(session, "bash")),
          Map.entry("There is no network", session -> hasNoNetworkAndIsBounded(session)),
          Map.entry("Processes that a call leaves", ToolPromisesTest::backgroundEnds),
          Map.entry("Python libraries available", ToolPromisesTest::librariesInBash));

  private static final Map<String, Check> EDITOR_CHECKS =
      Map.ofEntries(
          Map.entry("Views files and edits text files", ToolPromisesTest::editorSharesFiles),
          Map.entry("`view` shows", ToolPromisesTest::views),
          Map.entry("`create` writes", ToolPromisesTest::creates),
          Map.entry("`str_replace` replaces", ToolPromisesTest::replaces),
          Map.entry("A path is absolute or relative", ToolPromisesTest::paths));

  private static final Map<String, Check> PYTHON_CHECKS =
      Map.ofEntries(
          Map.entry("Runs Python 3 code", ToolPromisesTest::pythonRuns),
          Map.entry("Every call is a new process", ToolPromisesTest::processIsNewAndFilesStay),
          Map.entry("All calls share one interpreter", ToolPromisesTest::interpreterStays),
          Map.entry("Files that the user has attached", ToolPromisesTest::attachedForPython),
          Map.entry("To hand a file to the user", ToolPromisesTest::handedOverByPython),
          Map.entry("INPUT_DIR, OUTPUT_DIR", ToolPromisesTest::pythonHasTheSame),
          Map.entry("A call is ended after", session -> endsAtLimit(session, "python")),
          Map.entry("There is no network", session -> hasNoNetworkAndIsBounded(session)),
          Map.entry("Processes that a call leaves", ToolPromisesTest::pythonsProcessesEnd),
          Map.entry("Available:", ToolPromisesTest::librariesInPython),
          Map.entry("Python libraries available", ToolPromisesTest::librariesInPython));

  private static final Map<String, Map<String, Check>> CHECKS =
      Map.of(BASH, BASH_CHECKS, EDITOR, EDITOR_CHECKS, PYTHON, PYTHON_CHECKS);

  @BeforeAll
  static void start() {
    upstream = ScriptedUpstream.start();
    clock = new RunningCaisson.HandClock();
    caisson =
        RunningCaisson.over(directory)
            .upstream(upstream)
            .clock(clock)
            .engine(engine ->
                engine.withLimits(Limits.DEFAULT.withCellLimit(CELL_LIMIT).withMemory(MEMORY)))
            .start();
    http = RawHttp.of(caisson);
  }

  @AfterAll
  static void stop() {
    caisson.close();
    upstream.close();
  }

  @TestFactory
  Stream<DynamicTest> everyPromiseIsKept() {
    return promises().stream()
        .map(promise ->
            DynamicTest.dynamicTest(
                promise.version() + " " + promise.tool() + ": " + promise.text(),
                () -> check(promise).run(new Session(promise))));
  }

  @Test
  void noCheckIsLeftWithoutItsPromise() {
    Set<Check> used = new HashSet<>();
    promises().forEach(promise -> used.add(check(promise)));
    CHECKS.values().forEach(checks -> assertThat(used).containsAll(checks.values()));
  }

  private static Check check(Promise promise) {
    List<Check> found =
        Objects.requireNonNull(CHECKS.get(promise.tool())).entrySet().stream()
            .filter(entry -> promise.text().startsWith(entry.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    assertThat(found).as("checks of: " + promise).hasSize(1);
    return found.getFirst();
  }

  private static List<Promise> promises() {
    List<Promise> promises = new ArrayList<>();
    for (String version : VERSIONS) {
      String tool = "";
      for (String line : resource(version).lines().toList()) {
        if (line.startsWith("## ")) {
          tool = line.substring(3).strip();
        } else if (!tool.isEmpty() && !line.isBlank()) {
          promises.add(
              new Promise(version, tool, line.startsWith("- ") ? line.substring(2) : line));
        }
      }
    }
    return promises;
  }

  private static String resource(String version) {
    try (InputStream stream = Messages.class.getResourceAsStream(version + ".md")) {
      return new String(
          Objects.requireNonNull(stream, version).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  // Bash

  private static void bashRuns(Session session) {
    JsonNode result = session.bash("echo out; echo err >&2; python3 -c 'print(3)'; exit 3");
    assertThat(stdout(result)).isEqualTo("out\n3\n");
    assertThat(stderr(result)).isEqualTo("err\n");
    assertThat(result.path("return_code").asInt()).isEqualTo(3);
    assertThat(stdout(session.bash("hostname; uname -s"))).endsWith("Linux\n");
  }

  private static void shellIsNewAndFilesStay(Session session) {
    session.bash("x=1; pwd > first; cd /tmp; echo kept > kept");
    assertThat(stdout(session.bash("echo \"[$x]\"; pwd; cat first /tmp/kept")))
        .isEqualTo("[]\n/home/user\n/home/user\nkept\n");
  }

  private static void attachedForBash(Session session) {
    session.attach("data.csv", "a\n1\n");
    assertThat(stdout(session.bash("ls \"$INPUT_DIR\"; cat \"$INPUT_DIR/data.csv\"")))
        .isEqualTo("data.csv\na\n1\n");
  }

  private static void handedOverByBash(Session session) {
    JsonNode result =
        session.bash(
            "echo \"$OUTPUT_DIR\"; echo 1 > \"$OUTPUT_DIR/top.txt\";"
                + "mkdir \"$OUTPUT_DIR/sub\"; echo 2 > \"$OUTPUT_DIR/sub/deep.txt\"");
    session.expectHandedOver(result, "top.txt");
    JsonNode next = session.bash("echo \"$OUTPUT_DIR\"; ls -A \"$OUTPUT_DIR\"");
    assertThat(stdout(next).lines()).hasSize(1).doesNotContain(stdout(result).strip());
  }

  private static void endsAtLimit(Session session, String language) {
    session.describes(CELL_LIMIT.toMillis() + " milliseconds");
    JsonNode result =
        language.equals("bash")
            ? session.bash("echo kept > file; echo begun; sleep 60; echo not")
            : session.python(
                """
                import time
                open("file", "w").write("kept\\n")
                print("begun", flush=True)
                time.sleep(60)
                print("not")
                """);
    assertThat(result.path("return_code").asInt()).isNotZero();
    assertThat(stderr(result)).contains("detection_timeout");
    assertThat(stdout(result)).startsWith("begun").doesNotContain("not");
    assertThat(stdout(session.shell("cat file")).strip()).isEqualTo("kept");
  }

  private static void hasNoNetworkAndIsBounded(Session session) {
    session.describes(MEMORY.toString());
    assertThat(
            stdout(
                    session.shell(
                        "tail -n +3 /proc/net/dev | cut -d: -f1; python3 -c 'import socket"
                            + "\ntry: socket.create_connection((\"192.0.2.1\", 80), 1)"
                            + "\nexcept OSError as e: print(e.errno)'"))
                .strip())
        .isEqualTo("lo\n101");
    assertThat(
            stdout(
                    session.shell(
                        "python3 -c 'b = bytearray(b\"x\") * (400 << 20); print(\"had it\")'; "
                            + "echo after"))
                .strip())
        .doesNotContain("had it");
    // Two busy processes share one processor: together they get about the time that passes.
    String spent =
        stdout(
                session.shell(
                    "python3 -c '"
                        + "import os, time"
                        + "\npid = os.fork(); end = time.monotonic() + 0.6; start = os.times()"
                        + "\nwhile time.monotonic() < end: pass"
                        + "\nif not pid: os._exit(0)"
                        + "\nos.wait(); t = os.times()"
                        + "\nprint(t[0] + t[1] + t[2] + t[3])'"))
            .strip();
    assertThat(Double.parseDouble(spent)).isLessThan(0.95);
  }

  private static void backgroundEnds(Session session) {
    String pid = stdout(session.bash("sleep 600 & echo $!")).strip();
    assertThat(stdout(session.bash("test -e /proc/" + pid + " && echo lives; echo end")))
        .isEqualTo("end\n");
  }

  private static void librariesInBash(Session session) {
    session.describes("the Python standard library only");
    assertThat(stdout(session.bash("python3 -c 'import json, sqlite3; print(1)'")))
        .isEqualTo("1\n");
    assertThat(session.bash("python3 -c 'import numpy'").path("return_code").asInt()).isNotZero();
  }

  // The editor

  private static void editorSharesFiles(Session session) {
    session.create("shared.txt", "one\n");
    assertThat(stdout(session.bash("cat shared.txt; echo two >> shared.txt"))).isEqualTo("one\n");
    assertThat(session.view("shared.txt").path("content").asString()).isEqualTo("one\ntwo\n");
  }

  private static void views(Session session) {
    session.create("/home/user/lines.txt", "a\nb\nc\n");
    assertThat(session.view("lines.txt", 2, -1).path("content").asString()).isEqualTo("b\nc\n");
    assertThat(session.view("lines.txt", 1, 2).path("content").asString()).isEqualTo("a\nb\n");
    session.bash(
        "echo "
            + PNG
            + " | base64 -d > dot.png; printf '%%PDF-1.4\\n%%%%EOF\\n' > page.pdf;"
            + "printf '\\377\\330\\377\\340..........\\377\\331' > dot.jpg;"
            + "echo R0lGODlhAQABAAAAACwAAAAAAQABAAACAUwAOw== | base64 -d > dot.gif;"
            + "printf 'RIFF\\6\\0\\0\\0WEBPVP8 ' > dot.webp;"
            + "echo 'GIF89a is a format, RIFF another' > gif.md; echo '%PDF-notes, long' > pdf.md;"
            + "mkdir -p dir; touch dir/in; truncate -s 11M large.txt; printf '\\377\\0' > bytes");
    for (String image : List.of("dot.png", "dot.jpg", "dot.gif", "dot.webp")) {
      JsonNode seen = session.view(image);
      assertThat(seen.path("file_type").asString()).as(image).isEqualTo("image");
      assertThat(session.shownToModel().path("type").asString()).as(image).isEqualTo("image");
    }
    assertThat(session.view("dot.png").path("content").asString()).isEqualTo(PNG);
    assertThat(session.shownToModel().at("/source/media_type").asString()).isEqualTo("image/png");
    assertThat(session.shownToModel().at("/source/data").asString()).isEqualTo(PNG);
    JsonNode pdf = session.view("page.pdf");
    assertThat(pdf.path("file_type").asString()).isEqualTo("pdf");
    assertThat(pdf.path("total_lines").isNull()).isTrue();
    assertThat(session.shownToModel().path("type").asString()).isEqualTo("document");
    assertThat(session.view("dir").path("content").asString()).contains("/home/user/dir/in");
    assertThat(session.view("large.txt").path("error_message").asString()).contains("10MiB");
    session.bash("(head -c 33 dot.png; head -c 3841K /dev/zero; tail -c 12 dot.png) > large.png");
    assertThat(session.view("gif.md").path("content").asString()).startsWith("GIF89a is a format");
    assertThat(session.view("pdf.md").path("file_type").asString()).isEqualTo("text");
    assertThat(session.view("large.png").path("error_message").asString())
        .contains("3.8MiB for images");
    assertThat(session.view("bytes").path("error_message").asString()).contains("not a text file");
  }

  private static void creates(Session session) {
    assertThat(session.create("new/deep/file.txt", "x").path("is_file_update").asBoolean())
        .isFalse();
    assertThat(session.create("new/deep/file.txt", "y").path("is_file_update").asBoolean())
        .isTrue();
    assertThat(session.view("new/deep/file.txt").path("content").asString()).isEqualTo("y");
  }

  private static void replaces(Session session) {
    session.create("text", "one two two");
    assertThat(session.replace("text", "two", "2").path("error_code").asString())
        .isEqualTo("invalid_tool_input");
    assertThat(session.replace("text", "three", "3").path("error_code").asString())
        .isEqualTo("invalid_tool_input");
    session.replace("text", "one", "1");
    assertThat(session.view("text").path("content").asString()).isEqualTo("1 two two");
  }

  private static void paths(Session session) {
    session.attach("data.csv", "a\n");
    JsonNode made = session.create("relative.txt", "r");
    assertThat(made.has("error_code")).isFalse();
    assertThat(session.view("/home/user/relative.txt").path("content").asString()).isEqualTo("r");
    assertThat(session.view("$INPUT_DIR/data.csv").path("content").asString()).isEqualTo("a\n");
    session.expectHandedOver(session.bash("cp relative.txt \"$OUTPUT_DIR\""), "relative.txt");
    assertThat(session.files()).containsExactlyInAnyOrder("data.csv", "relative.txt");
  }

  // Python

  private static void pythonRuns(Session session) {
    JsonNode result =
        session.python(
            "import sys\n40 + 2\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(3)");
    assertThat(stdout(result).strip()).isEqualTo("out");
    assertThat(stderr(result)).isEqualTo("err\n");
    assertThat(result.path("return_code").asInt()).isEqualTo(3);
    assertThat(stdout(session.python("import sys; print(sys.version_info[0])")).strip())
        .isEqualTo("3");
  }

  private static void processIsNewAndFilesStay(Session session) {
    session.python("x = 1; open('first', 'w').write('1'); open('/tmp/kept', 'w').write('2')");
    assertThat(stderr(session.python("print(x)"))).contains("NameError");
    assertThat(stdout(session.python("print(open('first').read(), open('/tmp/kept').read())")))
        .startsWith("1 2");
    assertThat(stdout(session.python("import os; print(os.getcwd())"))).startsWith("/home/user");
  }

  private static void interpreterStays(Session session) {
    session.python("import math\nx = 20\ndef double(n): return 2 * n");
    assertThat(stdout(session.python("print(double(x) + math.floor(2.5))"))).isEqualTo("42\n");
    session.python("open('kept', 'w').write('kept'); import os; os.kill(os.getpid(), 9)");
    JsonNode after = session.python("print(open('kept').read()); print(x)");
    assertThat(stdout(after)).isEqualTo("kept\n");
    assertThat(stderr(after)).contains("NameError");
    assertThat(session.errors()).contains("interpreter");
    session.python("x = 3");
    clock.advance(Duration.ofMinutes(6));
    caisson.engine().sweep();
    JsonNode later = session.python("print(open('kept').read()); print(x)");
    assertThat(stdout(later)).isEqualTo("kept\n3\n");
  }

  private static void attachedForPython(Session session) {
    session.attach("data.csv", "a\n1\n");
    assertThat(
            stdout(session.python("import os; print(os.listdir(os.environ['INPUT_DIR']))")).strip())
        .isEqualTo("['data.csv']");
  }

  private static void handedOverByPython(Session session) {
    JsonNode result =
        session.python(
            """
            import os
            out = os.environ["OUTPUT_DIR"]
            open(out + "/top.txt", "w").write("1")
            os.mkdir(out + "/sub")
            open(out + "/sub/deep.txt", "w").write("2")
            print(out)
            """);
    session.expectHandedOver(result, "top.txt");
    JsonNode next =
        session.python(
            "import os; print(os.environ['OUTPUT_DIR'], os.listdir(os.environ['OUTPUT_DIR']))");
    assertThat(stdout(next)).contains("[]").doesNotContain(stdout(result).strip());
  }

  private static void pythonHasTheSame(Session session) {
    attachedForPython(session);
    handedOverByPython(session);
    assertThat(stdout(session.bash("echo \"$INPUT_DIR\"")))
        .isEqualTo(stdout(session.python("import os; print(os.environ['INPUT_DIR'])")));
    assertThat(session.python("b = bytearray(b'x') * (400 << 20)").path("return_code").asInt())
        .isNotZero();
    assertThat(stdout(session.python("print('still here')"))).isEqualTo("still here\n");
  }

  private static void pythonsProcessesEnd(Session session) {
    String pid =
        stdout(session.python("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"))
            .strip();
    assertThat(
            stdout(session.python("import os; print(os.path.exists('/proc/" + pid + "'))")).strip())
        .isEqualTo("False");
  }

  private static void librariesInPython(Session session) {
    session.describes("the Python standard library only");
    assertThat(stdout(session.python("import json, sqlite3; print(1)")).strip()).isEqualTo("1");
    assertThat(stderr(session.python("import numpy"))).contains("ModuleNotFoundError");
  }

  private static String stdout(JsonNode result) {
    return result.path("stdout").asString();
  }

  private static String stderr(JsonNode result) {
    return result.path("stderr").asString();
  }

  /** One container that is spoken to by requests of one version, each with one call. */
  private static final class Session {
    private final Promise promise;
    private final StringBuilder errors = new StringBuilder();
    private Optional<String> container = Optional.empty();
    private Optional<String> upload = Optional.empty();

    Session(Promise promise) {
      this.promise = promise;
    }

    JsonNode bash(String command) {
      return call(BASH, Json.object().put("command", command));
    }

    JsonNode python(String code) {
      return call(PYTHON, Json.object().put("code", code));
    }

    /** A command, by Python where the version has no bash. */
    JsonNode shell(String command) {
      if (!promise.version().equals(VERSIONS.getFirst())) {
        return bash(command);
      }
      return python(
          "import subprocess, sys\n"
              + "sys.exit(subprocess.run(['bash', '-c', "
              + Json.write(Json.array().add(command)).replaceAll("^\\[|\\]$", "")
              + "]).returncode)");
    }

    JsonNode view(String path) {
      return edit(Json.object().put("command", "view").put("path", path));
    }

    JsonNode view(String path, int first, int last) {
      ObjectNode input = Json.object().put("command", "view").put("path", path);
      input.putArray("view_range").add(first).add(last);
      return edit(input);
    }

    JsonNode create(String path, String text) {
      return edit(Json.object().put("command", "create").put("path", path).put("file_text", text));
    }

    JsonNode replace(String path, String old, String fresh) {
      return edit(
          Json.object()
              .put("command", "str_replace")
              .put("path", path)
              .put("old_str", old)
              .put("new_str", fresh));
    }

    private JsonNode edit(ObjectNode input) {
      return call(EDITOR, input);
    }

    /** Attaches a file to the next request. */
    void attach(String name, String text) {
      upload =
          Optional.of(
              caisson
                  .engine()
                  .files()
                  .upload(
                      caisson.organization(),
                      name,
                      "text/csv",
                      new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
                      Optional.empty())
                  .id()
                  .value());
    }

    /** All that came on standard error so far. */
    String errors() {
      return errors.toString();
    }

    /** What the model is told about the tool has these words. */
    void describes(String words) {
      shell("true");
      String description =
          upstream
              .received()
              .getFirst()
              .body()
              .path("tools")
              .valueStream()
              .filter(tool -> tool.path("name").asString().equals(promise.tool()))
              .map(tool -> tool.path("description").asString())
              .findFirst()
              .orElseThrow();
      assertThat(description).contains(words);
    }

    /** The block in which the model saw the latest result. */
    JsonNode shownToModel() {
      JsonNode messages = upstream.received().getLast().body().path("messages");
      return messages.path(messages.size() - 1).at("/content/0/content/0");
    }

    /** The result names one file, which has this name and can be downloaded. */
    void expectHandedOver(JsonNode result, String name) {
      assertThat(result.path("content").size()).as(result.toString()).isEqualTo(1);
      String file = "/v1/files/" + result.at("/content/0/file_id").asString();
      assertThat(http.get(file).json().path("filename").asString()).isEqualTo(name);
      assertThat(http.get(file + "/content").status()).isEqualTo(200);
    }

    /** Names of the files that this container was given or handed over. */
    List<String> files() {
      List<String> names = new ArrayList<>(stdout(bash("ls \"$INPUT_DIR\"")).lines().toList());
      names.addAll(stdout(bash("find /files/output -type f -printf '%f\\n'")).lines().toList());
      return names;
    }

    private JsonNode call(String tool, ObjectNode input) {
      upstream.reset();
      upstream.reply(ModelReply.of().call(tool, input).build()).reply(ModelReply.saying("done"));
      ObjectNode request = Json.object().put("model", "scripted-model").put("max_tokens", 100);
      container.ifPresent(id -> request.put("container", id));
      ObjectNode message = request.putArray("messages").addObject().put("role", "user");
      message.putArray("content").addObject().put("type", "text").put("text", "go");
      upload.ifPresent(id ->
          message
              .withArray("content")
              .addObject()
              .put("type", "container_upload")
              .put("file_id", id));
      upload = Optional.empty();
      request
          .putArray("tools")
          .addObject()
          .put("type", promise.version())
          .put("name", "code_execution");
      RawHttp.Answer answer = http.message(Json.write(request));
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      container = Optional.of(answer.json().at("/container/id").asString());
      JsonNode result = answer.json().at("/content/1/content");
      errors.append(result.path("stderr").asString());
      return result;
    }
  }
}
