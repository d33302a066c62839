package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request with an upstream: asks the model, runs what it calls, asks again, until it ends,
 * calls a tool of the client, or has been asked often enough. For one request and one thread.
 */
final class MessageLoop {
  private static final Logger LOG = LoggerFactory.getLogger(MessageLoop.class);

  private final UpstreamClient upstream;
  private final int iterations;
  private final MessageRequest request;
  private final MessageHeaders headers;
  private final Workbench workbench;
  private final ToolGuide.Facts facts;
  private final UnaryOperator<String> filenames;
  private final ToolIds ids = new ToolIds();
  private final Usage usage = new Usage();
  private final ArrayNode content = Json.array();

  MessageLoop(
      UpstreamClient upstream,
      int iterations,
      MessageRequest request,
      MessageHeaders headers,
      Workbench workbench,
      ToolGuide.Facts facts,
      UnaryOperator<String> filenames) {
    this.upstream = upstream;
    this.iterations = iterations;
    this.request = request;
    this.headers = headers;
    this.workbench = workbench;
    this.facts = facts;
    this.filenames = filenames;
    takeIdsOfHistory();
  }

  /** The whole reply, but for the container. */
  ObjectNode run() {
    CurrentTurn.openCalls(request.messages()).forEach(this::runCall);
    for (int i = 0; i < iterations; i++) {
      Cancellation.check();
      ObjectNode last =
          upstream.send(
              UpstreamRequest.of(
                  request,
                  History.forUpstream(request.messages(), content, filenames),
                  facts,
                  i == 0),
              headers);
      usage.add(last.path("usage"));
      List<ToolCall> calls = new ArrayList<>();
      boolean callsClient = take(last.path("content"), calls);
      if (calls.isEmpty() || !wantsResults(last)) {
        return reply(last);
      }
      if (callsClient) {
        // The client answers first; its next request runs these, in a container it must know.
        workbench.require();
        return reply(last.put("stop_reason", "tool_use"));
      }
      calls.forEach(this::runCall);
      if (i == iterations - 1) {
        return reply(last.put("stop_reason", "pause_turn"));
      }
    }
    throw new IllegalStateException("iterations: " + iterations);
  }

  /** Takes over the blocks of a reply; says whether a tool of the client is called. */
  private boolean take(JsonNode blocks, List<ToolCall> calls) {
    boolean callsClient = false;
    for (JsonNode block : blocks) {
      String name = block.path("name").asStringOpt().orElse("");
      boolean isUse = ResultBlocks.type(block).equals("tool_use");
      if (isUse && request.tool().isPresent() && SubTool.NAMES.contains(name)) {
        String id = ids.client(block.path("id").asStringOpt().orElse(""));
        JsonNode input = block.path("input").isObject() ? block.get("input") : Json.object();
        ToolCall call = new ToolCall(id, name, input);
        calls.add(call);
        content.add(ResultBlocks.call(call));
      } else {
        callsClient |= isUse;
        content.add(Reply.clientBlock(block));
      }
    }
    return callsClient;
  }

  /** Some upstreams say {@code end_turn}, or nothing, beside a call. */
  private static boolean wantsResults(ObjectNode reply) {
    JsonNode reason = reply.path("stop_reason");
    return !reason.isString()
        || reason.stringValue().equals("tool_use")
        || reason.stringValue().equals("end_turn");
  }

  private void runCall(ToolCall call) {
    Cancellation.check();
    content.add(ResultBlocks.result(call, result(call)));
    Cancellation.check();
  }

  private ObjectNode result(ToolCall call) {
    ToolVersion version =
        request
            .tool()
            .orElseThrow(() ->
                new CaissonException.InvalidRequest(
                    "messages: `"
                        + call.name()
                        + "` tool use with id `"
                        + Clip.word(call.id())
                        + "` is open, but no code execution tool was provided"))
            .version();
    SubTool tool = version.subTool(call.name()).orElse(null);
    if (tool == null) {
      return ResultBlocks.error(
          call.name(), "invalid_tool_input", version.type() + " does not have " + call.name());
    }
    try {
      return tool.run(call.input(), workbench);
    } catch (CaissonException e) {
      LOG.warn(
          "tool call failed tool={} code={} message={}", call.name(), e.code(), e.getMessage());
      return tool.error(ResultBlocks.errorCode(e), e.getMessage());
    }
  }

  private ObjectNode reply(ObjectNode last) {
    return Reply.of(last, request.model(), content, usage);
  }

  private void takeIdsOfHistory() {
    for (JsonNode message : request.messages()) {
      for (JsonNode block : message.path("content")) {
        if (ResultBlocks.isCall(block)) {
          ids.take(ToolCall.of(block).id());
        }
      }
    }
  }
}
