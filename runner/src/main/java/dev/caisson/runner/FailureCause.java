package dev.caisson.runner;

import dev.caisson.domain.Durations;
import java.time.Duration;
import java.util.List;

/** Why a stage failed. */
public sealed interface FailureCause {
  /** The script ended with a code that is not 0. */
  record ExitCode(int code) implements FailureCause {}

  /** The script ran into its time limit. */
  record TimedOut(Duration limit) implements FailureCause {}

  /** Something other than the script ended it, such as {@code out_of_memory}. */
  record Killed(String reason) implements FailureCause {}

  /** Nobody saw the end, and not on the second attempt either. */
  record Lost(String reason) implements FailureCause {}

  /**
   * The script ended well, but an artifact is not there.
   *
   * @param there what stands in the stage's directory instead
   */
  record OutputMissing(String artifact, String path, List<String> there) implements FailureCause {
    public OutputMissing {
      there = List.copyOf(there);
    }
  }

  /** More than one file fits the artifact's pattern. */
  record OutputAmbiguous(String artifact, String path, List<String> matches)
      implements FailureCause {
    public OutputAmbiguous {
      matches = List.copyOf(matches);
    }
  }

  /**
   * The script took the artifact's pattern for a name.
   *
   * @param variable that holds the pattern
   */
  record OutputNamedAsPattern(String artifact, String path, String variable)
      implements FailureCause {}

  /** The artifact is there and cannot be used: no regular file, or too small. */
  record OutputUnfit(String artifact, String path, String why) implements FailureCause {}

  /** A file of the author changed while the run read it. */
  record InputMoved(String path) implements FailureCause {}

  /** Two of the files that this stage is given would stand at one place. */
  record PlaceTaken(String place) implements FailureCause {}

  /** One sentence without a full stop. */
  default String told() {
    return switch (this) {
      case ExitCode exit -> "exit code " + exit.code();
      case TimedOut timedOut ->
          "detection_timeout: still running after "
              + Durations.format(timedOut.limit())
              + "; split the work over several stages, or give it longer with `timeout:` (up to the"
              + " container's cell limit)";
      case Killed killed -> killed.reason() + ": ended from outside";
      case Lost lost -> lost.reason() + ": nobody saw the script end, twice";
      case OutputMissing missing ->
          "the script ended well but made no "
              + missing.path()
              + " (artifact "
              + missing.artifact()
              + "); there is: "
              + (missing.there().isEmpty() ? "nothing" : String.join(", ", missing.there()));
      case OutputAmbiguous ambiguous ->
          "artifact "
              + ambiguous.artifact()
              + " must be one file, but "
              + ambiguous.path()
              + " fits "
              + String.join(", ", ambiguous.matches());
      case OutputNamedAsPattern named ->
          "artifact "
              + named.artifact()
              + ": the script made a file named "
              + named.path()
              + ", but "
              + named.variable()
              + " holds a pattern; the script must choose a name that fits it";
      case OutputUnfit unfit ->
          "artifact " + unfit.artifact() + " at " + unfit.path() + " " + unfit.why();
      case InputMoved moved ->
          "input " + moved.path() + " changed while the run read it; run again";
      case PlaceTaken taken ->
          "two of its inputs are both named " + taken.place() + "; rename one where it is made";
    };
  }
}
