package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Holds a data directory and a database server together. Files, content and workspaces without
 * their rows would be swept away as nobody's, and rows without them would name what is not there:
 * so each knows the other, from the first time on, and will not go with another one.
 *
 * @param id of the data directory, the same in both places
 * @param database for messages
 * @param bound whether the database is known to have it as well
 */
record DatabaseMark(String id, String database, boolean bound) {
  private static final String BOUND = "bound";
  private static final String BEGUN = "begun";

  /** A data directory that a database server describes has no use for a file of its own. */
  static void requireNone(DataDirectory directory) {
    Optional<DatabaseMark> mark = read(directory);
    if (mark.isPresent()) {
      throw new HostUnfit(
          "data directory "
              + directory.root()
              + " has its metadata in "
              + mark.get().database()
              + "; set CAISSON_DATABASE_URL");
    }
  }

  static void requireNoFile(DataDirectory directory, DatabaseUrl url) {
    if (Files.exists(directory.database())) {
      throw new HostUnfit(
          "data directory "
              + directory.root()
              + " has its metadata in "
              + directory.database()
              + ", which "
              + url
              + " cannot take the place of; start with a new data directory");
    }
  }

  /** Binds the two when neither is bound, and throws HostUnfit when either is to another. */
  static void bind(DataDirectory directory, DatabaseUrl url, Database database) {
    DatabaseMark mark = database.write(handle -> bind(directory, url, handle));
    if (!mark.bound()) {
      new DatabaseMark(mark.id(), mark.database(), true).write(directory);
    }
  }

  private static DatabaseMark bind(DataDirectory directory, DatabaseUrl url, Handle handle) {
    Optional<DatabaseMark> mark = read(directory);
    Optional<Bound> bound = bound(handle);
    if (bound.isEmpty()) {
      if (mark.filter(DatabaseMark::bound).isPresent()) {
        throw new HostUnfit(
            "database "
                + url
                + " is new, and data directory "
                + directory.root()
                + " has its metadata in "
                + mark.get().database()
                + "; name that one, or restore its dump");
      }
      // The mark goes first, as one that may yet find an empty database: a death in between leaves
      // nothing that the next start could not finish.
      DatabaseMark fresh = new DatabaseMark(UUID.randomUUID().toString(), url.toString(), false);
      fresh.write(directory);
      insert(handle, directory, fresh.id());
      return fresh;
    }
    if (!mark.map(DatabaseMark::id).equals(Optional.of(bound.get().id()))) {
      throw new HostUnfit(
          "database "
              + url
              + " belongs to data directory "
              + bound.get().path()
              + ", where the files and workspaces lie that it names; "
              + directory.root()
              + " is another one");
    }
    return mark.get();
  }

  private static Optional<Bound> bound(Handle handle) {
    return handle
        .createQuery("SELECT id, path FROM data_directory")
        .map((row, context) -> new Bound(row.getString("id"), row.getString("path")))
        .findOne();
  }

  private static void insert(Handle handle, DataDirectory directory, String id) {
    handle
        .createUpdate("INSERT INTO data_directory (one, id, path) VALUES (1, :id, :path)")
        .bind("id", id)
        .bind("path", directory.root().toString())
        .execute();
  }

  private void write(DataDirectory directory) {
    directory.writeDatabaseMark(id + "\n" + database + "\n" + (bound ? BOUND : BEGUN) + "\n");
  }

  private static Optional<DatabaseMark> read(DataDirectory directory) {
    try {
      List<String> lines = Files.readAllLines(directory.databaseMark());
      if (lines.size() != 3) {
        throw new HostUnfit(directory.databaseMark() + " is damaged: expected three lines");
      }
      return Optional.of(
          new DatabaseMark(lines.getFirst(), lines.get(1), lines.getLast().equals(BOUND)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new HostUnfit(
          directory.databaseMark() + " cannot be read: " + DataDirectory.reason(e), e);
    }
  }

  private record Bound(String id, String path) {}
}
