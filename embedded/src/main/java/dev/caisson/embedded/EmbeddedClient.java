package dev.caisson.embedded;

import dev.caisson.client.CaissonClient;
import dev.caisson.client.UsageClient;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
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
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.RebuildListener;
import dev.caisson.domain.Requester;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.engine.Engine;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An engine in the same process, as the client interface has it: everything belongs to one
 * organization. Closing it leaves the engine open. Safe for use from many threads.
 */
final class EmbeddedClient implements CaissonClient {
  private final Engine engine;
  private final OrganizationId organization;

  EmbeddedClient(Engine engine, OrganizationId organization) {
    this.engine = engine;
    this.organization = organization;
  }

  @Override
  public Container createContainer(ContainerSpec spec) {
    return engine.containers().create(organization, spec);
  }

  @Override
  public Container container(ContainerId id) {
    return engine.containers().get(organization, id);
  }

  @Override
  public Page<Container> containers(PageRequest page) {
    return engine.containers().list(organization, page);
  }

  @Override
  public void deleteContainer(ContainerId id) {
    engine.containers().delete(organization, id);
    deleted("containers/" + id);
  }

  @Override
  public Fork fork(ContainerId id, Optional<Map<String, String>> labels) {
    return engine.forks().fork(organization, id, labels);
  }

  @Override
  public Rebuild rebuild(
      ContainerId id, Optional<Map<String, String>> labels, RebuildListener listener) {
    return engine.rebuilds().rebuild(Requester.local(organization), id, labels, listener);
  }

  @Override
  public Cell run(ContainerId container, CellSpec cell, OutputListener listener) {
    return engine.cells().run(organization, container, cell, listener);
  }

  @Override
  public Cell cell(ContainerId container, CellId cell) {
    return engine.cells().get(organization, container, cell);
  }

  @Override
  public Page<Cell> cells(ContainerId container, PageRequest page) {
    return engine.cells().list(organization, container, page);
  }

  @Override
  public FileReceipt write(ContainerId container, String path, InputStream content) {
    return engine.workspaces().write(organization, container, path, content);
  }

  @Override
  public FileContent read(ContainerId container, String path, ByteRange range) {
    return engine.workspaces().read(organization, container, path, range);
  }

  @Override
  public List<WorkspaceEntry> list(ContainerId container, String path) {
    return engine.workspaces().list(organization, container, path);
  }

  @Override
  public void delete(ContainerId container, String path) {
    engine.workspaces().delete(organization, container, path);
    deleted("containers/" + container + "/files" + path);
  }

  @Override
  public StoredFile upload(String filename, String mimeType, InputStream content) {
    return engine.files().upload(organization, filename, mimeType, content, Optional.empty());
  }

  @Override
  public StoredFile file(FileId id) {
    return engine.files().get(organization, id);
  }

  @Override
  public Page<StoredFile> files(PageRequest page) {
    return engine.files().list(organization, page);
  }

  @Override
  public FileContent download(FileId id) {
    return engine.files().download(organization, id, ByteRange.ALL);
  }

  @Override
  public void deleteFile(FileId id) {
    engine.files().delete(organization, id);
    deleted("files/" + id);
  }

  private void deleted(String object) {
    engine.audit().deleted(Requester.local(organization), object);
  }

  @Override
  public String imageDigest(String image) {
    try {
      return engine.images().get(image).digest();
    } catch (NotFound e) {
      throw new InvalidRequest("image: there is no image named '" + image + "'");
    }
  }

  @Override
  public UsageClient usage() {
    return new EmbeddedUsage(engine.ledger().reports(), organization);
  }

  @Override
  public void close() {
    // the engine is closed by whoever opened it
  }
}
