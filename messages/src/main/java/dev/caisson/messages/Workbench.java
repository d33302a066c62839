package dev.caisson.messages;

import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.engine.Engine;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The container of one request: the one that it names, or a new one, made when something first
 * needs it. For use by one thread.
 */
final class Workbench {
  private final Engine engine;
  private final OrganizationId organization;
  private final Runnable beforeRun;
  private final boolean isNew;
  private @Nullable Container container;

  /**
   * @param named the container that the request names, known to be alive
   * @param beforeRun called before code runs or a file changes
   */
  Workbench(
      Engine engine, OrganizationId organization, Optional<Container> named, Runnable beforeRun) {
    this.engine = engine;
    this.organization = organization;
    this.beforeRun = beforeRun;
    this.isNew = named.isEmpty();
    this.container = named.orElse(null);
  }

  /** The container, if the request has one by now. */
  Optional<Container> container() {
    return Optional.ofNullable(container);
  }

  /** The container, made if there is none yet. */
  ContainerId require() {
    return require(List.of());
  }

  /** Mounts files before the model hears of them. */
  void mount(List<FileId> files) {
    if (files.isEmpty()) {
      return;
    }
    if (container == null) {
      require(files);
    } else {
      engine.containers().mount(organization, container.id(), files);
    }
  }

  Cell run(CellSpec cell) {
    ContainerId id = require();
    beforeRun.run();
    return engine.cells().run(organization, id, cell, OutputListener.NONE);
  }

  /** The files of the container. */
  EditedFiles files() {
    return new EditedFiles(engine.workspaces(), organization, require(), beforeRun);
  }

  /** Deletes a container that was made here and that no client will ever hear of. */
  void discard() {
    if (isNew && container != null) {
      engine.containers().delete(organization, container.id());
      container = null;
    }
  }

  private ContainerId require(List<FileId> files) {
    if (container == null) {
      container =
          engine
              .containers()
              .create(organization, new ContainerSpec(Optional.empty(), files, Map.of()));
    }
    return container.id();
  }
}
