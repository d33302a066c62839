package dev.caisson.store;

import dev.caisson.domain.CellId;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.FileId;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.domain.Language;
import dev.caisson.domain.SkillVersionId;
import java.time.Duration;
import java.util.Optional;

/** Something that was done to a container, as it can be done again. */
public sealed interface JournalEntry {
  /**
   * A cell was begun.
   *
   * @param outputDirectory its {@code $OUTPUT_DIR}
   * @param variables how many environment variables it was given, none of which is kept
   * @param tools how many tools of the client it could call
   */
  record Ran(
      CellId cell,
      String outputDirectory,
      Language language,
      InterpreterMode mode,
      String code,
      Optional<Duration> timeout,
      int variables,
      int tools)
      implements JournalEntry {
    public static Ran of(CellId cell, String outputDirectory, CellSpec spec) {
      return new Ran(
          cell,
          outputDirectory,
          spec.language(),
          spec.mode(),
          spec.code(),
          spec.timeout(),
          spec.environment().size(),
          spec.functions().size());
    }

    /** The same cell once more. */
    public CellSpec spec() {
      return new CellSpec(language, code, mode, timeout, java.util.Map.of());
    }
  }

  /**
   * A file was written by a request.
   *
   * @param kept whether its content is kept for this entry
   */
  record Written(String path, long sizeBytes, String sha256, boolean kept)
      implements JournalEntry {}

  /** A file or a tree was deleted by a request. */
  record Deleted(String path) implements JournalEntry {}

  /** A stored file was mounted. */
  record Mounted(FileId file, String filename) implements JournalEntry {}

  /** A version of a skill was mounted. */
  record SkillMounted(SkillVersionId version, String name) implements JournalEntry {}
}
