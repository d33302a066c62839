package dev.caisson.engine;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Requester;
import dev.caisson.sandbox.CallHandler;
import dev.caisson.sandbox.CellProgram;
import dev.caisson.sandbox.CellRun;
import dev.caisson.sandbox.Scan;
import dev.caisson.store.CellStore;
import dev.caisson.store.ContainerRow;
import dev.caisson.store.JournalEntry;
import dev.caisson.store.LedgerChange;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs cells, one at a time for each container, in order of arrival. Safe for use from many
 * threads.
 */
public final class Cells {
  private static final Logger LOG = System.getLogger(Cells.class.getName());
  static final String OUTPUT_DIRECTORIES = "/files/output/";
  private static final int OUTPUT_DIRECTORY_BYTES = 8;

  /** The reason of a cell whose end we could not write down. */
  private static final String INTERNAL_ERROR = "internal_error";

  private final EngineSettings settings;
  private final CellStore store;
  private final Containers containers;
  private final WarmContainers warm;
  private final Outputs outputs;
  private final CellScans scans;
  private final CellPlaces places;
  private final HostDisk disk;
  private final Writeback writeback;
  private final Ledger ledger;
  private final EngineListener announcer;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  /** Cells that may call tools, from their start to their end. */
  private final Map<Reference, SuspendableCell> suspended = new ConcurrentHashMap<>();

  Cells(
      EngineSettings settings,
      CellStore store,
      Containers containers,
      WarmContainers warm,
      Outputs outputs,
      CellScans scans,
      CellPlaces places,
      HostDisk disk,
      Writeback writeback,
      Ledger ledger,
      EngineListener announcer,
      InstantSource clock) {
    this.settings = settings;
    this.store = store;
    this.containers = containers;
    this.warm = warm;
    this.outputs = outputs;
    this.scans = scans;
    this.places = places;
    this.disk = disk;
    this.writeback = writeback;
    this.ledger = ledger;
    this.announcer = announcer;
    this.clock = clock;
  }

  /**
   * Runs a cell for this process itself; see {@link #run(Requester, ContainerId, CellSpec,
   * OutputListener)}.
   */
  public Cell run(
      OrganizationId organization, ContainerId id, CellSpec spec, OutputListener listener) {
    return run(Requester.local(organization), id, spec, listener);
  }

  /**
   * Runs a cell that is a request by itself, and keeps its record and its row of the ledger before
   * it returns. Interrupting the thread cancels the cell. Throws Busy when too many cells wait.
   */
  public Cell run(Requester requester, ContainerId id, CellSpec spec, OutputListener listener) {
    return run(ledger.ofCell(requester, spec.run()), id, spec, listener);
  }

  /** Runs a cell of a request that does more; its row is written when the billing is closed. */
  public Cell run(Billing billing, ContainerId id, CellSpec spec, OutputListener listener) {
    CellRules.check(spec, settings.limits());
    if (!spec.functions().isEmpty()) {
      throw new InvalidRequest("functions: a cell that calls tools is started, not run");
    }
    CellMeter meter = new CellMeter(ledger, billing);
    return run(
        billing.requester().organization(),
        id,
        new Job(spec, Optional.empty(), listener, CallHandler.NONE, meter));
  }

  /**
   * Starts a cell that may call tools. What keeps it from running is thrown by {@link
   * SuspendableCell#await}.
   *
   * @param reference by which {@link #resume} finds it: the newest cell of the container with it
   * @param rule for the inputs of calls; one that breaks it fails in the code, and nobody sees it
   */
  public SuspendableCell start(
      Billing billing, ContainerId id, CellSpec spec, String reference, InputRule rule) {
    CellRules.check(spec, settings.limits());
    CellMeter meter = new CellMeter(ledger, billing);
    SuspendableCell cell = new SuspendableCell(settings.calls(), rule, meter::attach);
    OrganizationId organization = billing.requester().organization();
    Reference key = new Reference(id, reference);
    Job job = new Job(spec, Optional.of(reference), OutputListener.NONE, cell::answer, meter);
    suspended.put(key, cell);
    cell.start(
        id.value(),
        () -> {
          try {
            return run(organization, id, job);
          } finally {
            suspended.remove(key, cell);
          }
        });
    return cell;
  }

  /**
   * Answers all calls that a cell waits for; answers to the calls before those change nothing. A
   * cell that has ended meanwhile, for whatever reason, is there to be asked as well.
   *
   * @param billing of the request that brings the answers: from now on the code runs for it
   * @throws NotFound when the container never had such a cell
   * @throws InvalidRequest when the cell waits for other answers
   */
  public SuspendableCell resume(
      Billing billing, ContainerId id, String reference, Map<String, CallAnswer> answers) {
    containers.living(billing.requester().organization(), id);
    SuspendableCell cell = suspended.get(new Reference(id, reference));
    if (cell != null) {
      cell.take(answers, billing);
      return cell;
    }
    return store
        .find(id, reference)
        .map(SuspendableCell::ended)
        .orElseThrow(() -> NotFound.cell(reference));
  }

  /** Ends the cells that run now, for the reason that the server stops. */
  public void stop() {
    warm.stopCells();
  }

  private Cell run(OrganizationId organization, ContainerId id, Job job) {
    ContainerRow row = containers.living(organization, id);
    disk.requireRoomForCell();
    try (CellPlaces.Place _ = places.take(organization)) {
      return run(organization, row, warm.hold(id), job);
    }
  }

  /** Drops the container that the caller holds. */
  private Cell run(
      OrganizationId organization, ContainerRow row, WarmContainer container, Job job) {
    try {
      container.join(settings.waitingCells());
      try {
        return runInTurn(organization, container, row, job);
      } finally {
        container.leave();
      }
    } finally {
      warm.drop(container);
    }
  }

  private Cell runInTurn(
      OrganizationId organization, WarmContainer container, ContainerRow row, Job job) {
    boolean waited;
    long joined = System.nanoTime();
    try {
      waited = takeTurn(container);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return neverRan(container.id(), job.spec());
    }
    announcer.cellStarted(Duration.ofNanos(System.nanoTime() - joined));
    try {
      // It may have ended while we waited.
      ContainerRow now = waited ? containers.living(organization, container.id()) : row;
      return run(organization, container, now, job);
    } finally {
      container.turn().unlock();
    }
  }

  /** Whether others went first. */
  private static boolean takeTurn(WarmContainer container) throws InterruptedException {
    // With a time, even none, the lock is fair; without one it would let us push in.
    if (container.turn().tryLock(0, TimeUnit.SECONDS)) {
      return false;
    }
    container.turn().lockInterruptibly();
    return true;
  }

  private Cell run(
      OrganizationId organization, WarmContainer container, ContainerRow row, Job job) {
    boolean interrupted = false;
    container.start();
    try (WarmContainers.Visit visit = warm.visit(container, row.image())) {
      job.meter().enter(container.id(), visit);
      Begun begun = begin(organization, container.id(), job, visit);
      boolean kept = false;
      try {
        CellRun ended = explain(container, run(visit, begun.program(), job), job.listener());
        CellRun run = writeback.after(container.id(), ended, job.listener());
        interrupted = container.finish(false);
        Cell cell = complete(organization, begun, run, visit, job);
        kept = true;
        announcer.cellEnded(cell);
        return cell;
      } finally {
        if (!kept) {
          store.lose(container.id(), visit.epoch(), INTERNAL_ERROR);
        }
      }
    } catch (InterruptedException e) {
      interrupted = container.finish(true);
      return neverRan(container.id(), job.spec());
    } finally {
      interrupted |= container.finish(false);
      job.meter().leave();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Says why a cell was cancelled that did not end for its caller's sake. */
  private static CellRun explain(WarmContainer container, CellRun run, OutputListener listener) {
    CellOutcome told = container.explain(run.outcome());
    if (told.equals(run.outcome())) {
      return run;
    }
    CellRun explained = run.withOutcome(told);
    Optional<String> note = container.cancelNote();
    if (note.isEmpty()) {
      return explained;
    }
    CapturedOutput stderr = run.stderr();
    String line =
        (stderr.text().isEmpty() || stderr.text().endsWith("\n") ? "" : "\n") + note.get() + "\n";
    listener.output(OutputStreamKind.STDERR, line);
    return explained.withStderr(new CapturedOutput(stderr.text() + line, stderr.droppedBytes()));
  }

  private Begun begin(
      OrganizationId organization, ContainerId id, Job job, WarmContainers.Visit visit) {
    Instant now = Instant.ofEpochMilli(clock.millis());
    Begun begun = new Begun(CellId.next(), id, now, program(job.spec()));
    boolean noted = false;
    try {
      noted =
          store.begin(
              id,
              visit.epoch(),
              JournalEntry.Ran.of(begun.id(), begun.program().outputDirectory(), job.spec()),
              now,
              job.reference(),
              job.meter().begin());
    } finally {
      if (!noted) {
        job.meter().notBegun();
      }
    }
    if (!noted) {
      containers.living(organization, id);
      throw new Conflict("container " + id + " was taken over by another process");
    }
    return begun;
  }

  private static CellRun run(WarmContainers.Visit visit, CellProgram program, Job job) {
    long started = System.nanoTime();
    try {
      CellRun run = visit.sandbox().run(program, job.listener(), job.meter().around(job.calls()));
      if (visit.sandbox().isAlive()) {
        visit.sandbox().commit(visit.epoch());
      }
      return run;
    } catch (CaissonException e) {
      // The row of a cell that was begun is always completed; its effects may have happened.
      LOG.log(Level.WARNING, "a sandbox failed while a cell ran in it", e);
      return new CellRun(
          new CellOutcome.Lost("sandbox_failed"),
          CapturedOutput.EMPTY,
          new CapturedOutput("sandbox_failed: " + e.getMessage() + "\n", 0),
          Duration.ofNanos(System.nanoTime() - started),
          Duration.ZERO,
          List.of());
    }
  }

  private Cell complete(
      OrganizationId organization, Begun begun, CellRun run, WarmContainers.Visit visit, Job job) {
    LedgerChange billed = job.meter().end(run.cpu());
    Outputs.Collected collected =
        outputs.collect(
            organization, visit.sandbox(), begun.program().outputDirectory(), run.outputs());
    boolean kept = false;
    try {
      Cell cell =
          new Cell(
              begun.id(),
              begun.container(),
              begun.program().language(),
              run.outcome(),
              run.stdout(),
              collected.note(run.stderr(), job.listener()),
              begun.startedAt(),
              run.wall().truncatedTo(ChronoUnit.MICROS),
              run.cpu().truncatedTo(ChronoUnit.MICROS),
              collected.outputs());
      Scan scan = scans.look(visit);
      kept =
          store.complete(
              cell,
              organization,
              collected.files(),
              collected.reservations(),
              billed,
              CellScans.kept(scan));
      if (kept) {
        job.meter().ended();
        return scans.scanned(cell, scan, visit);
      }
      // Another process took the container over: what it made of the cell is what is true.
      return store.find(begun.container(), begun.id()).orElse(cell);
    } finally {
      if (!kept) {
        outputs.abandon(collected);
      }
    }
  }

  private CellProgram program(CellSpec spec) {
    byte[] name = new byte[OUTPUT_DIRECTORY_BYTES];
    random.nextBytes(name);
    return new CellProgram(
        spec.language(),
        spec.code(),
        spec.mode(),
        spec.timeout().orElse(settings.limits().cellLimit()),
        spec.environment(),
        OUTPUT_DIRECTORIES + HexFormat.of().formatHex(name),
        spec.functions());
  }

  /** The answer to a caller who gave up before the cell's turn came; there is no record of it. */
  private Cell neverRan(ContainerId container, CellSpec spec) {
    return new Cell(
        CellId.next(),
        container,
        spec.language(),
        new CellOutcome.Killed(CellOutcome.Killed.CANCELLED, false),
        CapturedOutput.EMPTY,
        new CapturedOutput("cancelled: the cell was cancelled before its turn came\n", 0),
        Instant.ofEpochMilli(clock.millis()),
        Duration.ZERO,
        Duration.ZERO,
        List.of());
  }

  /** A cell that has run. */
  public Cell get(OrganizationId organization, ContainerId container, CellId id) {
    containers.row(organization, container);
    return store.find(container, id).map(scans::shown).orElseThrow(() -> NotFound.cell(id.value()));
  }

  /** Waits until it is known what the cell changed, if that is still being found out here. */
  void awaitScan(CellId id) throws InterruptedException {
    scans.await(id);
  }

  /** Newest first. */
  public Page<Cell> list(OrganizationId organization, ContainerId container, PageRequest page) {
    containers.row(organization, container);
    Page<Cell> cells = store.list(container, page);
    return new Page<>(cells.items().stream().map(scans::shown).toList(), cells.next());
  }

  /** A cell to run, and who hears of it. */
  private record Job(
      CellSpec spec,
      Optional<String> reference,
      OutputListener listener,
      CallHandler calls,
      CellMeter meter) {
    Job {
      listener = new GuardedListener(listener);
    }
  }

  /** What finds a cell that may wait for answers. */
  private record Reference(ContainerId container, String name) {}

  /** A cell whose row says that it runs. */
  private record Begun(CellId id, ContainerId container, Instant startedAt, CellProgram program) {}
}
