package dev.caisson.sandbox;

import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.Durations;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.Release;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is said about one cell between the engine's side and the guest, from request to result. The
 * guest keeps the cell's limit; this side keeps a second one, later, for a guest that cannot.
 */
final class CellConversation {
  private final CellRequest request;
  private final Limits limits;
  private final Duration secondCut;
  private final OutputListener listener;
  private final CallHandler handler;
  private final List<CellCall> calls = new ArrayList<>();
  private final StreamText stdout;
  private final StreamText stderr;
  private final long startedNanos = System.nanoTime();
  private @Nullable RuntimeException listenerFailure;
  private boolean cancelled;
  private boolean outOfTime;
  private long oomKills;

  CellConversation(
      CellRequest request,
      Limits limits,
      Duration secondCut,
      OutputListener listener,
      CallHandler handler) {
    this.request = request;
    this.limits = limits;
    this.secondCut = secondCut;
    this.listener = listener;
    this.handler = handler;
    this.stdout = new StreamText(OutputStreamKind.STDOUT, this::tell);
    this.stderr = new StreamText(OutputStreamKind.STDERR, this::tell);
  }

  /**
   * Asks for the cell and stays until its result.
   *
   * @throws IOException when the guest does not answer any more
   */
  CellRun hold(GuestConnection guest) throws IOException {
    boolean asked = false;
    boolean cancelSent = false;
    Deadline deadline = Deadline.in(mostTime());
    while (true) {
      try {
        // Not only while waiting: a cell that always has something to say would never be cancelled.
        // Before the first byte there is nothing to cancel yet.
        cancelled |= Thread.interrupted();
        if (!asked) {
          guest.send(GuestConnection.Kind.REQUEST, request.payload(), deadline);
          asked = true;
        }
        if (!cancelSent && (cancelled || outOfTime || listenerFailure != null)) {
          guest.send(GuestConnection.Kind.CANCEL, deadline);
          cancelSent = true;
        }
        GuestConnection.Frame frame = guest.receive(deadline);
        switch (frame.kind()) {
          case STDOUT -> stdout.accept(frame.payload());
          case STDERR -> stderr.accept(frame.payload());
          case STDOUT_TAIL -> tail(stdout, frame.fields());
          case STDERR_TAIL -> tail(stderr, frame.fields());
          case CALL -> calls.add(call(frame.fields()));
          case CALLS_WAIT -> {
            long since = System.nanoTime();
            try {
              // Calls that were on their way when the cell was told to end are for nobody.
              if (!cancelSent) {
                answerCalls(guest);
              }
            } finally {
              calls.clear();
              deadline = deadline.afterWaitSince(since);
            }
          }
          case RESULT -> {
            return result(frame.fields());
          }
          case ERROR -> throw new IOException(frame.fields().text("message"));
          case REQUEST, DATA, END, CANCEL, ANSWER, CHANGES ->
              throw new IOException("the guest sent " + frame.kind() + " for a cell");
        }
      } catch (InterruptedException e) {
        cancelled = true;
      }
    }
  }

  private Duration mostTime() {
    Duration own = request.limit().plus(limits.interruptGrace()).plus(secondCut);
    // Variables of an interpreter before this one are brought back first.
    return request.persistent() ? own.plus(limits.state().time()) : own;
  }

  private static CellCall call(Fields fields) throws IOException {
    String input = new String(fields.body(), StandardCharsets.UTF_8);
    return new CellCall((int) fields.number("number"), fields.text("name"), input);
  }

  private void answerCalls(GuestConnection guest) throws IOException, InterruptedException {
    List<CellCall> made = List.copyOf(calls);
    Optional<List<CallAnswer>> answers = handler.answer(made);
    if (answers.isEmpty()) {
      outOfTime = true;
      return;
    }
    // The handler may have taken all the time there was; the guest reads at once.
    Deadline soon = Deadline.in(secondCut);
    for (int i = 0; i < made.size(); i++) {
      guest.send(GuestConnection.Kind.ANSWER, answer(made.get(i), answers.get().get(i)), soon);
    }
  }

  private static byte[] answer(CellCall call, CallAnswer answer) {
    return switch (answer) {
      case CallAnswer.Returned returned -> answer(call, "returned", returned.text());
      case CallAnswer.Failed failed -> answer(call, "failed", failed.message());
      case CallAnswer.TimedOut late -> answer(call, "timed_out", late.message());
    };
  }

  private static byte[] answer(CellCall call, String outcome, String text) {
    return Fields.Request.of("answer")
        .with("number", call.number())
        .with("outcome", outcome)
        .payload(text.getBytes(StandardCharsets.UTF_8));
  }

  /** How many processes of the sandbox the kernel has ended for want of memory, by the result. */
  long oomKills() {
    return oomKills;
  }

  /**
   * The run of a cell whose sandbox ended under it.
   *
   * @param starved whether that was for want of memory
   */
  CellRun sandboxDied(boolean starved) {
    stdout.finish();
    stderr.finish();
    String reason = starved ? Release.OUT_OF_MEMORY : Release.SANDBOX_DIED;
    stderr.line(
        starved
            ? explain(reason) + ", and the sandbox with it; its files are kept"
            : reason + ": the sandbox ended while the cell ran; its files are kept");
    return new CellRun(
        new CellOutcome.Killed(reason, true),
        stdout.captured(),
        stderr.captured(),
        Duration.ofNanos(System.nanoTime() - startedNanos),
        Duration.ZERO,
        List.of());
  }

  /** Gives back what was held off: the thread's interrupt, the listener's own failure. */
  void settle() {
    if (cancelled) {
      Thread.currentThread().interrupt();
    }
    RuntimeException failure = listenerFailure;
    if (failure != null) {
      throw failure;
    }
  }

  private void tell(OutputStreamKind stream, String text) {
    if (listenerFailure == null) {
      try {
        listener.output(stream, text);
      } catch (RuntimeException e) {
        listenerFailure = e;
      }
    }
  }

  private static void tail(StreamText text, Fields fields) throws IOException {
    text.acceptTail(fields.body(), fields.number("dropped"));
  }

  private CellRun result(Fields fields) throws IOException {
    boolean lost = fields.number("interpreter_lost") != 0;
    oomKills = fields.number("oom_kills");
    CellOutcome outcome =
        switch (fields.text("status")) {
          case "completed" -> new CellOutcome.Completed((int) fields.number("code"));
          case "timed_out" -> new CellOutcome.TimedOut(request.limit(), lost);
          case "killed" -> new CellOutcome.Killed(reason(fields), lost);
          default -> throw new IOException("the guest's status is unknown");
        };
    stdout.finish();
    stderr.finish();
    fields.all("note").forEach(stderr::line);
    note(outcome, lost);
    return new CellRun(
        outcome,
        stdout.captured(),
        stderr.captured(),
        Duration.ofNanos(fields.number("wall_nanos")),
        Duration.ofNanos(fields.number("cpu_nanos")),
        fields.all("output"));
  }

  /** We cancel a cell for more than one reason; the guest knows of one. */
  private String reason(Fields fields) {
    String reason = fields.text("reason");
    boolean ours = reason.equals(CellOutcome.Killed.CANCELLED) && outOfTime && !cancelled;
    return ours ? CellOutcome.Killed.OUT_OF_TIME : reason;
  }

  private void note(CellOutcome outcome, boolean lost) {
    String fate =
        lost
            ? "; the interpreter and its variables were lost"
            : request.persistent() ? "; the interpreter and its variables survive" : "";
    switch (outcome) {
      case CellOutcome.Completed completed -> {
        if (lost) {
          stderr.line(
              "interpreter_lost: the Python interpreter was ended; its variables are lost, Python"
                  + " cells go on in a new one");
        }
      }
      case CellOutcome.TimedOut timedOut ->
          stderr.line(
              "detection_timeout: the cell ran past its limit of "
                  + Durations.format(timedOut.limit())
                  + " and was ended"
                  + fate);
      case CellOutcome.Killed killed -> stderr.line(explain(killed.reason()) + fate);
      case CellOutcome.Lost gone -> stderr.line(gone.reason());
    }
  }

  private String explain(String reason) {
    return switch (reason) {
      case "out_of_memory" ->
          "out_of_memory: the cell went over the container's memory limit of "
              + limits.memory()
              + " and was ended";
      case CellOutcome.Killed.CANCELLED -> "cancelled: the cell was cancelled and ended";
      case CellOutcome.Killed.OUT_OF_TIME ->
          reason + ": the cell, with its waits for tools, ran as long as one may and was ended";
      default -> reason + ": the cell was ended";
    };
  }
}
