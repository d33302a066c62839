package dev.caisson.cli;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellChanges;
import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.Page;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** Cells of a container, and what each did to its files, for people. */
final class CellsView {
  /** Of one cell; --json has all. */
  private static final int FILES_SHOWN = 20;

  /** Enough to tell versions of a file apart; --json has all of it. */
  private static final int HASH_DIGITS = 12;

  private CellsView() {}

  static void print(Console console, Page<Cell> cells) {
    if (cells.items().isEmpty()) {
      return;
    }
    console.line("");
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("CELL", "LANGUAGE", "STATUS", "CODE", "STARTED", "WALL", "FILES"));
    for (Cell cell : cells.items()) {
      rows.add(
          List.of(
              cell.id().value(),
              cell.language().wireName(),
              cell.outcome().status(),
              String.valueOf(cell.outcome().returnCode()),
              cell.startedAt().truncatedTo(ChronoUnit.SECONDS).toString(),
              cell.wall().toMillis() + " ms",
              counts(cell.changes())));
    }
    console.table(rows);
    cells.items().forEach(cell -> printChanges(console, cell));
  }

  /** As {@code +2 ~1 -0}: created, modified, deleted. */
  private static String counts(CellChanges changes) {
    return switch (changes) {
      case CellChanges.Known known ->
          "+%d ~%d -%d"
              .formatted(known.created().size(), known.modified().size(), known.deleted().size());
      case CellChanges.Pending _ -> "pending";
      case CellChanges.Unknown _ -> "unknown";
    };
  }

  private static void printChanges(Console console, Cell cell) {
    if (!(cell.changes() instanceof CellChanges.Known known)) {
      return;
    }
    List<String> lines = new ArrayList<>();
    known.created().forEach(file -> lines.add(line("+ ", file)));
    known.modified().forEach(file -> lines.add(line("~ ", file)));
    known.deleted().forEach(file -> lines.add("  - " + Sizes.printable(file.path())));
    known.unattributed().forEach(file -> lines.add(line("? ", file)));
    if (lines.isEmpty() && known.incomplete().isEmpty()) {
      return;
    }
    console.line("");
    console.line(console.bold(cell.id().value()));
    lines.stream().limit(FILES_SHOWN).forEach(console::line);
    long left = Math.max(0, lines.size() - FILES_SHOWN) + known.omitted();
    if (left > 0) {
      console.line("    and " + more(left, "more file"));
    }
    known.incomplete().ifPresent(reason -> console.line("    not every file was seen: " + reason));
  }

  /** One file on a line: a mark of two characters, the path, the size and how the hash begins. */
  static String line(String mark, ChangedFile file) {
    String hash =
        file.sha256()
            .map(digits -> digits.substring(0, Math.min(HASH_DIGITS, digits.length())))
            .orElse("no hash");
    return "  "
        + mark
        + Sizes.printable(file.path())
        + "  "
        + Sizes.human(file.sizeBytes())
        + "  "
        + hash;
  }

  /** A count with its noun. */
  static String more(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : "s");
  }
}
