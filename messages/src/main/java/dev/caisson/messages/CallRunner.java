package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.CellStep;
import dev.caisson.domain.PendingCall;
import dev.caisson.engine.SuspendableCell;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Runs the calls of a reply, one after another, and writes what becomes of each: its result, or the
 * tools of the client that its code waits for. For one request and one thread.
 */
final class CallRunner {
  private static final Logger LOG = LoggerFactory.getLogger(CallRunner.class);

  private final MessageRequest request;
  private final Workbench workbench;
  private final ReplyWriter writer;

  /** Code of earlier requests that goes on in this one, by its call. */
  private final Map<String, SuspendableCell> resumed = new LinkedHashMap<>();

  CallRunner(MessageRequest request, Workbench workbench, ReplyWriter writer) {
    this.request = request;
    this.workbench = workbench;
    this.writer = writer;
  }

  /**
   * Gives code that waits the results that the client has brought. What is wrong with them is said
   * before anything is written.
   *
   * @param open the calls without a result so far
   */
  void resume(List<ToolCall> open) {
    CodeResults results = request.results();
    for (ToolCall call : open) {
      CodeExecution execution = requireTool(call);
      if (results.started().contains(call.id())) {
        if (execution.version().codeCaller().isEmpty()) {
          throw new CaissonException.InvalidRequest(
              "tools."
                  + execution.index()
                  + ".type: code that waits for tools cannot go on with "
                  + execution.version().type());
        }
        Map<String, CallAnswer> answers = results.answers().getOrDefault(call.id(), Map.of());
        resumed.put(call.id(), workbench.resume(call.id(), answers));
      }
    }
  }

  /**
   * Runs a call, or goes on with it.
   *
   * @return whether it has a result; if not, its code waits for the client, and the reply ends here
   */
  boolean run(ToolCall call) {
    Cancellation.check();
    Optional<ObjectNode> result = resultOrWait(call);
    result.ifPresent(content -> writer.block(ResultBlocks.result(call, content)));
    Cancellation.check();
    return result.isPresent();
  }

  private Optional<ObjectNode> resultOrWait(ToolCall call) {
    CodeExecution execution = requireTool(call);
    SubTool tool = execution.subTool(call.name()).orElse(null);
    try {
      SuspendableCell before = resumed.remove(call.id());
      Optional<CodeCaller> caller = execution.version().codeCaller();
      if (before != null && caller.isPresent()) {
        return step(call, caller.get(), workbench.await(before));
      }
      if (tool == null) {
        return Optional.of(
            ResultBlocks.error(
                call.name(),
                "invalid_tool_input",
                execution.version().type() + " does not have " + call.name()));
      }
      if (caller.isPresent()
          && !execution.functions().isEmpty()
          && call.name().equals(SubTool.PYTHON)) {
        return start(call, execution, caller.get());
      }
      return Optional.of(tool.run(call.input(), workbench));
    } catch (CaissonException.OverQuota e) {
      throw e; // the model can do nothing about it, and whoever pays has to hear of it
    } catch (CaissonException e) {
      if (e instanceof CaissonException.HostFull && workbench.container().isEmpty()) {
        throw e; // nothing has run yet, and nothing can
      }
      LOG.warn(
          "tool call failed tool={} code={} message={}", call.name(), e.code(), e.getMessage());
      return Optional.of(
          ResultBlocks.error(call.name(), ResultBlocks.errorCode(e), e.getMessage()));
    }
  }

  private CodeExecution requireTool(ToolCall call) {
    return request
        .tool()
        .orElseThrow(() ->
            new CaissonException.InvalidRequest(
                "messages: `"
                    + call.name()
                    + "` tool use with id `"
                    + Clip.word(call.id())
                    + "` is open, but no code execution tool was provided"));
  }

  private Optional<ObjectNode> start(ToolCall call, CodeExecution execution, CodeCaller caller) {
    List<String> names = execution.functions().stream().map(CodeFunction::name).toList();
    CodeSubTool python = caller.python();
    Optional<ObjectNode> complaint = python.complaint(call.input());
    return complaint.isPresent()
        ? complaint
        : step(
            call,
            caller,
            workbench.await(
                workbench.start(
                    python.cell(call.input()).withFunctions(names),
                    call.id(),
                    CallRunner::complaint)));
  }

  private Optional<ObjectNode> step(ToolCall call, CodeCaller caller, CellStep step) {
    return switch (step) {
      case CellStep.Ended ended -> Optional.of(caller.python().result(ended.cell()));
      case CellStep.Waiting waiting -> {
        waiting.calls().forEach(pending -> writer.block(use(pending, call, caller)));
        yield Optional.empty();
      }
    };
  }

  private static ObjectNode use(PendingCall pending, ToolCall source, CodeCaller caller) {
    ObjectNode use =
        Json.object().put("type", "tool_use").put("id", pending.id()).put("name", pending.name());
    use.set("input", Json.parse(pending.input(), "input"));
    use.putObject("caller").put("type", caller.type()).put("tool_id", source.id());
    return use;
  }

  /** Code that speaks to the guest by itself can write what is no input. */
  private static Optional<String> complaint(String input) {
    try {
      JsonNode parsed = Json.parse(input, "the input");
      WholeText.check(parsed, "the input");
      return Optional.of("the input is no JSON object").filter(_ -> !parsed.isObject());
    } catch (CaissonException.InvalidRequest e) {
      return Optional.of(e.getMessage());
    }
  }
}
