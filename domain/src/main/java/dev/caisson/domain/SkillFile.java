package dev.caisson.domain;

/**
 * A file of a version of a skill.
 *
 * @param path in the skill's directory, with slashes
 * @param sha256 lower-case hex of the content
 */
public record SkillFile(String path, long sizeBytes, String sha256) {
  /** The file that every skill has. */
  public static final String MANIFEST = "SKILL.md";
}
