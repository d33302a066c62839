package dev.caisson.store;

import dev.caisson.domain.CaissonException.HostUnfit;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Ending;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.sqlite.SQLiteConfig;

/**
 * The metadata in a backup, which nobody else has open: what has to be there beside it. Not safe
 * for use from many threads.
 */
public final class BackupDatabase implements AutoCloseable {
  private final Path file;
  private final Connection connection;

  private BackupDatabase(Path file, Connection connection) {
    this.file = file;
    this.connection = connection;
  }

  /** Opens a copy of the metadata; throws HostUnfit when a newer Caisson wrote it. */
  public static BackupDatabase open(Path file) {
    try {
      Connection connection = new SQLiteConfig().createConnection("jdbc:sqlite:" + file.toUri());
      boolean known = false;
      try (Statement statement = connection.createStatement()) {
        Schema.current(file.toString(), Schema.version(statement));
        known = true;
      } finally {
        if (!known) {
          connection.close();
        }
      }
      return new BackupDatabase(file, connection);
    } catch (SQLException e) {
      throw SqliteDatabase.unfit(file, e);
    }
  }

  /** Hashes of all content that a row names. */
  public List<String> content() {
    return texts(
        """
        SELECT sha256 FROM files UNION SELECT sha256 FROM skill_files
        UNION SELECT sha256 FROM container_journal WHERE kept = 1 ORDER BY 1
        """);
  }

  /** The containers that live in it, oldest first. */
  public List<ContainerId> living() {
    return texts("SELECT id FROM containers WHERE ended_reason IS NULL ORDER BY seq").stream()
        .map(ContainerId::new)
        .toList();
  }

  private List<String> texts(String query) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> found = new ArrayList<>();
      while (rows.next()) {
        found.add(rows.getString(1));
      }
      return found;
    } catch (SQLException e) {
      throw SqliteDatabase.unfit(file, e);
    }
  }

  /** Writes down the end of a container that ended before its workspace could be copied. */
  public void end(ContainerId id, Ending ending) {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            UPDATE containers SET state = ?, ended_reason = ?, ended_at = ?, owner = NULL
            WHERE id = ?
            """)) {
      statement.setString(1, ending.reason());
      statement.setString(2, ending.reason());
      statement.setLong(3, ending.at().toEpochMilli());
      statement.setString(4, id.value());
      statement.executeUpdate();
    } catch (SQLException e) {
      throw SqliteDatabase.unfit(file, e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new HostUnfit("database " + file + " cannot be closed: " + e.getMessage(), e);
    }
  }
}
