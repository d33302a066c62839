package dev.caisson.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A {@code caisson serve} of its own to be attacked, with limits small enough that an attack
 * reaches them in seconds, and a file beside it that nothing inside may read or change.
 */
final class AttackedServer implements AutoCloseable {
  private static final Map<String, String> LIMITS =
      Map.of(
          "CAISSON_MEMORY", "256MiB",
          "CAISSON_DISK", "64MiB",
          "CAISSON_DISK_FLOOR", "64MiB",
          "CAISSON_PROCESSES", "64",
          "CAISSON_OUTPUT", "64KiB",
          "CAISSON_INTERRUPT_GRACE", "300ms",
          "CAISSON_STOP_GRACE", "1s",
          "CAISSON_ORPHAN", "5s");

  /** Slower than this is no answer, whatever else the machine does. */
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private final Path directory;
  private final Path canary;
  private final String secret = "canary-" + UUID.randomUUID();
  private final boolean rootless;
  private final CaissonProcess process;
  private final RawHttp http;
  private final List<String> secrets = new ArrayList<>();

  private AttackedServer(Path directory, boolean rootless) throws IOException {
    this.directory = directory;
    this.rootless = rootless;
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    this.canary = Files.writeString(directory.resolve("canary"), secret + "\n");
    // Whatever keeps code from it, it is not the mode of the file.
    Files.setPosixFilePermissions(canary, PosixFilePermissions.fromString("rw-rw-rw-"));
    RunningCaisson.makeImage(directory);
    Map<String, String> environment = new HashMap<>(LIMITS);
    environment.put("HOME", directory.toString());
    this.process =
        rootless
            ? CaissonProcess.serveRootless(directory, environment)
            : CaissonProcess.serve(directory, environment);
    this.http = new RawHttp(process.url(), process.key());
    secrets.add(secret);
    secrets.add(process.key());
    secrets.add(shadow());
  }

  /** Starts one over a directory that is made for it, which closing removes. */
  static AttackedServer start(boolean rootless) throws IOException {
    return new AttackedServer(
        Files.createTempDirectory(Path.of("/tmp"), "caisson-attack"), rootless);
  }

  private static String shadow() throws IOException {
    Path file = Path.of("/etc/shadow");
    return Files.isReadable(file)
        ? Files.readAllLines(file).stream().filter(line -> line.length() > 8).findFirst().orElse("")
        : "";
  }

  boolean rootless() {
    return rootless;
  }

  RawHttp http() {
    return http;
  }

  /** What an attacker is told of the host: all that would help. */
  Map<String, String> told() {
    return Map.of(
        "CAISSON_CANARY", canary.toString(),
        "CAISSON_PORT", String.valueOf(process.url().getPort()),
        "CAISSON_DATA", directory.resolve("data").toString(),
        "CAISSON_SERVER", String.valueOf(process.pid()));
  }

  /** The host's secrets that are in a text. */
  boolean betrays(String text) {
    return secrets.stream().anyMatch(one -> !one.isEmpty() && text.contains(one));
  }

  /** What is wrong with the host and the server. */
  List<String> complaints() throws IOException {
    List<String> complaints = new ArrayList<>();
    if (!Files.exists(canary) || !Files.readString(canary).equals(secret + "\n")) {
      complaints.add("a file of the host was changed: " + canary);
    }
    for (String path : List.of("/healthz", "/v1/containers", "/v1/usage")) {
      long start = System.nanoTime();
      int status = http.get(path).status();
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      if (status != 200 || took.compareTo(ANSWER) > 0) {
        complaints.add("GET " + path + " answered " + status + " after " + took);
      }
    }
    return complaints;
  }

  /** What is left of a container that was deleted. */
  List<String> leftOf(String container) throws IOException {
    List<String> left = new ArrayList<>();
    if (Files.exists(directory.resolve("data/containers").resolve(container))) {
      left.add("the workspace of the deleted container is still there");
    }
    Path groups = Path.of("/sys/fs/cgroup");
    try (Stream<Path> found =
        Files.find(groups, 4, (path, status) -> path.toString().contains(container))) {
      found.forEach(path -> left.add("a control group is left: " + path));
    } catch (java.io.UncheckedIOException e) {
      // A group that another process removed meanwhile.
    }
    return left;
  }

  /** Bytes on the disk of what the server keeps. */
  long storedBytes() throws IOException {
    try (Stream<Path> blobs = Files.walk(directory.resolve("data/blobs"))) {
      return blobs.filter(Files::isRegularFile).mapToLong(path -> path.toFile().length()).sum();
    }
  }

  /** What the keeper wrote that nobody asked for. */
  List<String> keeperComplaints() throws IOException {
    Path log = directory.resolve("data/run/keeper.log");
    return !Files.exists(log)
        ? List.of()
        : Files.readAllLines(log).stream().filter(line -> line.contains("Traceback")).toList();
  }

  @Override
  public void close() throws IOException {
    process.close();
    Trees.delete(directory);
  }
}
