package dev.caisson.cli;

import dev.caisson.domain.Rebuild;
import dev.caisson.domain.Rebuild.Match;
import dev.caisson.domain.Rebuild.RebuiltFile;
import dev.caisson.domain.Rebuild.Step;
import dev.caisson.domain.Rebuild.StepResult;
import dev.caisson.domain.RebuildListener;

/** A rebuild for people: its steps while they are taken, then what became of the files. */
final class RebuildView implements RebuildListener {
  private final Console console;

  RebuildView(Console console) {
    this.console = console;
  }

  @Override
  public void step(Step step, int done, int all) {
    String subject = Sizes.printable(step.subject());
    console.note(
        done
            + "/"
            + all
            + "  "
            + step.kind().wireName()
            + " "
            + subject
            + (step.result() == StepResult.SAME ? "" : ": " + step.result().wireName())
            + step.note().map(note -> " (" + note + ")").orElse(""));
  }

  void print(Rebuild rebuilt) {
    console.line(rebuilt.container().id().value());
    for (RebuiltFile file : rebuilt.files()) {
      if (file.match() != Match.MATCHES) {
        console.line(
            "  "
                + pad(file.match().wireName())
                + Sizes.printable(file.path())
                + file.reason().map(reason -> "  (" + reason + ")").orElse(""));
      }
    }
    if (rebuilt.filesOmitted() > 0) {
      console.line("  and " + CellsView.more(rebuilt.filesOmitted(), "other file"));
    }
    console.line(
        "  "
            + rebuilt.count(Match.MATCHES)
            + " match, "
            + rebuilt.count(Match.DIFFERS)
            + " differ, "
            + rebuilt.count(Match.MISSING)
            + " missing, "
            + rebuilt.count(Match.EXTRA)
            + " extra"
            + (rebuilt.count(Match.UNVERIFIED) > 0
                ? ", " + rebuilt.count(Match.UNVERIFIED) + " unverified"
                : ""));
    if (rebuilt.incomplete()) {
      console.line("  there may be files that no scan had seen");
    }
  }

  private static String pad(String word) {
    return String.format("%-11s", word);
  }
}
