package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.client.CaissonClient;
import dev.caisson.client.HttpCaisson;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OutputListener;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** A secret that a cell is given in its environment is nowhere afterwards. */
class SecretsTest {
  /**
   * Finds text in whatever the interpreter can still reach; reversed, to find no text of its own.
   */
  private static final String LOOK =
      """
      import gc, os, sys
      wanted = 'BACKWARDS'[::-1]
      def has(thing):
          return (isinstance(thing, str) and wanted in thing) or (
              isinstance(thing, bytes) and wanted.encode() in thing)
      def inside(thing):
          if isinstance(thing, dict):
              return any(has(part) for pair in list(thing.items()) for part in pair)
          return isinstance(thing, (list, tuple, set)) and any(has(part) for part in list(thing))
      found = [type(o).__name__ for o in gc.get_objects() if o is not globals() and inside(o)]
      frame = sys._getframe()
      while frame:
          found += [n for n, v in frame.f_locals.items() if n != 'wanted' and v is not globals() and (has(v) or inside(v))]
          frame = frame.f_back
      print(sorted(n for n in os.environ if n.startswith('TOKEN')), found, kept)
      del wanted, frame
      """;

  /** All that the command line can be made to log, by its own configuration and not the tests'. */
  private static final Map<String, String> TALKATIVE =
      Map.of(
          "CAISSON_LOG", "TRACE", "JAVA_TOOL_OPTIONS", "-Dlogback.configurationFile=logback.xml");

  @TempDir static Path directory;

  private final String secret = "tide" + UUID.randomUUID().toString().replace("-", "");
  private final Path errors = directory.resolve("errors");

  @Test
  void aSecretOfACellIsNowhereWhenTheCellHasEnded() throws Exception {
    RunningCaisson.makeImage(directory);
    List<String> shown = new ArrayList<>();
    String container;
    try (CaissonProcess server = CaissonProcess.serve(directory, TALKATIVE, errors)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      container = http.container();
      String cells = "/v1/containers/" + container + "/cells";
      String doomed = http.container();
      throughHttp(http, cells);
      assertThat(
              http.post(
                      "/v1/containers/" + doomed + "/cells",
                      cell("bash", "echo ${#TOKEN} > $OUTPUT_DIR/length", false))
                  .status())
          .isEqualTo(200);
      throughTheClient(server, new ContainerId(container));
      throughTheCommand(container);
      String backwards = new StringBuilder(secret).reverse().toString();
      assertThat(
              http.cell(container, "python", LOOK.replace("BACKWARDS", backwards))
                  .path("stdout")
                  .asString())
          .isEqualTo("[] [] 7\n");
      http.delete("/v1/containers/" + doomed);
      for (String path :
          List.of(
              cells,
              "/v1/containers",
              "/v1/containers/" + container,
              "/v1/containers/" + doomed,
              "/v1/usage",
              "/v1/files",
              "/openapi.json",
              "/metrics")) {
        shown.add(http.get(path).text());
      }
    }
    // The stop has saved what the interpreter held.
    assertThat(files()).anyMatch(SecretsTest::holdsSavedState);
    throughTheCommand(container); // without a server, by the engine in the command's own process
    assertThat(shown).noneMatch(this::tells);
    assertThat(Files.readString(errors)).contains("TRACE").doesNotContain(secret);
    assertThat(files()).hasSizeGreaterThan(5);
    assertThat(files()).noneMatch(this::holdsSecret);
  }

  private void throughHttp(RawHttp http, String cells) {
    String length = "import os\nkept = 7\nprint(len(os.environ['TOKEN']))";
    RawHttp.Answer plain =
        http.post(cells, cell("python", length, false), "idempotency-key", UUID.randomUUID() + "");
    assertThat(plain.json().path("stdout").asString()).isEqualTo("36\n");
    RawHttp.Answer streamed =
        http.post(
            cells, cell("bash", "echo ${#TOKEN}", true), "idempotency-key", UUID.randomUUID() + "");
    assertThat(streamed.text()).contains("\"stdout\":\"36\\n\"");
    assertThat(http.post(cells, cell("python", "1/0", false)).text()).contains("ZeroDivision");
    RawHttp.Answer late = http.post(cells, cell("python", "while True: pass", false));
    assertThat(late.json().path("status").asString()).isEqualTo("timed_out");
    RawHttp.Answer refused = http.post(cells, cell("ruby", "1", false));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.text()).doesNotContain(secret);
    assertThat(http.post(cells, cell("python", length, false).replace("}}", "}")).status())
        .isEqualTo(400);
  }

  private void throughTheClient(CaissonProcess server, ContainerId container) {
    CaissonClient client = HttpCaisson.connect(server.url(), server.key());
    CellSpec spec =
        CellSpec.python("import os\nprint(len(os.environ['TOKEN']))")
            .withEnvironment(Map.of("TOKEN", secret));
    Cell cell = client.run(container, spec, OutputListener.NONE);
    assertThat(cell.stdout().text()).isEqualTo("36\n");
    assertThat(spec.toString()).contains("TOKEN").doesNotContain(secret);
  }

  private void throughTheCommand(String container) throws IOException, InterruptedException {
    ProcessBuilder command =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            dev.caisson.cli.Main.class.getName(),
            "--data",
            directory.resolve("data").toString(),
            "exec",
            container,
            "-e",
            "TOKEN",
            "-e",
            "TOKEN_2=" + secret,
            "-c",
            "import os; print(len(os.environ['TOKEN'] + os.environ['TOKEN_2']), kept)");
    command.environment().put("TOKEN", secret);
    command.environment().putAll(TALKATIVE);
    command.environment().put("CAISSON_IMAGES", directory.resolve("images").toString());
    Path told = directory.resolve("told");
    Process process = command.redirectError(told.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(out).as(Files.readString(told)).isEqualTo("72 7\n");
    assertThat(Files.readString(told)).doesNotContain(secret);
  }

  private String cell(String language, String code, boolean stream) {
    ObjectNode cell =
        Json.object()
            .put("language", language)
            .put("code", code)
            .put("timeout_seconds", 1)
            .put("stream", stream);
    cell.putObject("env").put("TOKEN", secret);
    return Json.write(cell);
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> paths = Files.walk(directory.resolve("data"))) {
      return paths.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)).toList();
    }
  }

  private static boolean holdsSavedState(Path file) {
    return holds(file, "kept") && !file.toString().contains("caisson.db");
  }

  private boolean holdsSecret(Path file) {
    return holds(file, secret) || holds(file, coded());
  }

  private boolean tells(String text) {
    return text.contains(secret) || text.contains(coded());
  }

  private String coded() {
    return Base64.getEncoder()
        .withoutPadding()
        .encodeToString(secret.getBytes(StandardCharsets.US_ASCII));
  }

  /** By a program that passes over holes: a volume is as large as its container may become. */
  private static boolean holds(Path file, String text) {
    try {
      int code = new ProcessBuilder("grep", "-aqF", "-e", text, file.toString()).start().waitFor();
      assertThat(code).as("grep in " + file).isLessThan(2);
      return code == 0;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
