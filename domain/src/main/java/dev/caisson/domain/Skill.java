package dev.caisson.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * A folder of instructions and helpers that a model can be given, in versions.
 *
 * @param name the slug of every version, and the directory under {@code /skills}
 * @param displayName for people; no model sees it
 * @param latest the newest version; empty when all were deleted one by one
 */
public record Skill(
    SkillId id,
    String name,
    String displayName,
    Optional<SkillVersion> latest,
    Instant createdAt,
    Instant updatedAt) {}
