package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Limits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;

/**
 * Sandboxes on this machine: bubblewrap's walls around local directories. Safe for use from many
 * threads. Nothing is started before the first sandbox is opened.
 */
public final class LocalSandboxes implements Sandboxes {
  private final SandboxSettings settings;
  private final Images images;
  private final KeeperClient keeper;
  private final Set<LocalSandbox> open = ConcurrentHashMap.newKeySet();

  private LocalSandboxes(SandboxSettings settings, Images images, KeeperClient keeper) {
    this.settings = settings;
    this.images = images;
    this.keeper = keeper;
  }

  /**
   * Makes them ready for use.
   *
   * @throws CaissonException.HostUnfit when the directories cannot be made
   */
  public static LocalSandboxes open(SandboxSettings settings) {
    return new LocalSandboxes(settings, Images.open(settings.images()), new KeeperClient(settings));
  }

  /** The images that containers can be opened on. */
  public Images images() {
    return images;
  }

  @Override
  public Sandbox open(ContainerId container, long epoch, String image, Limits limits) {
    Image found =
        images
            .find(image)
            .orElseThrow(
                () -> new CaissonException.InvalidRequest("image: '" + image + "' is not known"));
    return start(container, found, limits);
  }

  LocalSandbox start(ContainerId container, Image image, Limits limits) {
    JsonNode answer;
    try {
      answer = keeper.command("start", StartCommand.of(container, keeper.token(), image, limits));
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.HostUnfit(
          "the sandbox of " + container + " cannot be opened: " + refusal.getMessage());
    }
    long serial = answer.path("serial").asLong();
    LocalSandbox sandbox =
        new LocalSandbox(
            container,
            limits,
            keeper.socket(answer.path("socket").asString()),
            answer.path("disk").asString().equals(DiskWall.LOOP.word()),
            settings.secondCut(),
            () -> end(container, serial),
            () -> usage(container, serial),
            open::remove);
    open.add(sandbox);
    return sandbox;
  }

  private void end(ContainerId container, long serial) {
    try {
      Map<String, Object> fields = Map.of("container", container.value(), "serial", serial);
      keeper.command("end", fields);
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.Internal(
          "the sandbox of " + container + " cannot be ended: " + refusal.getMessage());
    }
  }

  private JsonNode usage(ContainerId container, long serial) {
    try {
      Map<String, Object> fields = Map.of("container", container.value(), "serial", serial);
      return keeper.command("usage", fields);
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.Internal(
          "nothing is known of the sandbox of " + container + ": " + refusal.getMessage());
    }
  }

  @Override
  public List<ContainerId> flush(List<ContainerId> containers) {
    try {
      List<String> names = containers.stream().map(ContainerId::value).toList();
      return keeper
          .command("flush", Map.of("containers", names))
          .path("failed")
          .valueStream()
          .map(JsonNode::asString)
          .map(ContainerId::new)
          .toList();
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.Internal(
          "workspaces cannot be written back: " + refusal.getMessage());
    }
  }

  @Override
  public void end(ContainerId container) {
    try {
      keeper.command("end", Map.of("container", container.value()));
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.Internal(
          "the sandbox of " + container + " cannot be ended: " + refusal.getMessage());
    }
  }

  @Override
  public void delete(ContainerId container) {
    try {
      keeper.command("delete", Map.of("container", container.value()));
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.Internal(
          "the workspace of " + container + " cannot be deleted: " + refusal.getMessage());
    }
  }

  @Override
  public Optional<WorkspaceCopy> copy(ContainerId from, ContainerId to)
      throws InterruptedException {
    return copy(from.value(), to.value());
  }

  @Override
  public Optional<WorkspaceCopy> copy(ContainerId from, Path to) throws InterruptedException {
    return copy(from.value(), to.toAbsolutePath().toString());
  }

  @Override
  public Optional<WorkspaceCopy> copy(Path from, ContainerId to) throws InterruptedException {
    return copy(from.toAbsolutePath().toString(), to.value());
  }

  private Optional<WorkspaceCopy> copy(String from, String to) throws InterruptedException {
    JsonNode answer;
    try {
      answer = keeper.longCommand("copy", Map.of("from", from, "to", to));
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.HostUnfit(
          "the workspace of " + from + " cannot be copied: " + refusal.getMessage());
    }
    if (!answer.path("found").asBoolean()) {
      return Optional.empty();
    }
    List<String> skipped = new ArrayList<>();
    answer.path("skipped").forEach(path -> skipped.add(path.asString()));
    return Optional.of(
        new WorkspaceCopy(
            answer.path("files").asLong(),
            answer.path("bytes").asLong(),
            answer.path("cloned").asLong(),
            skipped,
            answer.path("skipped_count").asLong()));
  }

  @Override
  public List<ContainerId> workspaces() {
    try {
      List<ContainerId> found = new ArrayList<>();
      for (JsonNode name : keeper.command("list", Map.of()).path("containers")) {
        found.add(new ContainerId(name.asString()));
      }
      return found;
    } catch (KeeperClient.Refusal refusal) {
      throw new CaissonException.Internal(
          "the workspaces cannot be listed: " + refusal.getMessage());
    }
  }

  @Override
  public Optional<ImageDescription> image(String name) {
    return images.find(name).map(Image::description);
  }

  @Override
  public IsolationReport isolation() {
    return new IsolationTrial(this, keeper).report();
  }

  @Override
  public void close() {
    for (LocalSandbox sandbox : List.copyOf(open)) {
      sandbox.forget();
    }
    keeper.close();
  }
}
