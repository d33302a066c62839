package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.store.ContainerStore;
import dev.caisson.store.MountRow;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Brings stored files under a container's {@code $INPUT_DIR}. Safe for use from many threads. */
final class Mounts {
  /** {@code $INPUT_DIR}. */
  static final String INPUT_DIRECTORY = "/files/input/";

  private final Files files;
  private final ContainerStore containers;
  private final InstantSource clock;

  Mounts(Files files, ContainerStore containers, InstantSource clock) {
    this.files = files;
    this.containers = containers;
    this.clock = clock;
  }

  /**
   * The files as they are stored, each once; throws NotFound for one that is unknown or has
   * expired, InvalidRequest for two of one name or a name that no directory can hold.
   */
  List<StoredFile> resolve(OrganizationId organization, List<FileId> ids) {
    List<StoredFile> resolved = new ArrayList<>();
    Map<String, StoredFile> byName = new HashMap<>();
    for (FileId id : new LinkedHashSet<>(ids)) {
      StoredFile file = files.require(organization, id);
      Filename.checkMountable(file.filename());
      StoredFile other = byName.putIfAbsent(file.filename(), file);
      if (other != null && !other.sha256().equals(file.sha256())) {
        throw sameName(file, other.id());
      }
      resolved.add(file);
    }
    return resolved;
  }

  void mount(
      OrganizationId organization,
      WarmContainer container,
      WarmContainers.Visit visit,
      List<StoredFile> wanted)
      throws InterruptedException {
    container.mounting().lockInterruptibly();
    try {
      for (StoredFile file : wanted) {
        mount(organization, container, visit.sandbox(), file);
      }
    } finally {
      container.mounting().unlock();
    }
  }

  private void mount(
      OrganizationId organization, WarmContainer container, Sandbox sandbox, StoredFile file) {
    Optional<MountRow> present = containers.mounted(container.id(), file.filename());
    if (present.isPresent() && !present.get().sha256().equals(file.sha256())) {
      throw sameName(file, present.get().fileId());
    }
    String path = INPUT_DIRECTORY + file.filename();
    if (present.isPresent() && stands(sandbox, path, file.sizeBytes())) {
      return;
    }
    FileReceipt receipt;
    try (FileContent content = files.content(organization, file.id())) {
      receipt = sandbox.write(path, content.stream());
    }
    if (receipt.sizeBytes() != file.sizeBytes() || !receipt.sha256().equals(file.sha256())) {
      throw new Internal(
          "file "
              + file.id()
              + " did not arrive whole in container "
              + container.id()
              + ": "
              + receipt.sizeBytes()
              + " of "
              + file.sizeBytes()
              + " bytes, hash "
              + receipt.sha256());
    }
    containers.insertMount(
        container.id(),
        container.epoch(),
        new MountRow(file.filename(), file.id(), file.sizeBytes(), file.sha256()),
        clock.instant());
  }

  /** Whether a file that was mounted earlier is still there: the container's code may delete it. */
  private static boolean stands(Sandbox sandbox, String path, long sizeBytes) {
    try {
      return sandbox.list(path).stream()
          .anyMatch(
              entry -> entry.kind() == WorkspaceEntry.Kind.FILE && entry.sizeBytes() == sizeBytes);
    } catch (NotFound e) {
      return false;
    }
  }

  private static InvalidRequest sameName(StoredFile file, FileId other) {
    return new InvalidRequest(
        "files: "
            + file.id()
            + " and "
            + other
            + " are both named '"
            + file.filename()
            + "'; a container holds one file of a name");
  }
}
