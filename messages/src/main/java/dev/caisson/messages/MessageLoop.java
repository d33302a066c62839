package dev.caisson.messages;

import java.util.List;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One request with an upstream: asks the model, runs what it calls, asks again, until it ends,
 * calls a tool of the client, runs code that does, or has been asked often enough. For one request
 * and one thread.
 */
final class MessageLoop {
  private final UpstreamClient upstream;
  private final int iterations;
  private final MessageRequest request;
  private final MessageHeaders headers;
  private final Workbench workbench;
  private final ToolGuide.Facts facts;
  private final UnaryOperator<String> filenames;
  private final ToolIds ids = new ToolIds();
  private final Usage usage = new Usage();
  private final ReplyWriter writer;
  private final CallRunner runner;

  MessageLoop(
      UpstreamClient upstream,
      int iterations,
      MessageRequest request,
      MessageHeaders headers,
      Workbench workbench,
      ToolGuide.Facts facts,
      UnaryOperator<String> filenames,
      ReplyWriter writer) {
    this.upstream = upstream;
    this.iterations = iterations;
    this.request = request;
    this.headers = headers;
    this.workbench = workbench;
    this.facts = facts;
    this.filenames = filenames;
    this.writer = writer;
    this.runner = new CallRunner(request, workbench, writer);
    takeIdsOfHistory();
  }

  /** Writes the whole reply. */
  ObjectNode run() {
    List<ToolCall> open = CurrentTurn.openCalls(request.messages());
    if (!open.isEmpty()) {
      runner.resume(open);
      // Their results come before anything that the model says.
      writer.start(Reply.own(request.model()));
      if (!open.stream().allMatch(runner::run)) {
        return end(Reply.ending("tool_use"));
      }
    }
    for (int i = 0; i < iterations; i++) {
      UpstreamReply reply = ask(i == 0);
      usage.add(reply.usage());
      if (!reply.wantsResults()) {
        return end(reply.ending());
      }
      if (reply.callsClient()) {
        // The client answers first; its next request runs these, in a container it must know.
        workbench.require();
        return end(reply.ending("tool_use"));
      }
      if (!reply.calls().stream().allMatch(runner::run)) {
        return end(reply.ending("tool_use"));
      }
      if (i == iterations - 1) {
        return end(reply.ending("pause_turn"));
      }
    }
    throw new IllegalStateException("iterations: " + iterations);
  }

  private UpstreamReply ask(boolean isFirst) {
    Cancellation.check();
    UpstreamReply reply = new UpstreamReply(request, ids, writer);
    ObjectNode asked =
        UpstreamRequest.of(
            request,
            History.forUpstream(request.messages(), writer.content(), filenames),
            facts,
            isFirst);
    if (writer.isStreamed()) {
      asked.put("stream", true);
    }
    upstream.ask(asked, headers, reply);
    return reply;
  }

  private ObjectNode end(ObjectNode ending) {
    workbench.settle();
    return writer.end(ending, usage, workbench.container());
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
