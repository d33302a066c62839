package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Backups of a real server at work, and what comes back from them. */
@Tag("slow")
class BackupTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path directory;

  @Test
  void whatWasAcknowledgedBeforeABackupIsThereAfterARestore() throws Exception {
    Path first = Files.createDirectories(directory.resolve("first"));
    Path second = Files.createDirectories(directory.resolve("second"));
    Path backup = directory.resolve("backup");
    RunningCaisson.makeImage(first);
    RunningCaisson.makeImage(second);
    Map<String, String> told = new HashMap<>();
    String key;
    String container;
    String cell;
    String deleted;
    try (CaissonProcess server = CaissonProcess.serve(first)) {
      key = server.key();
      RawHttp http = new RawHttp(server.url(), key);
      container = http.container();
      cell =
          http.cell(container, "python", "kept = 41\nopen('/home/user/made', 'w').write('by code')")
              .path("id")
              .asString();
      assertThat(http.put(path(container, "put"), bytes("by the API")).status()).isEqualTo(200);
      deleted = http.container();
      http.cell(deleted, "bash", "echo gone > /tmp/gone");
      assertThat(http.delete("/v1/containers/" + deleted).status()).isEqualTo(200);
      told.put(upload(http, "first"), "first");
      backUpWhileWorking(http, first, backup, told);
      Cli again = Cli.run(first, "backup", backup.toString());
      assertThat(again.code()).isEqualTo(2);
      assertThat(again.errors()).contains("is not empty");
    }
    assertThat(Files.getPosixFilePermissions(backup))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    Cli restored = Cli.run(second, "restore", backup.toString());
    assertThat(restored.errors() + restored.output()).contains("restored to");
    assertThat(restored.code()).isZero();
    Cli twice = Cli.run(second, "restore", backup.toString());
    assertThat(twice.code()).isEqualTo(3);
    assertThat(twice.errors()).contains("is not empty");
    try (CaissonProcess server = CaissonProcess.serve(second)) {
      RawHttp http = new RawHttp(server.url(), key);
      assertThat(http.get(path(container, "made")).text()).isEqualTo("by code");
      assertThat(http.get(path(container, "put")).text()).isEqualTo("by the API");
      assertThat(
              http.get("/v1/containers/" + container + "/cells/" + cell)
                  .json()
                  .path("status")
                  .asString())
          .isEqualTo("completed");
      JsonNode next = http.cell(container, "python", "print(kept + 1)");
      assertThat(next.path("stdout").asString()).isEqualTo("42\n");
      assertThat(http.get("/v1/containers/" + deleted).json().path("status").asString())
          .isEqualTo("deleted");
      told.forEach((id, text) ->
          assertThat(new String(bytes(http, id), StandardCharsets.UTF_8)).isEqualTo(text));
    }
    Cli verified = Cli.run(second, "usage", "verify");
    assertThat(verified.code()).as(verified.output() + verified.errors()).isZero();
  }

  /** What is uploaded before the backup begins is added to what it must have. */
  private static void backUpWhileWorking(
      RawHttp http, Path data, Path backup, Map<String, String> told) throws Exception {
    for (int i = 0; i < 5; i++) {
      told.put(upload(http, "before " + i), "before " + i);
    }
    Map<Thread, Throwable> failures = new ConcurrentHashMap<>();
    AtomicBoolean done = new AtomicBoolean();
    List<Thread> workers = new ArrayList<>();
    String busy = http.container();
    workers.add(worker(done, failures, () -> http.cell(busy, "bash", "date >> /home/user/log")));
    workers.add(
        worker(
            done,
            failures,
            () -> {
              String id = upload(http, "short-lived " + System.nanoTime());
              assertThat(http.delete("/v1/files/" + id).status()).isEqualTo(200);
            }));
    workers.add(
        worker(
            done,
            failures,
            () -> {
              String id = http.container();
              assertThat(http.delete("/v1/containers/" + id).status()).isEqualTo(200);
            }));
    try {
      Cli taken = Cli.run(data, "backup", backup.toString());
      assertThat(taken.errors() + taken.output()).contains("backed up to");
      assertThat(taken.code()).isZero();
    } finally {
      done.set(true);
      for (Thread worker : workers) {
        worker.join();
      }
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void aBackupThatWasKilledIsNoBackup() throws Exception {
    RunningCaisson.makeImage(directory);
    Path backup = directory.resolve("backup");
    Cli asked;
    try (CaissonProcess server = CaissonProcess.serve(directory)) {
      RawHttp http = new RawHttp(server.url(), server.key());
      String container = http.container();
      Thread cell =
          Thread.startVirtualThread(() -> {
            try {
              http.cell(container, "bash", "touch /tmp/here; tail -f /dev/null");
            } catch (RuntimeException | AssertionError e) {
              // its server is killed
            }
          });
      await()
          .atMost(PATIENCE)
          .until(
              () -> http.get("/v1/containers/" + container).json().path("status").asString(),
              "warm"::equals);
      // It waits for the turn of the container, in which a cell runs.
      asked = Cli.start(directory, "backup", backup.toString());
      await().atMost(PATIENCE).until(() -> Files.exists(backup.resolve("caisson.db")));
      server.kill();
      cell.join();
    }
    assertThat(asked.code()).isEqualTo(3);
    assertThat(asked.errors()).contains("is unfinished");
    Cli restore = Cli.run(directory.resolve("other"), "restore", backup.toString());
    assertThat(restore.code()).isEqualTo(3);
    assertThat(restore.errors()).contains("did not end");
    assertThat(directory.resolve("other/data")).doesNotExist();
  }

  @Test
  void aRestoreThatWasKilledSaysSoAndCanBeMadeAgain() throws Exception {
    RunningCaisson.makeImage(directory);
    Path backup = directory.resolve("backup");
    String container;
    String key;
    try (CaissonProcess server = CaissonProcess.serve(directory)) {
      key = server.key();
      RawHttp http = new RawHttp(server.url(), key);
      container = http.container();
      http.cell(container, "bash", "echo text > /home/user/made");
    }
    // No server runs: the command does it itself.
    assertThat(Cli.run(directory, "backup", backup.toString()).code()).isZero();
    Path other = Files.createDirectories(directory.resolve("other"));
    RunningCaisson.makeImage(other);
    Path mark = other.resolve("data/restore-unfinished");
    Cli killed = Cli.start(other, "restore", backup.toString());
    await().pollInterval(Duration.ofMillis(2)).atMost(PATIENCE).until(() -> Files.exists(mark));
    killed.kill();
    assertThat(mark).exists();
    Cli refused = Cli.run(other, "containers", "ls");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.errors()).contains("did not end; remove the directory");
    // As the message says, but kept beside: a keeper may still be at work in it.
    Files.move(other.resolve("data"), other.resolve("removed"));
    assertThat(Cli.run(other, "restore", backup.toString()).code()).isZero();
    try (CaissonProcess server = CaissonProcess.serve(other)) {
      RawHttp http = new RawHttp(server.url(), key);
      assertThat(http.get(path(container, "made")).text()).isEqualTo("text\n");
    }
  }

  private static String path(String container, String name) {
    return "/v1/containers/" + container + "/files/home/user/" + name;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(RawHttp http, String file) {
    // Uploads cannot be downloaded: code sees them.
    String container =
        http.post("/v1/containers", "{\"files\":[\"" + file + "\"]}").json().path("id").asString();
    return http.cell(container, "bash", "cat $INPUT_DIR/*")
        .path("stdout")
        .asString()
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String upload(RawHttp http, String text) {
    byte[] body =
        bytes(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n"
                + "Content-Type: text/plain\r\n\r\n"
                + text
                + "\r\n--b--\r\n");
    RawHttp.Answer made =
        http.call(
            "POST",
            "/v1/files",
            body,
            "content-type",
            "multipart/form-data; boundary=b",
            "anthropic-beta",
            "files-api-2025-04-14");
    assertThat(made.status()).as(made.text()).isEqualTo(200);
    return made.json().path("id").asString();
  }

  private static Thread worker(
      AtomicBoolean done, Map<Thread, Throwable> failures, Runnable round) {
    return Thread.startVirtualThread(() -> {
      try {
        while (!done.get()) {
          round.run();
        }
      } catch (RuntimeException | AssertionError e) {
        failures.put(Thread.currentThread(), e);
      }
    });
  }

  /** A command in a process of its own. */
  private static final class Cli {
    private final Process process;
    private final Path output;
    private final Path errors;

    private Cli(Process process, Path output, Path errors) {
      this.process = process;
      this.output = output;
      this.errors = errors;
    }

    static Cli run(Path directory, String... arguments) throws Exception {
      Cli cli = start(directory, arguments);
      cli.code();
      return cli;
    }

    static Cli start(Path directory, String... arguments) throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "--enable-native-access=ALL-UNNAMED",
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  dev.caisson.cli.Main.class.getName(),
                  "--data",
                  directory.resolve("data").toString()));
      command.addAll(List.of(arguments));
      Path output = Files.createTempFile("cli", ".out");
      Path errors = Files.createTempFile("cli", ".err");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectOutput(output.toFile())
              .redirectError(errors.toFile());
      builder.environment().put("CAISSON_IMAGES", directory.resolve("images").toString());
      return new Cli(builder.start(), output, errors);
    }

    int code() throws InterruptedException {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("the command did not end");
      }
      return process.exitValue();
    }

    void kill() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }

    String output() throws IOException {
      return Files.readString(output);
    }

    String errors() throws IOException {
      return Files.readString(errors);
    }
  }
}
