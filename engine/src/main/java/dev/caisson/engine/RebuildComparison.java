package dev.caisson.engine;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellChanges;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.Rebuild.Match;
import dev.caisson.domain.Rebuild.RebuiltFile;
import dev.caisson.domain.Rebuild.StepResult;
import dev.caisson.store.FileMark;
import dev.caisson.store.JournalEntry;
import dev.caisson.store.WorkspaceFileStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Compares the files of a rebuilt container with those of the original, by path, size and hash. The
 * output directory of a cell has another name each time it runs: its files are compared as those of
 * that cell. Safe for use from many threads.
 */
final class RebuildComparison {
  /** A reply is to be read. */
  private static final int MAX_LISTED = 1000;

  private final Cells cells;
  private final Journal journal;
  private final WorkspaceFileStore files;

  RebuildComparison(Cells cells, Journal journal, WorkspaceFileStore files) {
    this.cells = cells;
    this.journal = journal;
    this.files = files;
  }

  /** What {@link Rebuild} tells of files. */
  record Result(
      Map<Match, Long> counts, List<RebuiltFile> listed, long omitted, boolean incomplete) {}

  Result compare(ContainerId from, ContainerId to, List<RebuildSteps.Taken> taken)
      throws InterruptedException {
    for (RebuildSteps.Taken step : taken) {
      for (Optional<CellId> scanned : List.of(step.before().map(Cell::id), step.step().cell())) {
        if (scanned.isPresent()) {
          cells.awaitScan(scanned.get());
        }
      }
    }
    Map<String, String> directories = directories(taken, to);
    Map<String, FileMark> found = new TreeMap<>();
    for (FileMark file : files.list(to)) {
      found.put(renamed(file.path(), directories), file);
    }
    List<RebuiltFile> compared = new ArrayList<>();
    for (FileMark before : files.list(from)) {
      compared.add(compare(before, Optional.ofNullable(found.remove(before.path())), taken));
    }
    found
        .values()
        .forEach(extra ->
            compared.add(
                new RebuiltFile(
                    extra.path(),
                    Match.EXTRA,
                    Optional.empty(),
                    Optional.of(file(extra)),
                    Optional.empty())));
    return result(compared, !files.complete(from) || !files.complete(to));
  }

  private static Result result(List<RebuiltFile> compared, boolean incomplete) {
    Map<Match, Long> counts = new EnumMap<>(Match.class);
    compared.forEach(file -> counts.merge(file.match(), 1L, Long::sum));
    List<RebuiltFile> listed =
        compared.stream()
            .sorted(
                Comparator.comparing((RebuiltFile file) -> file.match() == Match.MATCHES)
                    .thenComparing(RebuiltFile::path))
            .limit(MAX_LISTED)
            .toList();
    return new Result(counts, listed, compared.size() - listed.size(), incomplete);
  }

  /** New output directories, each with the name that the original's had. */
  private Map<String, String> directories(List<RebuildSteps.Taken> taken, ContainerId to) {
    Map<CellId, String> before = new HashMap<>();
    for (RebuildSteps.Taken step : taken) {
      if (step.entry() instanceof JournalEntry.Ran ran && step.step().cell().isPresent()) {
        before.put(step.step().cell().get(), ran.outputDirectory());
      }
    }
    Map<String, String> renames = new HashMap<>();
    for (JournalEntry entry : journal.of(to)) {
      if (entry instanceof JournalEntry.Ran ran && before.containsKey(ran.cell())) {
        renames.put(ran.outputDirectory(), before.get(ran.cell()));
      }
    }
    return renames;
  }

  private static String renamed(String path, Map<String, String> directories) {
    int end = path.startsWith(Cells.OUTPUT_DIRECTORIES) ? after(path) : -1;
    String then = end < 0 ? null : directories.get(path.substring(0, end));
    return then == null ? path : then + path.substring(end);
  }

  /** Where the name of an output directory ends. */
  private static int after(String path) {
    return path.indexOf('/', Cells.OUTPUT_DIRECTORIES.length());
  }

  private static RebuiltFile compare(
      FileMark before, Optional<FileMark> now, List<RebuildSteps.Taken> taken) {
    if (now.isEmpty()) {
      return new RebuiltFile(
          before.path(),
          Match.MISSING,
          Optional.of(file(before)),
          Optional.empty(),
          Optional.of(whyMissing(before.path(), taken)));
    }
    FileMark after = now.get();
    Match match;
    if (before.sizeBytes() != after.sizeBytes()) {
      match = Match.DIFFERS;
    } else if (before.sha256().isEmpty() || after.sha256().isEmpty()) {
      match = Match.UNVERIFIED;
    } else {
      match = before.sha256().equals(after.sha256()) ? Match.MATCHES : Match.DIFFERS;
    }
    return new RebuiltFile(
        before.path(),
        match,
        Optional.of(file(before)),
        Optional.of(file(after)),
        Optional.empty());
  }

  /** The last step that had to do with the file, and what became of it. */
  private static String whyMissing(String path, List<RebuildSteps.Taken> taken) {
    for (RebuildSteps.Taken step : taken.reversed()) {
      Rebuild.Step told = step.step();
      if (made(path, step)) {
        String note = told.note().orElse("");
        return switch (told.result()) {
          case SKIPPED -> told.kind().wireName() + " " + told.subject() + " was skipped: " + note;
          case DIFFERENT -> "cell " + told.subject() + " ended otherwise: " + note;
          case SAME -> told.kind().wireName() + " " + told.subject() + " did not make it this time";
        };
      }
    }
    return taken.stream().anyMatch(step -> step.step().result() == StepResult.SKIPPED)
        ? "no step is known to have made it; some steps were skipped"
        : "no step is known to have made it";
  }

  private static boolean made(String path, RebuildSteps.Taken step) {
    return switch (step.entry()) {
      case JournalEntry.Ran ran ->
          step.before()
              .filter(cell -> cell.changes() instanceof CellChanges.Known known && has(known, path))
              .isPresent();
      case JournalEntry.Written write -> write.path().equals(path);
      case JournalEntry.Mounted mount -> path.equals(Mounts.INPUT_DIRECTORY + mount.filename());
      case JournalEntry.SkillMounted skill -> path.startsWith("/skills/" + skill.name() + "/");
      case JournalEntry.Deleted deleted -> false;
    };
  }

  private static boolean has(CellChanges.Known known, String path) {
    return known.created().stream().anyMatch(file -> file.path().equals(path))
        || known.modified().stream().anyMatch(file -> file.path().equals(path));
  }

  private static ChangedFile file(FileMark mark) {
    return new ChangedFile(mark.path(), mark.sizeBytes(), mark.sha256());
  }
}
