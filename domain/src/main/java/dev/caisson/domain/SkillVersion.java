package dev.caisson.domain;

import java.time.Instant;

/**
 * The files of a skill as they were uploaded once.
 *
 * @param number microseconds of its time of creation, unique in its skill: how the API's beta names
 *     versions
 * @param description what the skill is for and when to use it: all that a model sees of it before
 *     it opens it
 */
public record SkillVersion(
    SkillVersionId id,
    SkillId skillId,
    String name,
    String description,
    long number,
    Instant createdAt) {
  /** Where the files lie in a container. */
  public String directory() {
    return "/skills/" + name;
  }
}
