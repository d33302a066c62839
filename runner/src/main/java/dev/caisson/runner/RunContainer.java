package dev.caisson.runner;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.RunId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The container that a run works in: the one of the last run while it lives, else a fresh one.
 * Opened by the first stage that has work to do. For one thread.
 */
final class RunContainer {
  private final CaissonClient client;
  private final Pipeline pipeline;
  private final String imageDigest;
  private final RunStore store;
  private final RunListener listener;
  private final RunId run = RunId.next();
  private @Nullable PipelineWorkspace workspace;
  private Optional<String> lost = Optional.empty();

  RunContainer(
      CaissonClient client,
      Pipeline pipeline,
      String imageDigest,
      RunStore store,
      RunListener listener) {
    this.client = client;
    this.pipeline = pipeline;
    this.imageDigest = imageDigest;
    this.store = store;
    this.listener = listener;
  }

  /** The workspace, opened when it is not yet. */
  PipelineWorkspace open() {
    if (workspace == null) {
      workspace =
          pipeline.container().reuse() ? last().orElseGet(this::create) : createInsteadOfLast();
    }
    return workspace;
  }

  /** The workspace of this run or of the last one; empty when there is none any more. */
  Optional<PipelineWorkspace> existing() {
    if (workspace == null && pipeline.container().reuse()) {
      workspace = last().orElse(null);
    }
    return Optional.ofNullable(workspace);
  }

  /** The id, without opening anything. */
  Optional<ContainerId> id() {
    return workspace != null
        ? Optional.of(workspace.container())
        : store.container().flatMap(RunContainer::parse);
  }

  /** Its files are gone; the next {@link #open} makes a fresh one. */
  void forget(String reason) {
    lost = Optional.of(reason);
    workspace = null;
    store.forgetContainer();
  }

  /** Why the container that held earlier artifacts no longer does; empty when it still should. */
  Optional<String> lost() {
    return lost;
  }

  private Optional<PipelineWorkspace> last() {
    Optional<RunStore.ContainerRecord> record = store.container();
    Optional<ContainerId> id = record.flatMap(RunContainer::parse);
    if (id.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> dead = dead(id.get());
    if (dead.isPresent()) {
      forget(dead.get());
      return Optional.empty();
    }
    if (!record.get().imageDigest().equals(imageDigest)) {
      delete(id.get());
      forget("the image of container " + id.get() + " is an older one");
      return Optional.empty();
    }
    listener.on(new RunEvent.ContainerOpened(id.get(), false));
    return Optional.of(workspace(id.get(), record.get().marker(), false));
  }

  private Optional<String> dead(ContainerId id) {
    try {
      Container container = client.container(id);
      return container.status().alive()
          ? Optional.empty()
          : Optional.of("container " + id + " " + container.status().wireName());
    } catch (CaissonException.NotFound e) {
      return Optional.of("container " + id + " is gone");
    } catch (CaissonException.ContainerExpired e) {
      return Optional.of("container " + id + " expired");
    }
  }

  private PipelineWorkspace createInsteadOfLast() {
    store.container().flatMap(RunContainer::parse).ifPresent(this::delete);
    return create();
  }

  private PipelineWorkspace create() {
    Container container =
        client.createContainer(
            new ContainerSpec(
                pipeline.image(), List.of(), Map.of("caisson.pipeline", pipeline.name())));
    String marker = UUID.randomUUID().toString();
    store.putContainer(new RunStore.ContainerRecord(container.id().value(), imageDigest, marker));
    listener.on(new RunEvent.ContainerOpened(container.id(), true));
    return workspace(container.id(), marker, true);
  }

  private PipelineWorkspace workspace(ContainerId id, String marker, boolean fresh) {
    return new PipelineWorkspace(client, id, WorkspacePaths.of(pipeline), run, marker, fresh);
  }

  private void delete(ContainerId id) {
    try {
      client.deleteContainer(id);
    } catch (CaissonException.NotFound | CaissonException.ContainerExpired e) {
      // Gone already, which is what was wanted.
    }
  }

  private static Optional<ContainerId> parse(RunStore.ContainerRecord record) {
    return IdKind.CONTAINER.matches(record.id())
        ? Optional.of(new ContainerId(record.id()))
        : Optional.empty();
  }
}
