package dev.caisson.wire;

import dev.caisson.domain.Skill;
import dev.caisson.domain.SkillVersion;
import tools.jackson.databind.node.ObjectNode;

/** Skills and their versions as JSON, as the API writes them today and as its beta did. */
public final class SkillJson {
  private static final String SOURCE = "custom";

  private SkillJson() {}

  public static ObjectNode write(Skill skill) {
    ObjectNode json =
        Json.object()
            .put("id", skill.id().value())
            .put("type", "skill")
            .put("display_name", skill.displayName())
            .put("latest_version_id", skill.latest().map(v -> v.id().value()).orElse(null));
    json.putObject("source").put("type", SOURCE);
    return json.put("created_at", Timestamps.format(skill.createdAt()))
        .put("updated_at", Timestamps.format(skill.updatedAt()));
  }

  public static ObjectNode writeBeta(Skill skill) {
    return Json.object()
        .put("id", skill.id().value())
        .put("type", "skill")
        .put("display_title", skill.displayName())
        .put("latest_version", skill.latest().map(SkillJson::number).orElse(null))
        .put("source", SOURCE)
        .put("created_at", Timestamps.format(skill.createdAt()))
        .put("updated_at", Timestamps.format(skill.updatedAt()));
  }

  public static ObjectNode write(SkillVersion version) {
    return Json.object()
        .put("id", version.id().value())
        .put("type", "skill_version")
        .put("skill_id", version.skillId().value())
        .put("name", version.name())
        .put("description", version.description())
        .put("created_at", Timestamps.format(version.createdAt()));
  }

  public static ObjectNode writeBeta(SkillVersion version) {
    return write(version).put("version", number(version)).put("directory", version.name());
  }

  /** How the beta names a version. */
  public static String number(SkillVersion version) {
    return Long.toString(version.number());
  }

  public static ObjectNode writeDeleted(Skill skill) {
    return Json.object().put("id", skill.id().value()).put("type", "skill_deleted");
  }

  /** The id of a deleted version, which in the beta is its number. */
  public static ObjectNode writeDeletedVersion(String id) {
    return Json.object().put("id", id).put("type", "skill_version_deleted");
  }
}
