package dev.caisson.domain;

/**
 * The id of a skill, such as {@code skill_5fK...}; throws {@link IllegalArgumentException} on any
 * other form.
 */
public record SkillId(String value) {
  public SkillId {
    IdKind.SKILL.check(value);
  }

  /** A fresh random id. */
  public static SkillId next() {
    return new SkillId(IdKind.SKILL.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
