package dev.caisson.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What one request used of a container, before any price.
 *
 * @param run the pipeline run that it belongs to
 * @param group names all requests that share a minimum with this one as one request: those of a
 *     pipeline run, and those that go on with code which waited for tools of the client; empty when
 *     no other can
 * @param exempt whether the request lists a web tool that makes code execution free
 * @param epoch the warm period of the container: its owner's term
 * @param timeline names the clock of {@code intervals}: two rows can overlap only on one
 * @param startedAt by the wall clock
 * @param intervals from the start of preloading to the end of the last cell, without waits for
 *     tools of the client and without what lies between two warm periods
 * @param preloadMillis opening the sandbox and bringing files into it
 * @param executionMillis cells and edits, without their waits
 * @param aloneMillis what its cells would have been billed with a container each
 * @param toolRan whether a cell or an edit was begun
 */
public record Charge(
    Requester requester,
    Optional<RunId> run,
    Optional<String> group,
    boolean exempt,
    ContainerId container,
    long epoch,
    String timeline,
    Instant startedAt,
    Intervals intervals,
    long preloadMillis,
    long executionMillis,
    Duration cpu,
    long attachedFiles,
    long attachedBytes,
    long cells,
    long aloneMillis,
    boolean toolRan) {

  /** The same with more time, of which code ran so long and would have been billed so alone. */
  public Charge plus(Intervals more, long executedMillis, long moreAloneMillis) {
    return new Charge(
        requester,
        run,
        group,
        exempt,
        container,
        epoch,
        timeline,
        startedAt,
        intervals.plus(more),
        preloadMillis,
        executionMillis + executedMillis,
        cpu,
        attachedFiles,
        attachedBytes,
        cells,
        aloneMillis + moreAloneMillis,
        toolRan);
  }

  /** Whether there is a row for it: something ran, or files were brought. */
  public boolean isBillable() {
    return toolRan || attachedFiles > 0;
  }
}
