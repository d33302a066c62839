package dev.caisson.store.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of the programs on this host, in a temporary directory and on a free port of
 * 127.0.0.1, for tests. It runs as an ordinary user, as it insists on, and ends with this process,
 * however that ends. Safe for use from many threads.
 */
public final class TemporaryPostgres implements AutoCloseable {
  public static final String USER = "caisson";
  public static final String PASSWORD = "a pass/word@with:all?of#it&%";

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** Whom root becomes for it. */
  private static final String ORDINARY_USER = "nobody";

  /**
   * Its standard input is ours: when we die, however we do, it reads the end of it and takes the
   * server along.
   */
  private static final String RUN_UNTIL_INPUT_ENDS =
      "\"$@\" </dev/null & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server";

  private final Path binaries;
  private final Path directory;
  private final int port;
  private final AtomicInteger databases = new AtomicInteger();
  private Process process;

  private TemporaryPostgres(Path binaries, Path directory, int port) throws IOException {
    this.binaries = binaries;
    this.directory = directory;
    this.port = port;
    initialize();
    this.process = launch();
  }

  /** Where the programs are: the newest of Debian's versions, else beside {@code initdb}. */
  public static Optional<Path> programs() {
    Path versions = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(versions)) {
      try (Stream<Path> found = Files.list(versions)) {
        Optional<Path> newest =
            found
                .filter(version -> version.getFileName().toString().matches("\\d+"))
                .max(Comparator.comparingInt(v -> Integer.parseInt(v.getFileName().toString())))
                .map(version -> version.resolve("bin"))
                .filter(bin -> Files.isExecutable(bin.resolve("initdb")));
        if (newest.isPresent()) {
          return newest;
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .map(Path::of)
        .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
        .findFirst();
  }

  /**
   * Starts a server.
   *
   * @param binaries as {@link #programs} found them
   */
  public static TemporaryPostgres start(Path binaries) {
    try {
      Path directory =
          Files.createTempDirectory(
              "caisson-postgres",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      TemporaryPostgres server = new TemporaryPostgres(binaries, directory, freePort());
      Runtime.getRuntime().addShutdownHook(new Thread(server::close, "caisson-postgres-end"));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private void initialize() throws IOException {
    Path password = Files.writeString(directory.resolve("password"), PASSWORD + "\n");
    if (isRoot()) {
      var owner =
          directory
              .getFileSystem()
              .getUserPrincipalLookupService()
              .lookupPrincipalByName(ORDINARY_USER);
      Files.setOwner(directory, owner);
      Files.setOwner(password, owner);
    }
    Process made =
        command(
                List.of(
                    binaries.resolve("initdb").toString(),
                    "--pgdata=" + directory.resolve("data"),
                    "--username=" + USER,
                    "--pwfile=" + password,
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "--no-instructions"))
            .start();
    String output = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (exitOf(made) != 0) {
      throw new IOException("initdb failed: " + output);
    }
  }

  private Process launch() throws IOException {
    List<String> server =
        List.of(
            "sh",
            "-c",
            RUN_UNTIL_INPUT_ENDS,
            "sh",
            binaries.resolve("postgres").toString(),
            "-D",
            directory.resolve("data").toString(),
            "-p",
            Integer.toString(port),
            "-h",
            "127.0.0.1",
            // Nobody needs this data after a power cut.
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=200",
            "-c",
            "shared_buffers=32MB");
    Process started = command(server).redirectOutput(directory.resolve("log").toFile()).start();
    awaitAnswer(started);
    return started;
  }

  private void awaitAnswer(Process started) throws IOException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        connect("postgres").close();
        return;
      } catch (SQLException e) {
        if (!started.isAlive() || System.nanoTime() - deadline > 0) {
          throw new IOException(
              "the server does not answer: " + Files.readString(directory.resolve("log")), e);
        }
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while PostgreSQL starts", e);
    }
  }

  private static ProcessBuilder command(List<String> command) {
    List<String> whole = new ArrayList<>();
    if (isRoot()) {
      whole.addAll(
          List.of(
              "setpriv", "--reuid=" + ORDINARY_USER, "--regid=nogroup", "--clear-groups", "--"));
    }
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole).redirectErrorStream(true);
    builder.directory(Path.of("/").toFile());
    return builder;
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  /** The URL of a new and empty database. */
  public String newDatabase() {
    return create("");
  }

  /** The URL of a new database that is a copy of another one, to which nobody is connected. */
  public String copyOf(String url) {
    return create(" TEMPLATE " + url.substring(url.lastIndexOf('/') + 1));
  }

  private String create(String template) {
    String name = "caisson_" + databases.incrementAndGet();
    execute("postgres", "CREATE DATABASE " + name + template);
    return url(PASSWORD, name);
  }

  /** The URL of a database, entered with some password. */
  public String url(String password, String database) {
    return "postgres://"
        + USER
        + ":"
        + URLEncoder.encode(password, StandardCharsets.UTF_8).replace("+", "%20")
        + "@127.0.0.1:"
        + port
        + "/"
        + database;
  }

  /** Runs a statement as the server's own administrator. */
  public void execute(String database, String sql) {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql + ": " + e.getMessage(), e);
    }
  }

  private Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database, USER, PASSWORD);
  }

  /** Ends it at once and without order, as a crash does; its data stays. */
  public synchronized void crash() {
    try {
      process.getOutputStream().close();
      exitOf(process);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it again, at the same address. */
  public synchronized void restart() {
    try {
      process = launch();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    crash();
    deleteTree(directory);
  }

  static void deleteTree(Path directory) {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int exitOf(Process process) {
    try {
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      return -1;
    }
  }
}
