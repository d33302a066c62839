package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.SkillFile;
import dev.caisson.domain.SkillId;
import dev.caisson.domain.SkillVersion;
import dev.caisson.engine.Skills;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The skills of a request, each in the version that it comes down to.
 *
 * @param versions in the order of the request, no two of one name
 */
record RequestedSkills(List<SkillVersion> versions) {
  static final RequestedSkills NONE = new RequestedSkills(List.of());

  /** The contract's bound. */
  private static final int MAX_SKILLS = 20;

  private static final String PATH = "container.skills";

  RequestedSkills {
    versions = List.copyOf(versions);
  }

  /** What a request asks for; throws InvalidRequest or NotFound by the path of the skill. */
  static RequestedSkills of(Skills skills, OrganizationId organization, MessageRequest request) {
    JsonNode asked = request.tree().path("container").path("skills");
    if (asked.isEmpty()) {
      return NONE;
    }
    if (asked.size() > MAX_SKILLS) {
      throw JsonFields.invalid(PATH, "at most " + MAX_SKILLS + " skills");
    }
    if (request.tool().isEmpty()) {
      throw JsonFields.invalid(PATH, "skills need a code execution tool in tools");
    }
    List<SkillVersion> versions = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      String path = PATH + "." + i;
      SkillVersion version = version(skills, organization, JsonFields.of(asked.get(i), path));
      for (SkillVersion other : versions) {
        if (other.name().equals(version.name())) {
          throw JsonFields.invalid(
              path,
              "another skill of this request is named '"
                  + version.name()
                  + "' too; a container holds one skill of a name");
        }
      }
      versions.add(version);
    }
    return new RequestedSkills(versions);
  }

  private static SkillVersion version(
      Skills skills, OrganizationId organization, JsonFields fields) {
    String type = fields.requiredString("type");
    String id = fields.requiredString("skill_id");
    Optional<String> reference = fields.string("version");
    fields.rejectUnknown();
    String path = fields.path("skill_id");
    if (type.equals("anthropic")) {
      throw new CaissonException.NotFound(
          path
              + ": Skill `"
              + Clip.word(id)
              + "` of type anthropic is not part of this server; upload a skill of your own with"
              + " POST /v1/skills and name it with type custom.");
    }
    if (!type.equals("custom")) {
      throw JsonFields.invalid(fields.path("type"), "Input should be 'anthropic' or 'custom'");
    }
    try {
      return skills.version(
          organization, new SkillId(id), Clip.word(reference.orElse(Skills.LATEST)));
    } catch (IllegalArgumentException e) {
      throw CaissonException.NotFound.skill(Clip.word(id)).at(path);
    } catch (CaissonException.NotFound e) {
      throw e.at(path);
    }
  }

  /**
   * The request with a system prompt that begins with the skills: enough for a model to tell when
   * to open one. It stays the same as long as the skills do, so that an upstream's prompt cache
   * holds.
   */
  MessageRequest announce(MessageRequest request) {
    if (versions.isEmpty()) {
      return request;
    }
    ObjectNode tree = request.tree().deepCopy();
    JsonNode given = tree.path("system");
    ArrayNode system = tree.putArray("system");
    system.addObject().put("type", "text").put("text", text());
    if (given.isString() && !given.stringValue().isEmpty()) {
      system.addObject().put("type", "text").put("text", given.stringValue());
    } else if (given.isArray()) {
      given.forEach(system::add);
    }
    return request.withTree(tree);
  }

  private String text() {
    StringBuilder text =
        new StringBuilder(
            """
            Skills are mounted in the container: directories of instructions and helper files. \
            When a task fits the description of a skill, read its %s before you begin and follow \
            it; it says which other files of the skill to read or run. The skills:
            """
                .formatted(SkillFile.MANIFEST));
    for (SkillVersion version : versions) {
      text.append("\n- ")
          .append(version.name())
          .append(" (")
          .append(version.directory())
          .append('/')
          .append(SkillFile.MANIFEST)
          .append("): ")
          .append(version.description().replaceAll("\\s+", " "));
    }
    return text.toString();
  }

  /** What the reply's {@code container.skills} says; empty when the request asks for none. */
  Optional<ArrayNode> json() {
    if (versions.isEmpty()) {
      return Optional.empty();
    }
    ArrayNode json = Json.array();
    for (SkillVersion version : versions) {
      json.addObject()
          .put("type", "custom")
          .put("skill_id", version.skillId().value())
          .put("version", version.id().value());
    }
    return Optional.of(json);
  }
}
