package dev.caisson.sandbox;

import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Limits;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The isolation contract: opens the walls around a container and takes them down. Paths, sockets
 * and processes are the implementation's business; nothing of them crosses this interface. Safe for
 * use from many threads; for one container, {@code open} and {@code delete} are called one at a
 * time.
 */
public interface Sandboxes extends AutoCloseable {
  /**
   * Opens a sandbox around the container's workspace, which is made when it does not exist yet.
   * Processes that an earlier owner left running for this container are ended first.
   *
   * @param epoch the owner's term; a later one makes an earlier one's writes invalid
   * @param image a name that {@link #image} knows
   * @throws dev.caisson.domain.CaissonException.HostUnfit when a wall cannot be built
   * @throws dev.caisson.domain.CaissonException.InvalidRequest when the image is unknown
   */
  Sandbox open(ContainerId container, long epoch, String image, Limits limits);

  /**
   * Ends what runs for the container, whoever started it; the workspace stays. Nothing happens when
   * nothing runs.
   */
  void end(ContainerId container);

  /**
   * Ends what runs for the container and deletes its workspace; nothing happens when there is none.
   */
  void delete(ContainerId container);

  /**
   * Copies the workspace of a container to one that has none, as it stands at one instant: what
   * runs around the source stands still meanwhile. The caller sees to it that neither is opened,
   * written to through {@link Sandbox#write} or deleted meanwhile. An interrupt ends the copy. When
   * it does not succeed, nothing is left of it.
   *
   * @return what was copied; empty when the source has no workspace yet
   * @throws dev.caisson.domain.CaissonException.HostUnfit when it cannot be done, with the reason
   */
  Optional<WorkspaceCopy> copy(ContainerId from, ContainerId to) throws InterruptedException;

  /**
   * As {@link #copy(ContainerId, ContainerId)}, to a directory of this host that does not exist yet
   * and that is on disk afterwards. When it does not succeed, what there is of it stays.
   *
   * @param to absolute
   */
  Optional<WorkspaceCopy> copy(ContainerId from, Path to) throws InterruptedException;

  /**
   * Makes a workspace from a directory that {@link #copy(ContainerId, Path)} made.
   *
   * @param from absolute
   */
  Optional<WorkspaceCopy> copy(Path from, ContainerId to) throws InterruptedException;

  /**
   * Sees to it that what open workspaces hold has its place on the disk of the host, where it would
   * find out later whether there is any; nothing happens for those that write there anyway.
   *
   * @return those of which something has found no room, and may be lost
   */
  List<ContainerId> flush(List<ContainerId> containers);

  /** The containers that have a workspace here, for sweeping those that no row knows. */
  List<ContainerId> workspaces();

  /** What is known of an image of that name; empty when there is none. */
  Optional<ImageDescription> image(String name);

  /** What holds on this host, each wall tested just now. */
  IsolationReport isolation();

  /** Releases every sandbox that was opened here. */
  @Override
  void close();
}
