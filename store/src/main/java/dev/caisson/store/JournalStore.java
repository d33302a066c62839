package dev.caisson.store;

import dev.caisson.domain.CellId;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.SkillVersionId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * What was done to each container, in order, for doing it again. Each entry is written with what it
 * tells of. It stays as long as the container's tombstone, but goes at once when somebody deletes
 * the container. Safe for use from many threads.
 */
public final class JournalStore {
  private final Database database;

  JournalStore(Database database) {
    this.database = database;
  }

  /** All entries of a container, oldest first. */
  public List<JournalEntry> list(ContainerId container) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM container_journal WHERE container_id = :id ORDER BY seq")
            .bind("id", container.value())
            .map(JournalStore::entry)
            .list());
  }

  /** Bytes of content that is kept for a container, each entry's counted. */
  public long keptBytes(ContainerId container) {
    return database.read(handle ->
        handle
            .createQuery(
                """
                SELECT COALESCE(SUM(size_bytes), 0) FROM container_journal
                WHERE container_id = :id AND kept = 1
                """)
            .bind("id", container.value())
            .mapTo(Long.class)
            .one());
  }

  /**
   * Notes a write.
   *
   * @param reservation of the content, which ends here; empty when it is not kept
   */
  public void written(
      ContainerId container, JournalEntry.Written write, Optional<String> reservation, Instant at) {
    database.change(handle -> {
      add(handle, container, write, at);
      reservation.ifPresent(id -> FileStore.redeem(handle, id));
    });
  }

  /** Notes a deletion. */
  public void deleted(ContainerId container, String path, Instant at) {
    database.change(handle -> add(handle, container, new JournalEntry.Deleted(path), at));
  }

  static void add(Handle handle, ContainerId container, JournalEntry entry, Instant at) {
    Row row = row(entry);
    handle
        .createUpdate(
            """
            INSERT INTO container_journal (
              container_id, kind, at, subject, name, size_bytes, sha256, kept, code, language,
              mode, timeout_ms, environment, tools)
            VALUES (
              :container, :kind, :at, :subject, :name, :size, :sha256, :kept, :code, :language,
              :mode, :timeout, :environment, :tools)
            """)
        .bind("container", container.value())
        .bind("kind", row.kind)
        .bind("at", at.toEpochMilli())
        .bind("subject", row.subject)
        .bind("name", row.name)
        .bind("size", entry instanceof JournalEntry.Written write ? write.sizeBytes() : 0)
        .bind("sha256", entry instanceof JournalEntry.Written write ? write.sha256() : null)
        .bind("kept", entry instanceof JournalEntry.Written write && write.kept() ? 1 : 0)
        .bind("code", entry instanceof JournalEntry.Ran ran ? ran.code() : null)
        .bind("language", entry instanceof JournalEntry.Ran ran ? ran.language().wireName() : null)
        .bind("mode", entry instanceof JournalEntry.Ran ran ? ran.mode().name() : null)
        .bind(
            "timeout",
            entry instanceof JournalEntry.Ran ran
                ? ran.timeout().map(Duration::toMillis).orElse(null)
                : null)
        .bind("environment", entry instanceof JournalEntry.Ran ran ? ran.variables() : 0)
        .bind("tools", entry instanceof JournalEntry.Ran ran ? ran.tools() : 0)
        .execute();
  }

  private static Row row(JournalEntry entry) {
    return switch (entry) {
      case JournalEntry.Ran ran -> new Row("cell", ran.cell().value(), ran.outputDirectory());
      case JournalEntry.Written write -> new Row("write", write.path(), "");
      case JournalEntry.Deleted deleted -> new Row("delete", deleted.path(), "");
      case JournalEntry.Mounted mount -> new Row("mount", mount.file().value(), mount.filename());
      case JournalEntry.SkillMounted skill ->
          new Row("skill", skill.version().value(), skill.name());
    };
  }

  private static JournalEntry entry(ResultSet row, StatementContext context) throws SQLException {
    String subject = row.getString("subject");
    String name = row.getString("name");
    String kind = row.getString("kind");
    return switch (kind) {
      case "cell" -> ran(row, new CellId(subject), name);
      case "write" ->
          new JournalEntry.Written(
              subject,
              row.getLong("size_bytes"),
              row.getString("sha256"),
              row.getLong("kept") != 0);
      case "delete" -> new JournalEntry.Deleted(subject);
      case "mount" -> new JournalEntry.Mounted(new FileId(subject), name);
      case "skill" -> new JournalEntry.SkillMounted(new SkillVersionId(subject), name);
      default -> throw new SQLException("journal entry of kind '" + kind + "'");
    };
  }

  private static JournalEntry.Ran ran(ResultSet row, CellId cell, String directory)
      throws SQLException {
    long timeout = row.getLong("timeout_ms");
    Optional<Duration> given =
        row.wasNull() ? Optional.empty() : Optional.of(Duration.ofMillis(timeout));
    return new JournalEntry.Ran(
        cell,
        directory,
        Language.parse(row.getString("language")),
        InterpreterMode.valueOf(row.getString("mode")),
        row.getString("code"),
        given,
        row.getInt("environment"),
        row.getInt("tools"));
  }

  /** Forgets a container's entries; content that only they kept becomes garbage. */
  static void forget(Handle handle, String container) {
    handle
        .createQuery(
            """
            SELECT DISTINCT sha256 FROM container_journal WHERE container_id = :id AND kept = 1
            """)
        .bind("id", container)
        .mapTo(String.class)
        .list()
        .forEach(hash -> FileStore.addGarbage(handle, hash));
    handle
        .createUpdate("DELETE FROM container_journal WHERE container_id = :id")
        .bind("id", container)
        .execute();
  }

  private record Row(String kind, String subject, String name) {}
}
