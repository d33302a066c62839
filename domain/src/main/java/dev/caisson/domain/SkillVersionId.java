package dev.caisson.domain;

/**
 * The id of a version of a skill, such as {@code skver_5fK...}; throws {@link
 * IllegalArgumentException} on any other form.
 */
public record SkillVersionId(String value) {
  public SkillVersionId {
    IdKind.SKILL_VERSION.check(value);
  }

  /** A fresh random id. */
  public static SkillVersionId next() {
    return new SkillVersionId(IdKind.SKILL_VERSION.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
