package dev.caisson.client;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.Fork;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.RebuildListener;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.WorkspaceEntry;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a program can ask of Caisson, whether it runs in the same process or behind a URL. Safe for
 * use from many threads. Errors are {@link dev.caisson.domain.CaissonException}s of the same kinds
 * in both implementations; a container past its retention throws {@code ContainerExpired}, an
 * unknown, deleted or foreign one {@code NotFound}.
 */
public interface CaissonClient extends AutoCloseable {
  Container createContainer(ContainerSpec spec);

  /** The container, alive or not. */
  Container container(ContainerId id);

  /** Newest first. */
  Page<Container> containers(PageRequest page);

  void deleteContainer(ContainerId id);

  /**
   * A new container with a copy of a living one's workspace, mounts and variables; waits for the
   * cells that run in it.
   *
   * @param labels of the new container; empty for the original's
   */
  Fork fork(ContainerId id, Optional<Map<String, String>> labels);

  /**
   * A new container in which everything is done again that was done to another one, which lives or
   * has expired, and how its files compare. Interrupting the calling thread ends it, and nothing of
   * it stays.
   *
   * @param labels of the new container; empty for the original's
   * @param listener hears each step as it is taken
   */
  Rebuild rebuild(ContainerId id, Optional<Map<String, String>> labels, RebuildListener listener);

  /**
   * Runs a cell and waits for its end. Interrupting the calling thread cancels the cell.
   *
   * @param listener hears the output as it comes
   */
  Cell run(ContainerId container, CellSpec cell, OutputListener listener);

  Cell cell(ContainerId container, CellId cell);

  /** Newest first. */
  Page<Cell> cells(ContainerId container, PageRequest page);

  /** Writes a file of the workspace; {@code path} is absolute inside the container. */
  FileReceipt write(ContainerId container, String path, InputStream content);

  /** Opens a file of the workspace. */
  FileContent read(ContainerId container, String path, ByteRange range);

  /** The entries of a directory of the workspace by name. */
  List<WorkspaceEntry> list(ContainerId container, String path);

  /** Deletes a file or a tree of the workspace. */
  void delete(ContainerId container, String path);

  /** Stores a file for mounting into containers. */
  StoredFile upload(String filename, String mimeType, InputStream content);

  StoredFile file(FileId id);

  /** Newest first. */
  Page<StoredFile> files(PageRequest page);

  /** Opens a stored file that a cell made; uploads cannot be downloaded. */
  FileContent download(FileId id);

  void deleteFile(FileId id);

  /**
   * What content of this image hangs on, for cache keys; throws {@code InvalidRequest} when
   * unknown.
   */
  String imageDigest(String image);

  /** The ledger of the organization. */
  UsageClient usage();

  @Override
  void close();
}
