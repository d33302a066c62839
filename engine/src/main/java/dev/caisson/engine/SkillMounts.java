package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.SkillFile;
import dev.caisson.domain.SkillVersion;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.store.SkillStore;
import java.time.InstantSource;
import java.util.List;

/**
 * Brings versions of skills under {@code /skills/<name>} of a container. What a container's code
 * does to its copy is its own affair: the stored skill is out of its reach. Safe for use from many
 * threads.
 */
final class SkillMounts {
  private final Skills skills;
  private final SkillStore store;
  private final InstantSource clock;

  SkillMounts(Skills skills, SkillStore store, InstantSource clock) {
    this.skills = skills;
    this.store = store;
    this.clock = clock;
  }

  /** Mounts versions, each in the place of what stood under its name. */
  void mount(WarmContainer container, WarmContainers.Visit visit, List<SkillVersion> versions)
      throws InterruptedException {
    container.mounting().lockInterruptibly();
    try {
      for (SkillVersion version : versions) {
        // Written anew each time: code of the container may have changed what stands there, and a
        // request that names a version is told that it is this one.
        replace(container, visit.sandbox(), version);
      }
    } finally {
      container.mounting().unlock();
    }
  }

  private void replace(WarmContainer container, Sandbox sandbox, SkillVersion version) {
    List<SkillFile> files = skills.files(version);
    if (files.isEmpty()) {
      throw NotFound.skillVersion(version.skillId().value(), version.id().value());
    }
    // Half of one version and half of another must never pass for either.
    store.unmount(container.id(), version.name());
    try {
      sandbox.delete(version.directory());
    } catch (NotFound e) {
      // the first of its name
    }
    for (SkillFile file : files) {
      write(container.id(), sandbox, version, file);
    }
    store.mount(container.id(), container.epoch(), version, clock.instant());
  }

  private void write(ContainerId container, Sandbox sandbox, SkillVersion version, SkillFile file) {
    String path = version.directory() + "/" + file.path();
    FileReceipt receipt;
    try (FileContent content = skills.content(file)) {
      receipt = sandbox.write(path, content.stream());
    }
    if (!receipt.sha256().equals(file.sha256())) {
      throw new Internal(
          "file " + path + " did not arrive whole in container " + container + ": " + receipt);
    }
  }
}
