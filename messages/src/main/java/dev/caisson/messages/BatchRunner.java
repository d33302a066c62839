package dev.caisson.messages;

import dev.caisson.domain.BatchClaim;
import dev.caisson.domain.BatchId;
import dev.caisson.domain.BatchOutcome;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.Requester;
import dev.caisson.engine.BatchListener;
import dev.caisson.engine.Batches;
import dev.caisson.wire.ErrorJson;
import dev.caisson.wire.Json;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers the requests of message batches, a few at a time. Each is claimed before it begins and is
 * never begun again, whatever becomes of it; an upstream that is too busy to begin is asked again.
 * Closing it ends what runs. Safe for use from many threads.
 */
final class BatchRunner implements BatchListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BatchRunner.class);

  /** With pauses that double from a second, about a minute of patience. */
  private static final int ATTEMPTS = 6;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** After a failure of the store. */
  private static final Duration STORE_PAUSE = Duration.ofSeconds(1);

  private static final Set<Integer> BUSY = Set.of(429, 503, 529);

  private final Messages messages;
  private final Batches batches;
  private final List<Thread> workers;
  private final Set<BatchRun> running = ConcurrentHashMap.newKeySet();
  private final Object calls = new Object();

  // Guarded by calls.
  private long called;

  private volatile boolean closed;

  BatchRunner(Messages messages, Batches batches, int parallelism) {
    this.messages = messages;
    this.batches = batches;
    this.workers =
        IntStream.range(0, parallelism)
            .mapToObj(i -> Thread.ofVirtual().name("caisson-batch-" + i).unstarted(this::work))
            .toList();
  }

  /** Begins with what was left to run. */
  void start() {
    batches.listen(this);
    workers.forEach(Thread::start);
  }

  @Override
  public void mayRun() {
    synchronized (calls) {
      called++;
      calls.notifyAll();
    }
  }

  @Override
  public void stop(BatchId batch, BatchOutcome outcome) {
    running.stream()
        .filter(run -> run.claim().batch().equals(batch))
        .forEach(run -> run.stop(outcome));
  }

  private void work() {
    try {
      while (!closed) {
        long seen = called();
        Optional<BatchClaim> claim = claim();
        if (claim.isPresent()) {
          run(claim.get());
        } else {
          awaitCall(seen);
        }
      }
    } catch (InterruptedException e) {
      LOG.warn("a worker of batches was interrupted and ends", e);
    }
  }

  private long called() {
    synchronized (calls) {
      return called;
    }
  }

  private void awaitCall(long seen) throws InterruptedException {
    synchronized (calls) {
      while (called == seen && !closed) {
        calls.wait();
      }
    }
  }

  private Optional<BatchClaim> claim() throws InterruptedException {
    while (!closed) {
      try {
        return batches.claim();
      } catch (CaissonException e) {
        LOG.warn("no request of a batch can be claimed", e);
        Thread.sleep(STORE_PAUSE);
      }
    }
    return Optional.empty();
  }

  private void run(BatchClaim claim) throws InterruptedException {
    BatchRun run = new BatchRun(claim, Thread.currentThread());
    running.add(run);
    try {
      // What was stopped between its claim and here has nobody else to tell it.
      stopEarly(run);
      answer(run);
    } finally {
      running.remove(run);
      run.end();
    }
    complete(run);
  }

  private void stopEarly(BatchRun run) {
    if (closed) {
      run.stop(BatchOutcome.ERRORED);
    }
    try {
      batches.stopped(run.claim()).ifPresent(run::stop);
    } catch (CaissonException e) {
      LOG.warn("a batch cannot be looked at batch={}", run.claim().batch(), e);
    }
  }

  private void answer(BatchRun run) {
    for (int attempt = 1; run.stopped().isEmpty(); attempt++) {
      try {
        run.succeed(Json.write(message(run)));
        return;
      } catch (CaissonException e) {
        Optional<Duration> pause = pause(run, e, attempt);
        if (pause.isEmpty() || !run.pause(pause.get())) {
          run.fail(Json.write(ErrorJson.write(e, IdKind.REQUEST.next())));
          return;
        }
      } catch (RuntimeException e) {
        LOG.error(
            "request of a batch failed batch={} position={}",
            run.claim().batch(),
            run.claim().position(),
            e);
        CaissonException failure =
            new CaissonException.Internal("the server failed at this request", e);
        run.fail(Json.write(ErrorJson.write(failure, IdKind.REQUEST.next())));
        return;
      }
    }
  }

  private ObjectNode message(BatchRun run) {
    BatchClaim claim = run.claim();
    List<String> betas =
        Arrays.stream(claim.headers().betas().split(",", -1))
            .filter(beta -> !beta.isEmpty())
            .toList();
    return messages.create(
        new Requester(IdKind.REQUEST.next(), claim.organization(), claim.key()),
        new MessageHeaders(claim.headers().version(), betas),
        Json.parse(claim.item().params(), "params"),
        run::codeMayHaveRun);
  }

  /** How long to wait for an upstream that was too busy to begin; empty when that is no reason. */
  private static Optional<Duration> pause(BatchRun run, CaissonException failure, int attempt) {
    boolean busy =
        failure instanceof CaissonException.Upstream upstream && BUSY.contains(upstream.status());
    if (!busy || run.mayHaveRunCode() || attempt == ATTEMPTS) {
      return Optional.empty();
    }
    Duration own = FIRST_PAUSE.multipliedBy(1L << (attempt - 1));
    Duration asked =
        ((CaissonException.Upstream) failure)
            .retryAfter()
            .filter(text -> text.matches("\\d{1,6}"))
            .map(text -> Duration.ofSeconds(Long.parseLong(text)))
            .orElse(own);
    return Optional.of(asked.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : asked);
  }

  /** The batch does not end before this is written. */
  private void complete(BatchRun run) throws InterruptedException {
    while (true) {
      try {
        batches.complete(run.claim(), run.outcome(), run.text());
        return;
      } catch (CaissonException e) {
        LOG.error(
            "the result of a request of a batch cannot be kept batch={} position={}",
            run.claim().batch(),
            run.claim().position(),
            e);
        if (closed) {
          return; // the next server finds that its runner is dead
        }
        Thread.sleep(STORE_PAUSE);
      }
    }
  }

  @Override
  public void close() {
    batches.listen(BatchListener.NONE);
    closed = true;
    mayRun();
    running.forEach(run -> run.stop(BatchOutcome.ERRORED));
    boolean interrupted = false;
    for (Thread worker : workers) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        interrupted = true;
        worker.interrupt();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
