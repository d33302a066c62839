package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileId;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Requester;
import dev.caisson.domain.StoredFile;
import dev.caisson.engine.Billing;
import dev.caisson.engine.Engine;
import dev.caisson.wire.Clip;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Messages API over an engine: whose turn it is, what runs, what the reply looks like. Safe for
 * use from many threads.
 */
public final class Messages implements AutoCloseable {
  private final MessagesSettings settings;
  private final Engine engine;
  private final @Nullable UpstreamClient upstream;
  private final @Nullable UpstreamQueries queries;
  private final Models models;
  private final BatchRunner batches;

  private Messages(MessagesSettings settings, Engine engine) {
    this.settings = settings;
    this.engine = engine;
    this.upstream =
        settings.upstream().map(base -> new UpstreamClient(base, settings)).orElse(null);
    this.queries =
        settings.upstream().map(base -> new UpstreamQueries(base, settings)).orElse(null);
    this.models = new Models(queries);
    this.batches = new BatchRunner(this, engine.batches(), settings.batchParallelism());
  }

  /** The engine belongs to the caller and stays open when this is closed. */
  public static Messages open(MessagesSettings settings, Engine engine) {
    Messages messages = new Messages(settings, engine);
    messages.batches.start();
    return messages;
  }

  /** Whether a request wants its reply as events; throws InvalidRequest when it does not say so. */
  public static boolean wantsStream(JsonNode body) {
    return JsonFields.of(body, "").bool("stream").orElse(false);
  }

  /**
   * Answers one request with a whole message, whatever it says of streaming. Interrupting the
   * thread ends what runs for it.
   *
   * @param beforeRun called before code runs: from then on the request must not be repeated blindly
   */
  public ObjectNode create(
      Requester requester, MessageHeaders headers, JsonNode body, Runnable beforeRun) {
    return answer(requester, headers, body, beforeRun, new ReplyWriter());
  }

  /**
   * Answers one request as {@link #create} does, with the events of the reply while it comes about.
   * What fails before the first of them has left nothing behind; what fails afterwards ends the
   * reply in its middle, and the caller has to say so.
   */
  public void stream(
      Requester requester,
      MessageHeaders headers,
      JsonNode body,
      Runnable beforeRun,
      ReplySink sink) {
    answer(requester, headers, body, beforeRun, new ReplyWriter(sink));
  }

  private ObjectNode answer(
      Requester requester,
      MessageHeaders headers,
      JsonNode body,
      Runnable beforeRun,
      ReplyWriter writer) {
    OrganizationId organization = requester.organization();
    MessageRequest request = MessageRequest.parse(body);
    boolean direct = isDirect(request);
    Optional<Container> named;
    try {
      named = request.containerId().map(id -> container(organization, id));
    } catch (CaissonException.ContainerExpired e) {
      return expired(request, writer);
    }
    FileSources sources = FileSources.of(engine.files(), organization, request.messages());
    request.uploads().forEach(upload -> file(organization, upload));
    RequestedSkills skills = RequestedSkills.of(engine.skills(), organization, request);
    Billing billing = engine.ledger().ofMessage(requester, WebTools.exempt(request));
    Workbench workbench = new Workbench(engine, billing, named, beforeRun);
    try {
      request.uploads().forEach(upload -> mount(workbench, organization, upload));
      workbench.mountSkills(skills);
      writer.mounted(skills);
      if (direct) {
        return DirectModel.run(request, workbench, writer);
      }
      MessageRequest inlined = skills.announce(request.withMessages(sources.inline()));
      return loop(organization, headers, inlined, workbench, writer).run();
    } catch (RuntimeException e) {
      discard(workbench, e);
      throw e;
    } finally {
      engine.ledger().endQuietly(billing);
    }
  }

  /** Whether we answer ourselves; throws NotFound when nobody would. */
  private boolean isDirect(MessageRequest request) {
    boolean direct = request.model().equals(DirectModel.NAME);
    if (!direct && upstream == null) {
      throw new CaissonException.NotFound(
          "model: "
              + Clip.word(request.model())
              + ": no upstream is configured (CAISSON_UPSTREAM_URL); only "
              + DirectModel.NAME
              + " can answer");
    }
    return direct;
  }

  /** The models that can be asked. */
  public Models models() {
    return models;
  }

  /**
   * How many tokens a request has for its first answer: the upstream's count of what it would be
   * asked, or an estimate where it does not count.
   */
  public TokenCount countTokens(
      OrganizationId organization, MessageHeaders headers, JsonNode body) {
    MessageRequest request = MessageRequest.parseUncounted(body);
    boolean direct = isDirect(request);
    FileSources sources = FileSources.of(engine.files(), organization, request.messages());
    request.uploads().forEach(upload -> file(organization, upload));
    if (direct || queries == null) {
      return new TokenCount(TokenEstimate.of(request.tree()), false);
    }
    MessageRequest inlined = request.withMessages(sources.inline());
    ObjectNode asked =
        UpstreamRequest.of(
            inlined,
            History.forUpstream(inlined.messages(), Json.array(), id -> filename(organization, id)),
            facts(engine.defaultImage()),
            true);
    asked.remove("max_tokens");
    OptionalLong counted = queries.countTokens(asked, headers);
    return counted.isPresent()
        ? new TokenCount(counted.getAsLong(), false)
        : new TokenCount(TokenEstimate.of(asked), true);
  }

  private ToolGuide.Facts facts(String image) {
    return ToolGuide.Facts.of(engine.limits(), engine.callLimits(), engine.images().get(image));
  }

  /** Leaves no container behind that nobody knows of, even when the client has gone. */
  private static void discard(Workbench workbench, RuntimeException why) {
    // What deletes a container must not be cut short as the request was.
    boolean interrupted = Thread.interrupted();
    try {
      workbench.discard();
    } catch (CaissonException e) {
      why.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private MessageLoop loop(
      OrganizationId organization,
      MessageHeaders headers,
      MessageRequest request,
      Workbench workbench,
      ReplyWriter writer) {
    if (upstream == null) {
      throw new IllegalStateException("no upstream");
    }
    String image = workbench.container().map(Container::image).orElse(engine.defaultImage());
    return new MessageLoop(
        upstream,
        settings.iterations(),
        request,
        headers,
        workbench,
        facts(image),
        id -> filename(organization, id),
        writer);
  }

  private Container container(OrganizationId organization, String text) {
    ContainerId id;
    try {
      id = new ContainerId(text);
    } catch (IllegalArgumentException e) {
      throw CaissonException.NotFound.container(Clip.word(text));
    }
    return engine.containers().require(organization, id);
  }

  /** Mounts one upload; what keeps it from being mounted says where the request names it. */
  private void mount(
      Workbench workbench, OrganizationId organization, MessageRequest.Upload upload) {
    FileId file = file(organization, upload);
    try {
      workbench.mount(List.of(file));
    } catch (CaissonException.InvalidRequest e) {
      throw JsonFields.invalid(upload.path(), e.getMessage());
    } catch (CaissonException.NotFound e) {
      throw e.at(upload.path());
    }
  }

  /** The file of an upload; its absence is an error that says where the request names it. */
  private FileId file(OrganizationId organization, MessageRequest.Upload upload) {
    try {
      return engine.files().require(organization, new FileId(upload.fileId())).id();
    } catch (IllegalArgumentException e) {
      throw CaissonException.NotFound.file(Clip.word(upload.fileId())).at(upload.path());
    } catch (CaissonException.NotFound e) {
      throw e.at(upload.path());
    }
  }

  private String filename(OrganizationId organization, String id) {
    try {
      StoredFile file = engine.files().get(organization, new FileId(id));
      return "$INPUT_DIR/" + file.filename();
    } catch (IllegalArgumentException | CaissonException.NotFound e) {
      return Clip.word(id) + " (deleted since)";
    }
  }

  /** The answer to a request whose container is past its retention, at no token cost. */
  private static ObjectNode expired(MessageRequest request, ReplyWriter writer) {
    writer.start(Reply.own(request.model()));
    List<ToolCall> open = CurrentTurn.openCalls(request.messages());
    if (open.isEmpty()) {
      ToolCall call = anyCall(request);
      writer.block(ResultBlocks.call(call));
      open = List.of(call);
    }
    for (ToolCall call : open) {
      writer.block(
          ResultBlocks.result(call, ResultBlocks.error(call.name(), "container_expired", "")));
    }
    return writer.end(Reply.ending("end_turn"), new Usage(), Optional.empty());
  }

  /** A call for a result to belong to, when no call is open. */
  private static ToolCall anyCall(MessageRequest request) {
    boolean pythonOnly =
        request.tool().map(tool -> tool.subTool(SubTool.BASH).isEmpty()).orElse(false);
    String name = pythonOnly ? SubTool.PYTHON : SubTool.BASH;
    String field = pythonOnly ? "code" : "command";
    return new ToolCall(IdKind.SERVER_TOOL_USE.next(), name, Json.object().put(field, ""));
  }

  @Override
  public void close() {
    batches.close();
    if (upstream != null) {
      upstream.close();
    }
    if (queries != null) {
      queries.close();
    }
  }
}
