package dev.caisson.store.testing;

import dev.caisson.store.DataDirectory;
import dev.caisson.store.DatabaseUrl;
import dev.caisson.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A PostgreSQL database for each data directory of a test, on one server for all tests of this
 * process. Safe for use from many threads.
 */
public final class TestDatabases {
  /** What a test that needs it says when it is skipped. */
  public static final String NEED =
      "needs PostgreSQL 15 or newer (Debian: apt-get install postgresql)";

  /** Set to {@code postgres}, every test that opens a data directory uses that database. */
  private static final String PROPERTY = "caisson.tests.database";

  private static final String EMPTY_ALL_TABLES =
      """
      DO $$
      BEGIN
        EXECUTE (
          SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY'
          FROM pg_tables
          WHERE schemaname = 'public' AND tablename <> 'flyway_schema_history');
      END
      $$
      """;

  private static final Map<Path, String> URLS = new HashMap<>();
  private static Optional<TemporaryPostgres> shared = Optional.empty();
  private static Optional<String> template = Optional.empty();

  private TestDatabases() {}

  /** Opens a store as the whole run of tests is told to: by default on a file. */
  public static Store open(Path data) {
    return Store.open(DataDirectory.open(data), chosen(data).map(DatabaseUrl::parse));
  }

  /** The URL for that data directory, when this run of tests is on a database server. */
  public static Optional<String> chosen(Path data) {
    return "postgres".equals(System.getProperty(PROPERTY))
        ? Optional.of(postgres(data))
        : Optional.empty();
  }

  /**
   * The URL of the database of that data directory: the same for every call, as long as the
   * directory is there.
   */
  public static synchronized String postgres(Path data) {
    Path path = data.toAbsolutePath().normalize();
    String known = URLS.get(path);
    if (known != null) {
      return known;
    }
    String url = forgotten().orElseGet(() -> server().copyOf(template()));
    URLS.put(path, url);
    return url;
  }

  /** A database whose directory is gone with its test, emptied: a new one takes longer. */
  private static Optional<String> forgotten() {
    for (Map.Entry<Path, String> entry : URLS.entrySet()) {
      if (!Files.exists(entry.getKey())) {
        URLS.remove(entry.getKey());
        server().execute(name(entry.getValue()), EMPTY_ALL_TABLES);
        return Optional.of(entry.getValue());
      }
    }
    return Optional.empty();
  }

  private static String name(String url) {
    return url.substring(url.lastIndexOf('/') + 1);
  }

  /** The server that all tests of this process share. */
  public static synchronized TemporaryPostgres server() {
    TemporaryPostgres server =
        shared.orElseGet(() ->
            TemporaryPostgres.start(
                TemporaryPostgres.programs().orElseThrow(() -> new IllegalStateException(NEED))));
    shared = Optional.of(server);
    return server;
  }

  /** Migrated once and then copied, which is ten times faster. */
  private static String template() {
    if (template.isEmpty()) {
      String url = server().newDatabase();
      try {
        Path data = Files.createTempDirectory("caisson-template");
        Store.open(DataDirectory.open(data), Optional.of(DatabaseUrl.parse(url))).close();
        TemporaryPostgres.deleteTree(data);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      server().execute(name(url), EMPTY_ALL_TABLES);
      template = Optional.of(url);
    }
    return template.get();
  }
}
