package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellStep;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.PendingCall;
import dev.caisson.sandbox.CellCall;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A cell that may call tools of the client. It runs on a thread of its own, which keeps the
 * container's turn while the cell waits, so that it outlives the request that started it. Safe for
 * use from many threads.
 *
 * <p>Between two steps stands a batch of calls. All of them are answered together; the same answers
 * again change nothing and lead to the same next step, so that a request can be repeated whose
 * reply was lost.
 */
public final class SuspendableCell {
  private final CallLimits limits;
  private final InputRule rule;
  private final Consumer<Billing> meter;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private @Nullable Thread runner;
  private @Nullable Batch batch;

  /** When the invocation ends, on the monotonic clock; empty until the code calls a tool. */
  private OptionalLong wholeEnd = OptionalLong.empty();

  private Set<String> answered = Set.of();
  private @Nullable Cell ended;
  private @Nullable RuntimeException failed;

  /**
   * @param meter hears which request the code goes on for
   */
  SuspendableCell(CallLimits limits, InputRule rule, Consumer<Billing> meter) {
    this.limits = limits;
    this.rule = rule;
    this.meter = meter;
  }

  /** One that has ended before anybody asked. */
  static SuspendableCell ended(Cell cell) {
    SuspendableCell past = new SuspendableCell(CallLimits.DEFAULT, InputRule.ANY, billing -> {});
    past.finish(() -> past.ended = cell);
    return past;
  }

  /** Runs the work of the cell on a thread of its own. */
  void start(String name, Supplier<Cell> work) {
    lock.lock();
    try {
      runner = Thread.ofVirtual().name("caisson-cell-" + name).start(() -> run(work));
    } finally {
      lock.unlock();
    }
  }

  private void run(Supplier<Cell> work) {
    // What an Error would leave behind: nobody may wait for ever.
    Runnable end = () -> failed = new Internal("the cell's thread ended without a result");
    try {
      Cell cell = work.get();
      end = () -> ended = cell;
    } catch (RuntimeException e) {
      end = () -> failed = e;
    } finally {
      finish(end);
    }
  }

  private void finish(Runnable end) {
    lock.lock();
    try {
      end.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The sandbox's side: puts calls before the client and waits, on the cell's own thread. */
  Optional<List<CallAnswer>> answer(List<CellCall> calls) throws InterruptedException {
    lock.lockInterruptibly();
    Batch made = new Batch(calls, rule);
    try {
      batch = made;
      changed.signalAll();
      if (wholeEnd.isEmpty()) {
        wholeEnd = OptionalLong.of(System.nanoTime() + limits.invocation().toNanos());
      }
      long wholeLeft = wholeEnd.getAsLong() - System.nanoTime();
      long left = Math.min(limits.answer().toNanos(), wholeLeft);
      while (!made.complete() && left > 0) {
        left = changed.awaitNanos(left);
      }
      boolean isOver = wholeEnd.getAsLong() - System.nanoTime() <= 0;
      return !made.complete() && isOver ? Optional.empty() : Optional.of(made.answers(limits));
    } finally {
      if (!made.complete()) {
        answered = made.waiting().keySet();
      }
      batch = null;
      lock.unlock();
    }
  }

  /**
   * Waits until the cell has ended or waits itself. Interrupting the thread cancels the cell, whose
   * end is then the answer.
   */
  public CellStep await() {
    boolean interrupted = false;
    lock.lock();
    try {
      while (true) {
        Batch now = batch;
        if (now != null && !now.complete() && !interrupted) {
          return new CellStep.Waiting(List.copyOf(now.waiting().values()));
        }
        Optional<CellStep> end = end();
        if (end.isPresent()) {
          return end.get();
        }
        try {
          changed.await();
        } catch (InterruptedException e) {
          interrupted = true;
          cancel();
        }
      }
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends the cell, if it has not ended. */
  public void cancel() {
    lock.lock();
    try {
      if (runner != null && ended == null && failed == null) {
        runner.interrupt();
      }
    } finally {
      lock.unlock();
    }
  }

  private Optional<CellStep> end() {
    RuntimeException problem = failed;
    if (problem != null) {
      throw problem;
    }
    return Optional.ofNullable(ended).map(CellStep.Ended::new);
  }

  /**
   * Takes the answers to all calls that wait. Answers to the batch before are taken as said again:
   * they change nothing.
   */
  void take(Map<String, CallAnswer> answers, Billing billing) {
    lock.lock();
    try {
      Batch now = batch;
      Set<String> waiting = now == null ? Set.of() : now.waiting().keySet();
      if (now != null && !waiting.isEmpty() && waiting.equals(answers.keySet())) {
        meter.accept(billing);
        answers.forEach(now::answer);
        answered = Set.copyOf(answers.keySet());
        changed.signalAll();
      } else if (answers.isEmpty() || !answered.equals(answers.keySet())) {
        throw new InvalidRequest(
            waiting.isEmpty()
                ? "the code waits for no results of " + answers.keySet()
                : "the code waits for results of " + waiting + ", not of " + answers.keySet());
      } else if (ended == null && failed == null) {
        meter.accept(billing);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Calls made at once. Guarded by the lock of the cell. */
  private static final class Batch {
    private final Map<String, PendingCall> calls = new LinkedHashMap<>();
    private final Map<String, CallAnswer> given = new LinkedHashMap<>();

    /** Calls that no client should see fail at once. */
    Batch(List<CellCall> made, InputRule rule) {
      for (CellCall call : made) {
        String id = IdKind.TOOL_USE.next();
        calls.put(id, new PendingCall(id, call.name(), call.input()));
        rule.complaint(call.input())
            .ifPresent(complaint ->
                given.put(id, new CallAnswer.Failed(call.name() + "(): " + complaint)));
      }
    }

    void answer(String id, CallAnswer answer) {
      if (calls.containsKey(id)) {
        given.putIfAbsent(id, answer);
      }
    }

    boolean complete() {
      return given.size() == calls.size();
    }

    Map<String, PendingCall> waiting() {
      Map<String, PendingCall> open = new LinkedHashMap<>(calls);
      open.keySet().removeAll(given.keySet());
      return open;
    }

    /** In the order of the calls; what nobody has answered has timed out. */
    List<CallAnswer> answers(CallLimits limits) {
      return calls.values().stream()
          .map(call -> given.getOrDefault(call.id(), timedOut(call, limits)))
          .toList();
    }

    /** The hosted service's own words. */
    private static CallAnswer timedOut(PendingCall call, CallLimits limits) {
      return new CallAnswer.TimedOut(
          "Calling tool ['"
              + call.name()
              + "'] timed out (no response after "
              + seconds(limits)
              + "s).");
    }

    private static String seconds(CallLimits limits) {
      double seconds = limits.answer().toMillis() / 1000.0;
      return seconds == Math.rint(seconds)
          ? String.valueOf((long) seconds)
          : String.valueOf(seconds);
    }
  }
}
