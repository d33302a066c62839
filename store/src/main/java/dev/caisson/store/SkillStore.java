package dev.caisson.store;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Skill;
import dev.caisson.domain.SkillFile;
import dev.caisson.domain.SkillId;
import dev.caisson.domain.SkillVersion;
import dev.caisson.domain.SkillVersionId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Rows of skills, their versions and files, and where they are mounted. Safe for use from many
 * threads and processes.
 */
public final class SkillStore {
  private static final String SKILLS = "skills";
  private static final String VERSIONS = "versions";

  /** A version with the name of its skill. */
  private static final String SELECT_VERSION =
      """
      SELECT v.*, s.name
      FROM skill_versions v JOIN skills s ON s.id = v.skill_id
      """;

  private final Database database;

  SkillStore(Database database) {
    this.database = database;
  }

  /** Inserts a skill and its first version, and ends the reservations of the content. */
  public void insert(
      OrganizationId organization,
      Skill skill,
      SkillVersion version,
      List<SkillFile> files,
      Collection<String> reservations) {
    database.change(handle -> {
      handle
          .createUpdate(
              """
              INSERT INTO skills (
                id, organization_id, name, display_name, created_at, updated_at)
              VALUES (:id, :organization, :name, :displayName, :createdAt, :updatedAt)
              """)
          .bind("id", skill.id().value())
          .bind("organization", organization.value())
          .bind("name", skill.name())
          .bind("displayName", skill.displayName())
          .bind("createdAt", skill.createdAt().toEpochMilli())
          .bind("updatedAt", skill.updatedAt().toEpochMilli())
          .execute();
      insert(handle, version, files, reservations);
    });
  }

  /** Inserts a further version; false when the skill is gone. */
  public boolean insert(
      SkillVersion version, List<SkillFile> files, Collection<String> reservations) {
    return database.write(handle -> {
      boolean there =
          handle
                  .createUpdate("UPDATE skills SET updated_at = :now WHERE id = :id")
                  .bind("now", version.createdAt().toEpochMilli())
                  .bind("id", version.skillId().value())
                  .execute()
              > 0;
      if (there) {
        insert(handle, version, files, reservations);
      }
      return there;
    });
  }

  private static void insert(
      Handle handle, SkillVersion version, List<SkillFile> files, Collection<String> reservations) {
    long last =
        handle
            .createQuery(
                "SELECT COALESCE(MAX(number), 0) FROM skill_versions WHERE skill_id = :skill")
            .bind("skill", version.skillId().value())
            .mapTo(Long.class)
            .one();
    handle
        .createUpdate(
            """
            INSERT INTO skill_versions (id, skill_id, number, description, created_at)
            VALUES (:id, :skill, :number, :description, :createdAt)
            """)
        .bind("id", version.id().value())
        .bind("skill", version.skillId().value())
        .bind("number", Math.max(version.number(), last + 1))
        .bind("description", version.description())
        .bind("createdAt", version.createdAt().toEpochMilli())
        .execute();
    for (SkillFile file : files) {
      handle
          .createUpdate(
              """
              INSERT INTO skill_files (version_id, path, size_bytes, sha256)
              VALUES (:version, :path, :size, :sha256)
              """)
          .bind("version", version.id().value())
          .bind("path", file.path())
          .bind("size", file.sizeBytes())
          .bind("sha256", file.sha256())
          .execute();
    }
    reservations.forEach(reservation -> FileStore.redeem(handle, reservation));
  }

  public Optional<Skill> find(OrganizationId organization, SkillId id) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM skills WHERE id = :id AND organization_id = :organization")
            .bind("id", id.value())
            .bind("organization", organization.value())
            .map((row, context) -> skill(handle, row))
            .findOne());
  }

  /** Newest first. */
  public Page<Skill> list(OrganizationId organization, PageRequest request) {
    return database.read(handle -> {
      List<Numbered<Skill>> rows =
          handle
              .createQuery(
                  """
                  SELECT * FROM skills
                  WHERE organization_id = :organization AND seq < :before
                  ORDER BY seq DESC LIMIT :limit
                  """)
              .bind("organization", organization.value())
              .bind("before", PageToken.before(SKILLS, request))
              .bind("limit", request.limit() + 1)
              .map((row, context) -> new Numbered<>(row.getLong("seq"), skill(handle, row)))
              .list();
      return PageToken.page(SKILLS, request, rows, Numbered::seq, Numbered::item);
    });
  }

  /** The versions of a skill, newest first. */
  public Page<SkillVersion> versions(SkillId skill, PageRequest request) {
    List<Numbered<SkillVersion>> rows =
        database.read(handle ->
            handle
                .createQuery(
                    SELECT_VERSION
                        + """
                        WHERE v.skill_id = :skill AND v.seq < :before
                        ORDER BY v.seq DESC LIMIT :limit
                        """)
                .bind("skill", skill.value())
                .bind("before", PageToken.before(VERSIONS, request))
                .bind("limit", request.limit() + 1)
                .map((row, context) -> new Numbered<>(row.getLong("seq"), versionRow(row, context)))
                .list());
    return PageToken.page(VERSIONS, request, rows, Numbered::seq, Numbered::item);
  }

  /** The version of that id or number. */
  public Optional<SkillVersion> version(SkillId skill, String idOrNumber) {
    return database.read(handle ->
        handle
            .createQuery(
                SELECT_VERSION
                    + """
                    WHERE v.skill_id = :skill
                      AND (v.id = :reference OR CAST(v.number AS TEXT) = :reference)
                    """)
            .bind("skill", skill.value())
            .bind("reference", idOrNumber)
            .map(SkillStore::versionRow)
            .findOne());
  }

  /** The version of that id, if the organization has it. */
  public Optional<SkillVersion> version(OrganizationId organization, SkillVersionId id) {
    return database.read(handle ->
        handle
            .createQuery(
                SELECT_VERSION
                    + """
                    WHERE v.id = :id
                      AND v.skill_id IN (SELECT id FROM skills WHERE organization_id = :organization)
                    """)
            .bind("id", id.value())
            .bind("organization", organization.value())
            .map(SkillStore::versionRow)
            .findOne());
  }

  /** By path. */
  public List<SkillFile> files(SkillVersionId version) {
    return database.read(handle ->
        handle
            .createQuery("SELECT * FROM skill_files WHERE version_id = :version ORDER BY path")
            .bind("version", version.value())
            .map((row, context) ->
                new SkillFile(
                    row.getString("path"), row.getLong("size_bytes"), row.getString("sha256")))
            .list());
  }

  /** Deletes a skill and all of its versions; their content becomes garbage. */
  public void delete(SkillId skill) {
    database.change(handle -> {
      handle
          .createQuery("SELECT id FROM skill_versions WHERE skill_id = :skill")
          .bind("skill", skill.value())
          .mapTo(String.class)
          .list()
          .forEach(version -> deleteVersion(handle, version));
      handle
          .createUpdate("DELETE FROM skills WHERE id = :skill")
          .bind("skill", skill.value())
          .execute();
    });
  }

  /** Deletes a version; its content becomes garbage. */
  public void delete(SkillVersionId version, Instant now) {
    database.change(handle -> {
      handle
          .createUpdate(
              """
              UPDATE skills SET updated_at = :now
              WHERE id = (SELECT skill_id FROM skill_versions WHERE id = :version)
              """)
          .bind("now", now.toEpochMilli())
          .bind("version", version.value())
          .execute();
      deleteVersion(handle, version.value());
    });
  }

  private static void deleteVersion(Handle handle, String version) {
    handle
        .createUpdate(
            """
            INSERT INTO blob_garbage (sha256)
            SELECT DISTINCT sha256 FROM skill_files WHERE version_id = :version
            ON CONFLICT (sha256) DO NOTHING
            """)
        .bind("version", version)
        .execute();
    handle
        .createUpdate("DELETE FROM skill_files WHERE version_id = :version")
        .bind("version", version)
        .execute();
    handle
        .createUpdate("DELETE FROM skill_versions WHERE id = :version")
        .bind("version", version)
        .execute();
  }

  /** Notes which version stands in a container now. Nothing happens when the term is over. */
  public void mount(ContainerId container, long epoch, SkillVersion version, Instant now) {
    database.change(handle -> {
      int noted =
          handle
              .createUpdate(
                  """
                  INSERT INTO skill_mounts (container_id, name, version_id, mounted_at)
                  SELECT id, :name, :version, :now
                  FROM containers WHERE id = :container AND epoch = :epoch
                  ON CONFLICT (container_id, name) DO UPDATE
                  SET version_id = excluded.version_id, mounted_at = excluded.mounted_at
                  """)
              .bind("container", container.value())
              .bind("epoch", epoch)
              .bind("name", version.name())
              .bind("version", version.id().value())
              .bind("now", now.toEpochMilli())
              .execute();
      if (noted > 0) {
        JournalStore.add(
            handle, container, new JournalEntry.SkillMounted(version.id(), version.name()), now);
      }
    });
  }

  /** Notes that nothing is known of what stands in a container under that name. */
  public void unmount(ContainerId container, String name) {
    database.change(handle ->
        handle
            .createUpdate(
                "DELETE FROM skill_mounts WHERE container_id = :container AND name = :name")
            .bind("container", container.value())
            .bind("name", name)
            .execute());
  }

  private static Skill skill(Handle handle, ResultSet row) throws SQLException {
    String id = row.getString("id");
    Optional<SkillVersion> latest =
        handle
            .createQuery(SELECT_VERSION + " WHERE v.skill_id = :skill ORDER BY v.seq DESC LIMIT 1")
            .bind("skill", id)
            .map(SkillStore::versionRow)
            .findOne();
    return new Skill(
        new SkillId(id),
        row.getString("name"),
        row.getString("display_name"),
        latest,
        Columns.instant(row, "created_at"),
        Columns.instant(row, "updated_at"));
  }

  private static SkillVersion versionRow(ResultSet row, StatementContext context)
      throws SQLException {
    return new SkillVersion(
        new SkillVersionId(row.getString("id")),
        new SkillId(row.getString("skill_id")),
        row.getString("name"),
        row.getString("description"),
        row.getLong("number"),
        Columns.instant(row, "created_at"));
  }

  private record Numbered<T>(long seq, T item) {}
}
