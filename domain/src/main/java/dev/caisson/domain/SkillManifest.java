package dev.caisson.domain;

import java.util.regex.Pattern;

/**
 * What a skill's {@code SKILL.md} says at its head. The rules are those of the hosted Skills API
 * (https://platform.claude.com/docs/en/build-with-claude/skills-guide, "Creating a Skill"); words
 * that it reserves for its owner are not reserved here.
 *
 * @param name names the directory under {@code /skills}
 * @param description stands in the system prompt, so that it must not look like markup of one
 */
public record SkillManifest(String name, String description) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final int MAX_NAME = 64;
  private static final int MAX_DESCRIPTION = 1024;
  private static final Pattern TAG = Pattern.compile("</?[A-Za-z][^<>]*>");

  public SkillManifest {
    if (name.length() > MAX_NAME || !NAME.matcher(name).matches()) {
      throw invalid(
          "name: must be 1 to "
              + MAX_NAME
              + " lower-case letters, digits and single hyphens between them");
    }
    if (description.isBlank() || description.length() > MAX_DESCRIPTION) {
      throw invalid("description: must have 1 to " + MAX_DESCRIPTION + " characters");
    }
    if (TAG.matcher(description).find()) {
      throw invalid("description: must not contain XML tags");
    }
  }

  /** A complaint about {@code SKILL.md}. */
  public static CaissonException.InvalidRequest invalid(String complaint) {
    return new CaissonException.InvalidRequest("files: " + SkillFile.MANIFEST + ": " + complaint);
  }
}
