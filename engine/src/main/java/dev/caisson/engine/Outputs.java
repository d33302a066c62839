package dev.caisson.engine;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputFile;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.StoredFile;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.store.Blobs;
import dev.caisson.store.FileStore;
import dev.caisson.store.Store;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns what a cell left in its output directory into stored files. Safe for use from many threads.
 */
final class Outputs {
  private static final Logger LOG = System.getLogger(Outputs.class.getName());

  private final EngineSettings settings;
  private final Files files;
  private final FileStore store;
  private final Blobs blobs;
  private final String self;
  private final InstantSource clock;

  Outputs(EngineSettings settings, Files files, Store store, InstantSource clock) {
    this.settings = settings;
    this.files = files;
    this.store = store.files();
    this.blobs = store.blobs();
    this.self = store.owner().id();
    this.clock = clock;
  }

  /** Reads the outputs out of the sandbox; what cannot become a file is left there and noted. */
  Collected collect(
      OrganizationId organization, Sandbox sandbox, String directory, List<String> names) {
    if (names.isEmpty()) {
      return Collected.NOTHING;
    }
    List<String> notes = new ArrayList<>();
    List<Taken> taken = take(sandbox, directory, names, notes);
    try {
      files.checkRoom(
          organization, "outputs", taken.stream().mapToLong(one -> one.staged().sizeBytes()).sum());
      return place(taken, notes);
    } catch (CaissonException e) {
      // The cell has run: its own result must not be lost with its files.
      taken.forEach(one -> one.staged().discard());
      LOG.log(
          e instanceof InvalidRequest ? Level.DEBUG : Level.WARNING,
          "outputs of a cell could not be stored",
          e);
      notes.add("outputs: none was stored: " + e.getMessage() + "; they were left in " + directory);
      return new Collected(List.of(), List.of(), notes);
    }
  }

  private Collected place(List<Taken> taken, List<String> notes) {
    List<String> reservations =
        store.reserve(taken.stream().map(one -> one.staged().sha256()).toList(), self);
    boolean placed = false;
    try {
      taken.forEach(one -> blobs.place(one.staged(), Blobs.Durability.CRASH));
      placed = true;
    } finally {
      if (!placed) {
        store.abandon(reservations);
      }
    }
    Instant now = Instant.ofEpochMilli(clock.millis());
    return new Collected(taken.stream().map(one -> one.file(now)).toList(), reservations, notes);
  }

  private List<Taken> take(
      Sandbox sandbox, String directory, List<String> names, List<String> notes) {
    List<Taken> taken = new ArrayList<>();
    boolean done = false;
    try {
      for (String name : names) {
        if (taken.size() == settings.outputFiles()) {
          notes.add(
              "outputs: only the first "
                  + settings.outputFiles()
                  + " of "
                  + names.size()
                  + " files became outputs; the others were left in "
                  + directory);
          break;
        }
        take(sandbox, directory, name, notes).ifPresent(taken::add);
      }
      done = true;
      return taken;
    } finally {
      if (!done) {
        taken.forEach(one -> one.staged().discard());
      }
    }
  }

  private Optional<Taken> take(Sandbox sandbox, String directory, String name, List<String> notes) {
    Optional<String> fault = Filename.fault(name);
    if (fault.isPresent()) {
      notes.add(left(name, directory, "its name " + fault.get()));
      return Optional.empty();
    }
    try (FileContent content = sandbox.read(directory + "/" + name, ByteRange.ALL)) {
      return Optional.of(
          new Taken(name, blobs.stage(content.stream(), settings.uploadLimit(), "the file")));
    } catch (CaissonException e) {
      notes.add(left(name, directory, e.getMessage()));
    } catch (UncheckedIOException e) {
      notes.add(left(name, directory, "it could not be read"));
    }
    return Optional.empty();
  }

  private static String left(String name, String directory, String reason) {
    String shown = name.replaceAll("\\p{Cntrl}", "?");
    return "outputs: '" + shown + "' was left in " + directory + ": " + reason;
  }

  /** Gives up files that no row will name. */
  void abandon(Collected collected) {
    if (!collected.reservations().isEmpty()) {
      store.abandon(collected.reservations());
    }
  }

  private record Taken(String name, Blobs.Staged staged) {
    StoredFile file(Instant now) {
      return new StoredFile(
          FileId.next(),
          name,
          MediaTypes.of(name),
          staged.sizeBytes(),
          staged.sha256(),
          now,
          true,
          Optional.empty());
    }
  }

  /**
   * What became of a cell's outputs.
   *
   * @param files in place, and not yet in any row
   * @param reservations that keep their content until the rows are there
   * @param notes lines for the caller
   */
  record Collected(List<StoredFile> files, List<String> reservations, List<String> notes) {
    static final Collected NOTHING = new Collected(List.of(), List.of(), List.of());

    List<OutputFile> outputs() {
      return files.stream()
          .map(file -> new OutputFile(file.id(), file.filename(), file.sizeBytes(), file.sha256()))
          .toList();
    }

    /** The cell's stderr with the notes; the listener hears them too. */
    CapturedOutput note(CapturedOutput stderr, OutputListener listener) {
      if (notes.isEmpty()) {
        return stderr;
      }
      String text = String.join("\n", notes) + "\n";
      if (!stderr.text().isEmpty() && !stderr.text().endsWith("\n")) {
        text = "\n" + text;
      }
      listener.output(OutputStreamKind.STDERR, text);
      return new CapturedOutput(stderr.text() + text, stderr.droppedBytes());
    }
  }
}
