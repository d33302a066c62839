package dev.caisson.store;

import dev.caisson.domain.ContainerId;
import java.util.List;

/**
 * What is kept of a container, for another one with a copy of its workspace. Safe for use from many
 * threads.
 */
public final class ForkStore {
  /**
   * The files of a copy have inodes and change times of their own, which the first scan finds out:
   * until then none is recognized, and each is read once more and compared by its hash.
   */
  private static final List<String> COPY =
      List.of(
          """
          INSERT INTO mounts (container_id, filename, file_id, size_bytes, sha256, mounted_at)
          SELECT :to, filename, file_id, size_bytes, sha256, mounted_at
          FROM mounts WHERE container_id = :from
          """,
          """
          INSERT INTO skill_mounts (container_id, name, version_id, mounted_at)
          SELECT :to, name, version_id, mounted_at FROM skill_mounts WHERE container_id = :from
          """,
          """
          INSERT INTO container_files (
            container_id, path, size_bytes, sha256, inode, changed_ns)
          SELECT :to, path, size_bytes, sha256, 0, 1
          FROM container_files WHERE container_id = :from
          """,
          """
          INSERT INTO container_journal (
            container_id, kind, at, subject, name, size_bytes, sha256, kept, code, language, mode,
            timeout_ms, environment, tools)
          SELECT :to, kind, at, subject, name, size_bytes, sha256, kept, code, language, mode,
            timeout_ms, environment, tools
          FROM container_journal WHERE container_id = :from ORDER BY seq
          """);

  private final Database database;

  ForkStore(Database database) {
    this.database = database;
  }

  /**
   * Makes a container visible whose workspace has been copied, with what is known of the original's
   * files and mounts.
   *
   * @return false, with nothing changed, when the term is over
   */
  public boolean complete(ContainerId from, ContainerId to, long epoch) {
    return database.write(handle -> {
      boolean made =
          handle
                  .createUpdate(
                      """
                      UPDATE containers
                      SET ended_reason = NULL, ended_at = NULL,
                        disk_bytes = (SELECT disk_bytes FROM containers WHERE id = :from),
                        files_known = (SELECT files_known FROM containers WHERE id = :from)
                      WHERE id = :to AND epoch = :epoch AND ended_reason = 'unmade'
                      """)
                  .bind("from", from.value())
                  .bind("to", to.value())
                  .bind("epoch", epoch)
                  .execute()
              > 0;
      if (made) {
        for (String statement : COPY) {
          handle
              .createUpdate(statement)
              .bind("from", from.value())
              .bind("to", to.value())
              .execute();
        }
      }
      return made;
    });
  }
}
