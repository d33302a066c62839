package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellChanges;
import dev.caisson.domain.CellId;
import dev.caisson.domain.ChangedFile;
import dev.caisson.domain.ContainerId;
import dev.caisson.sandbox.Scan;
import dev.caisson.sandbox.ScannedFile;
import dev.caisson.store.FileMark;
import dev.caisson.store.Scanned;
import dev.caisson.store.WorkspaceFileStore;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;

/**
 * Finds out what cells changed and keeps it. A cell's own result never depends on it: a scan that
 * fails is a cell of whose changes nobody knows. Safe for use from many threads.
 */
final class CellScans {
  private static final Logger LOG = System.getLogger(CellScans.class.getName());

  /** A reply is to be read, and installing a library writes ten thousand files. */
  private static final int MAX_LISTED = 1000;

  /** Rows that are written in one transaction: others wait for it. */
  private static final int ROWS_AT_ONCE = 1000;

  private final WorkspaceFileStore store;
  private final Map<CellId, CountDownLatch> pending = new ConcurrentHashMap<>();

  CellScans(WorkspaceFileStore store) {
    this.store = store;
  }

  /** What the scan after the cell that has just ended has found so far. */
  Scan look(WarmContainers.Visit visit) {
    try {
      return visit.sandbox().changes();
    } catch (CaissonException e) {
      return new Scan.Unknown(e.getMessage());
    }
  }

  /** What of a scan is kept with the cell's own row. */
  static Optional<Scanned> kept(Scan scan) {
    return scan instanceof Scan.Done done ? Optional.of(first(done)) : Optional.empty();
  }

  /** The cell, whose row is kept with what was {@link #kept} of the scan; sees to the rest. */
  Cell scanned(Cell cell, Scan scan, WarmContainers.Visit visit) {
    return switch (scan) {
      case Scan.Done done -> {
        try {
          keepRest(cell.containerId(), done);
        } catch (CaissonException e) {
          notKept(cell, e);
        }
        yield cell.withChanges(changes(done));
      }
      case Scan.Later later -> {
        follow(cell, visit, later.number());
        yield cell.withChanges(CellChanges.PENDING);
      }
      case Scan.Unknown unknown -> {
        unknown(cell, unknown.reason());
        yield cell;
      }
    };
  }

  /** A cell from the store, which knows nothing of scans that go on. */
  Cell shown(Cell cell) {
    return pending.containsKey(cell.id()) ? cell.withChanges(CellChanges.PENDING) : cell;
  }

  /** Waits for the end of a cell's scan; returns at once when there is none under way. */
  void await(CellId id) throws InterruptedException {
    CountDownLatch end = pending.get(id);
    if (end != null) {
      end.await();
    }
  }

  private void follow(Cell cell, WarmContainers.Visit visit, long number) {
    pending.put(cell.id(), new CountDownLatch(1));
    WarmContainers.Visit stay = visit.again();
    Thread.ofVirtual().name("scan-" + cell.id().value()).start(() -> follow(cell, number, stay));
  }

  private void follow(Cell cell, long number, WarmContainers.Visit stay) {
    try (stay) {
      switch (stay.sandbox().changes(number)) {
        case Scan.Done done -> {
          store.record(cell.id(), cell.containerId(), first(done));
          keepRest(cell.containerId(), done);
        }
        case Scan.Later later -> unknown(cell, "the scan was put off twice");
        case Scan.Unknown unknown -> unknown(cell, unknown.reason());
      }
    } catch (CaissonException e) {
      notKept(cell, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      Objects.requireNonNull(pending.remove(cell.id())).countDown();
    }
  }

  private static void unknown(Cell cell, String reason) {
    LOG.log(Level.DEBUG, () -> "cell=" + cell.id() + " changes unknown: " + reason);
  }

  private static void notKept(Cell cell, CaissonException problem) {
    LOG.log(Level.WARNING, () -> "cell=" + cell.id() + " changes not kept", problem);
  }

  private static Scanned first(Scan.Done scan) {
    List<FileMark> present = present(scan);
    return new Scanned(
        changes(scan),
        present.subList(0, Math.min(ROWS_AT_ONCE, present.size())),
        marks(scan, file -> file.kind() == ScannedFile.Kind.DELETED));
  }

  /** Keeps what is not in {@link #first}. */
  private void keepRest(ContainerId container, Scan.Done scan) {
    if (scan.files().size() > ROWS_AT_ONCE) {
      List<FileMark> present = present(scan);
      for (int i = ROWS_AT_ONCE; i < present.size(); i += ROWS_AT_ONCE) {
        int end = Math.min(i + ROWS_AT_ONCE, present.size());
        store.note(container, present.subList(i, end), List.of());
      }
    }
    if (!scan.whole() || scan.shortfall().isPresent()) {
      store.noteComplete(container, scan.whole());
    }
  }

  private static List<FileMark> present(Scan.Done scan) {
    return marks(scan, file -> file.kind() != ScannedFile.Kind.DELETED);
  }

  private static List<FileMark> marks(Scan.Done scan, Predicate<ScannedFile> wanted) {
    return scan.files().stream()
        .filter(wanted)
        .map(file -> RecordedSandbox.mark(file.file()))
        .toList();
  }

  private static CellChanges.Known changes(Scan.Done scan) {
    Listing listing = new Listing(scan.files());
    return new CellChanges.Known(
        listing.take(ScannedFile.Kind.CREATED),
        listing.take(ScannedFile.Kind.MODIFIED),
        listing.take(ScannedFile.Kind.DELETED),
        listing.takeUnattributed(),
        listing.omitted,
        scan.shortfall());
  }

  /** Hands out files by kind, in the order of their paths, until there are enough. */
  private static final class Listing {
    private final List<ScannedFile> files;
    private int left = MAX_LISTED;
    private long omitted;

    Listing(List<ScannedFile> files) {
      this.files =
          files.stream()
              .filter(file -> file.kind() != ScannedFile.Kind.SAME)
              .sorted(Comparator.comparing(file -> file.file().path()))
              .toList();
    }

    List<ChangedFile> take(ScannedFile.Kind kind) {
      return take(files.stream().filter(file -> file.byCell() && file.kind() == kind).toList());
    }

    List<ChangedFile> takeUnattributed() {
      return take(files.stream().filter(file -> !file.byCell()).toList());
    }

    private List<ChangedFile> take(List<ScannedFile> wanted) {
      int count = Math.min(left, wanted.size());
      left -= count;
      omitted += wanted.size() - count;
      return wanted.subList(0, count).stream()
          .map(ScannedFile::file)
          .map(file -> new ChangedFile(file.path(), file.sizeBytes(), file.sha256()))
          .toList();
    }
  }
}
