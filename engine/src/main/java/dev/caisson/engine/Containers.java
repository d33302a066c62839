package dev.caisson.engine;

import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.FileId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import java.util.List;

/** Makes, finds and deletes containers. Safe for use from many threads. */
public final class Containers {

  /**
   * A new container with the files mounted; throws InvalidRequest for an unknown image or two files
   * of one name, NotFound for an unknown file.
   */
  public Container create(OrganizationId organization, ContainerSpec spec) {
    throw new UnsupportedOperationException();
  }

  /** The container, expired or not; throws NotFound when unknown, deleted or foreign. */
  public Container get(OrganizationId organization, ContainerId id) {
    throw new UnsupportedOperationException();
  }

  /**
   * The living container; throws ContainerExpired past its retention, NotFound when unknown,
   * deleted or foreign.
   */
  public Container require(OrganizationId organization, ContainerId id) {
    throw new UnsupportedOperationException();
  }

  /** Newest first. */
  public Page<Container> list(OrganizationId organization, PageRequest page) {
    throw new UnsupportedOperationException();
  }

  /** Ends a container and deletes its workspace; a running cell is cancelled. */
  public Container delete(OrganizationId organization, ContainerId id) {
    throw new UnsupportedOperationException();
  }

  /**
   * Copies stored files to {@code $INPUT_DIR} and compares the hash read back; a file that is there
   * already with the same content stays. Throws InvalidRequest when another file of that name is
   * mounted.
   */
  public void mount(OrganizationId organization, ContainerId id, List<FileId> files) {
    throw new UnsupportedOperationException();
  }
}
