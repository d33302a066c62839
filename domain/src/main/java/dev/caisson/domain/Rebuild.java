package dev.caisson.domain;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A container in which everything was done again that had been done to another one, and how its
 * files compare.
 *
 * @param container the new one
 * @param from whose steps were taken again
 * @param steps in the order in which they were taken
 * @param counts how many files there are of each kind; a kind without any has no entry
 * @param files those that do not match first, then by path; the first ones
 * @param filesOmitted how many more there were than are listed
 * @param incomplete whether either may have held files that no scan had seen
 */
public record Rebuild(
    Container container,
    ContainerId from,
    List<Step> steps,
    Map<Match, Long> counts,
    List<RebuiltFile> files,
    long filesOmitted,
    boolean incomplete) {
  public Rebuild {
    steps = List.copyOf(steps);
    counts = Map.copyOf(counts);
    files = List.copyOf(files);
  }

  /** How many files there are of that kind. */
  public long count(Match match) {
    return counts.getOrDefault(match, 0L);
  }

  /** Whether every step was done with the same outcome and every file came out the same. */
  public boolean same() {
    return !incomplete
        && steps.stream().allMatch(step -> step.result() == StepResult.SAME)
        && counts.keySet().stream().allMatch(Match.MATCHES::equals);
  }

  /** What a step does. */
  public enum Kind {
    CELL,
    WRITE,
    DELETE,
    MOUNT,
    SKILL;

    /** As the API writes it. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What became of a step. */
  public enum StepResult {
    /** Done, and it ended as it had ended. */
    SAME,
    /** Done, and it ended in another way. */
    DIFFERENT,
    /** It could not be done. */
    SKIPPED;

    /** As the API writes it. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A step.
   *
   * @param subject the id of the original's cell, the path of a file, the name of an upload or
   *     skill
   * @param cell the new container's, of a cell that ran again
   * @param note why it was skipped or how it differs
   */
  public record Step(
      Kind kind, String subject, StepResult result, Optional<CellId> cell, Optional<String> note) {}

  /** How a file of the new container compares with the original's. */
  public enum Match {
    /** The same content. */
    MATCHES,
    /** Other content. */
    DIFFERS,
    /** No step made it. */
    MISSING,
    /** Only the new container has it. */
    EXTRA,
    /** The same size, and of one of them the content is not known. */
    UNVERIFIED;

    /** As the API writes it. */
    public String wireName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A file.
   *
   * @param path the original's; of an extra one, the new container's
   * @param before as the original held it; empty for an extra one
   * @param now as the new container holds it; empty for a missing one
   * @param reason why it is missing, as far as that is known
   */
  public record RebuiltFile(
      String path,
      Match match,
      Optional<ChangedFile> before,
      Optional<ChangedFile> now,
      Optional<String> reason) {}
}
