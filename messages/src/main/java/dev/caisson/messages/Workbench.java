package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CallAnswer;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.CellStep;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.engine.Billing;
import dev.caisson.engine.Engine;
import dev.caisson.engine.InputRule;
import dev.caisson.engine.SuspendableCell;
import dev.caisson.wire.Clip;
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
  private final Billing billing;
  private final Runnable beforeRun;
  private final boolean isNew;
  private @Nullable Container container;
  private @Nullable SuspendableCell suspended;

  /**
   * @param billing of the request
   * @param named the container that the request names, known to be alive
   * @param beforeRun called before code runs or a file changes
   */
  Workbench(Engine engine, Billing billing, Optional<Container> named, Runnable beforeRun) {
    this.engine = engine;
    this.billing = billing;
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
      engine.containers().mount(billing, container.id(), files);
    }
  }

  /** Mounts skills before the model hears of them. */
  void mountSkills(RequestedSkills skills) {
    if (!skills.versions().isEmpty()) {
      engine.containers().mountSkills(billing, require(), skills.versions());
    }
  }

  Cell run(CellSpec cell) {
    ContainerId id = require();
    beforeRun.run();
    return engine.cells().run(billing, id, cell, OutputListener.NONE);
  }

  /**
   * Starts a cell that may call tools of the client.
   *
   * @param call whose code it is
   */
  SuspendableCell start(CellSpec cell, String call, InputRule rule) {
    ContainerId id = require();
    beforeRun.run();
    return engine.cells().start(billing, id, cell, call, rule);
  }

  /** Gives code of an earlier request what it waits for. */
  SuspendableCell resume(String call, Map<String, CallAnswer> answers) {
    if (container == null) {
      throw new CaissonException.InvalidRequest(
          "container: the one in which the code of `" + Clip.word(call) + "` waits must be named");
    }
    beforeRun.run();
    try {
      return engine.cells().resume(billing, container.id(), call, answers);
    } catch (CaissonException.NotFound e) {
      throw new CaissonException.InvalidRequest(
          "container: no code of `"
              + Clip.word(call)
              + "` has run in container `"
              + container.id()
              + "`");
    }
  }

  /** Waits until a cell has ended, or waits for the client itself. */
  CellStep await(SuspendableCell cell) {
    suspended = cell;
    CellStep step = cell.await();
    if (step instanceof CellStep.Ended) {
      suspended = null;
    }
    return step;
  }

  /** The files of the container. */
  EditedFiles files() {
    return new EditedFiles(
        engine.workspaces().billedTo(billing), organization(), require(), beforeRun);
  }

  /** Ends what was made here and what no client will ever hear of: code that waits, a container. */
  void discard() {
    if (suspended != null) {
      suspended.cancel();
    }
    if (isNew && container != null) {
      engine.containers().delete(organization(), container.id());
      container = null;
    }
  }

  /** Writes what the request is billed, before the end of its reply goes out. */
  void settle() {
    billing.close();
  }

  private OrganizationId organization() {
    return billing.requester().organization();
  }

  private ContainerId require(List<FileId> files) {
    if (container == null) {
      container =
          engine.containers().create(billing, new ContainerSpec(Optional.empty(), files, Map.of()));
    }
    return container.id();
  }
}
