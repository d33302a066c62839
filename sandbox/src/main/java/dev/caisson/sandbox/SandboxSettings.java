package dev.caisson.sandbox;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What the local sandboxes need to know.
 *
 * @param data the data directory; workspaces lie in {@code containers}, sockets in {@code run}
 * @param images where images lie
 * @param orphan how long sandboxes outlive a process that went without closing them
 * @param secondCut how long past its limit and grace a cell may stay without a result before its
 *     sandbox is ended from outside
 * @param diskWall what is to keep workspaces within their limit
 * @param keeperPrefix a command in front of the keeper's own, to run it as another user; usually
 *     empty
 */
public record SandboxSettings(
    Path data,
    Path images,
    Duration orphan,
    Duration secondCut,
    DiskWall diskWall,
    List<String> keeperPrefix) {
  /** Long enough for a supervisor to notice a dead server and start it again. */
  public static final Duration DEFAULT_ORPHAN = Duration.ofSeconds(60);

  /** Above the 10 s that the guest gives SIGKILL to work, with room for a busy machine. */
  public static final Duration DEFAULT_SECOND_CUT = Duration.ofSeconds(20);

  public SandboxSettings {
    data = data.toAbsolutePath().normalize();
    images = images.toAbsolutePath().normalize();
    keeperPrefix = List.copyOf(keeperPrefix);
  }

  public static SandboxSettings defaults(Path data, Path images) {
    return new SandboxSettings(
        data, images, DEFAULT_ORPHAN, DEFAULT_SECOND_CUT, DiskWall.AUTO, List.of());
  }

  public SandboxSettings withOrphan(Duration time) {
    return new SandboxSettings(data, images, time, secondCut, diskWall, keeperPrefix);
  }

  public SandboxSettings withSecondCut(Duration time) {
    return new SandboxSettings(data, images, orphan, time, diskWall, keeperPrefix);
  }

  public SandboxSettings withDiskWall(DiskWall wall) {
    return new SandboxSettings(data, images, orphan, secondCut, wall, keeperPrefix);
  }

  public SandboxSettings withKeeperPrefix(List<String> command) {
    return new SandboxSettings(data, images, orphan, secondCut, diskWall, command);
  }
}
