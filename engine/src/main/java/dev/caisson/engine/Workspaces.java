package dev.caisson.engine;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.WorkspaceEntry;
import java.io.InputStream;
import java.util.List;

/** Files of a workspace, by absolute path inside the container. Safe for use from many threads. */
public final class Workspaces {

  /** Writes a file. */
  public FileReceipt write(
      OrganizationId organization, ContainerId container, String path, InputStream content) {
    throw new UnsupportedOperationException();
  }

  /** Opens a file. */
  public FileContent read(
      OrganizationId organization, ContainerId container, String path, ByteRange range) {
    throw new UnsupportedOperationException();
  }

  /** The entries of a directory by name. */
  public List<WorkspaceEntry> list(
      OrganizationId organization, ContainerId container, String path) {
    throw new UnsupportedOperationException();
  }

  /** Deletes a file or a tree. */
  public void delete(OrganizationId organization, ContainerId container, String path) {
    throw new UnsupportedOperationException();
  }
}
