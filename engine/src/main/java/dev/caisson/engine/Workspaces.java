package dev.caisson.engine;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException.Internal;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.store.ContainerRow;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Files of a workspace, by absolute path inside the container. Safe for use from many threads. */
public final class Workspaces {
  private final Containers containers;
  private final WarmContainers warm;
  private final HostDisk disk;
  private final Journal journal;
  private final Optional<Billing> billing;

  Workspaces(Containers containers, WarmContainers warm, HostDisk disk, Journal journal) {
    this(containers, warm, disk, journal, Optional.empty());
  }

  private Workspaces(
      Containers containers,
      WarmContainers warm,
      HostDisk disk,
      Journal journal,
      Optional<Billing> billing) {
    this.containers = containers;
    this.warm = warm;
    this.disk = disk;
    this.journal = journal;
    this.billing = billing;
  }

  /** The same files, looked at and changed by the tool of a request: that is billed. */
  public Workspaces billedTo(Billing request) {
    return new Workspaces(containers, warm, disk, journal, Optional.of(request));
  }

  /** Writes a file. */
  public FileReceipt write(
      OrganizationId organization, ContainerId container, String path, InputStream content) {
    return inside(
        organization,
        container,
        path,
        sandbox -> {
          disk.requireRoom();
          return journal.write(container, path, content, stream -> sandbox.write(path, stream));
        });
  }

  /** Opens a file. */
  public FileContent read(
      OrganizationId organization, ContainerId container, String path, ByteRange range) {
    WorkspacePath.check(path);
    WarmContainers.Visit visit = visit(organization, container);
    boolean open = false;
    try {
      FileContent content = visit.sandbox().read(path, range);
      open = true;
      return new FileContent(
          content.totalBytes(), content.lengthBytes(), new VisitStream(content.stream(), visit));
    } catch (Internal e) {
      throw reason(organization, container, e);
    } finally {
      if (!open) {
        visit.close();
      }
    }
  }

  /** The entries of a directory by name. */
  public List<WorkspaceEntry> list(
      OrganizationId organization, ContainerId container, String path) {
    return inside(organization, container, path, sandbox -> sandbox.list(path));
  }

  /** Deletes a file or a tree. */
  public void delete(OrganizationId organization, ContainerId container, String path) {
    inside(
        organization,
        container,
        path,
        sandbox -> {
          sandbox.delete(path);
          journal.deleted(container, path);
          return true;
        });
  }

  private <T> T inside(
      OrganizationId organization,
      ContainerId container,
      String path,
      Function<Sandbox, T> operation) {
    WorkspacePath.check(path);
    try (WarmContainers.Visit visit = visit(organization, container)) {
      return operation.apply(visit.sandbox());
    } catch (Internal e) {
      throw reason(organization, container, e);
    }
  }

  /** Why a sandbox did not answer: its container may have ended under the request. */
  private Internal reason(OrganizationId organization, ContainerId container, Internal failure) {
    containers.living(organization, container);
    return failure;
  }

  private WarmContainers.Visit visit(OrganizationId organization, ContainerId id) {
    ContainerRow row = containers.living(organization, id);
    WarmContainer container = warm.hold(id);
    try {
      WarmContainers.Visit visit = warm.visit(container, row.image());
      billing.ifPresent(request -> request.edit(id, visit));
      return visit;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Internal("interrupted while container " + id + " was opened", e);
    } finally {
      warm.drop(container);
    }
  }

  /** Keeps the sandbox until the stream is closed. */
  private static final class VisitStream extends FilterInputStream {
    private final WarmContainers.Visit visit;

    VisitStream(InputStream stream, WarmContainers.Visit visit) {
      super(stream);
      this.visit = visit;
    }

    @Override
    public void close() throws IOException {
      try {
        super.close();
      } finally {
        visit.close();
      }
    }
  }
}
