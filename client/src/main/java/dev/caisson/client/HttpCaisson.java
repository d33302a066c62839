package dev.caisson.client;

import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
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
import dev.caisson.wire.CellJson;
import dev.caisson.wire.CellRequestJson;
import dev.caisson.wire.ContainerJson;
import dev.caisson.wire.FileJson;
import dev.caisson.wire.ForkJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.PageJson;
import dev.caisson.wire.RebuildJson;
import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Caisson behind a URL. Safe for use from many threads. Nothing is retried: whether to ask again is
 * the caller's to decide, who knows what may happen twice. A server that cannot be reached, and a
 * connection that breaks, are {@link CaissonException.Internal}; so is a call whose thread was
 * interrupted, with the thread's interrupt status kept.
 */
public final class HttpCaisson implements CaissonClient {
  private final HttpCalls calls;

  private HttpCaisson(HttpCalls calls) {
    this.calls = calls;
  }

  /**
   * A client of the server at that URL. Nothing is sent yet.
   *
   * @throws CaissonException.InvalidRequest when it is no http or https URL
   */
  public static HttpCaisson connect(URI server, String apiKey) {
    return new HttpCaisson(new HttpCalls(server, apiKey));
  }

  @Override
  public Container createContainer(ContainerSpec spec) {
    return ContainerJson.read(calls.post("/v1/containers", ContainerJson.writeSpec(spec)));
  }

  @Override
  public Container container(ContainerId id) {
    return ContainerJson.read(calls.get(path(id)));
  }

  @Override
  public Page<Container> containers(PageRequest page) {
    return PageJson.read(calls.get("/v1/containers" + query(page)), ContainerJson::read);
  }

  @Override
  public void deleteContainer(ContainerId id) {
    calls.delete(path(id));
  }

  @Override
  public Fork fork(ContainerId id, Optional<Map<String, String>> labels) {
    return ForkJson.read(calls.post(path(id) + "/fork", ForkJson.writeRequest(labels)));
  }

  @Override
  public Rebuild rebuild(
      ContainerId id, Optional<Map<String, String>> labels, RebuildListener listener) {
    byte[] request = Json.bytes(new RebuildJson.Request(labels, true).write());
    return new EventStream(calls, "rebuild")
        .read(path(id) + "/rebuild", request, new RebuildEvents(listener));
  }

  @Override
  public Cell run(ContainerId container, CellSpec cell, OutputListener listener) {
    byte[] request = Json.bytes(new CellRequestJson(cell, true).write());
    return new EventStream(calls, "cell")
        .read(path(container) + "/cells", request, new CellEvents(listener));
  }

  @Override
  public Cell cell(ContainerId container, CellId cell) {
    return CellJson.read(calls.get(path(container) + "/cells/" + cell));
  }

  @Override
  public Page<Cell> cells(ContainerId container, PageRequest page) {
    return PageJson.read(calls.get(path(container) + "/cells" + query(page)), CellJson::read);
  }

  @Override
  public FileReceipt write(ContainerId container, String path, InputStream content) {
    return FileJson.readReceipt(calls.put(workspace(container, path), content));
  }

  @Override
  public FileContent read(ContainerId container, String path, ByteRange range) {
    return calls.download(workspace(container, path), range);
  }

  @Override
  public List<WorkspaceEntry> list(ContainerId container, String path) {
    String query = "?path=" + UrlText.value(path);
    return PageJson.read(calls.get(path(container) + "/files" + query), FileJson::readEntry)
        .items();
  }

  @Override
  public void delete(ContainerId container, String path) {
    calls.delete(workspace(container, path));
  }

  @Override
  public StoredFile upload(String filename, String mimeType, InputStream content) {
    MultipartFile form = new MultipartFile(filename, mimeType, content);
    return FileJson.read(calls.post("/v1/files", form.contentType(), form.body()));
  }

  @Override
  public StoredFile file(FileId id) {
    return FileJson.read(calls.get("/v1/files/" + id));
  }

  @Override
  public Page<StoredFile> files(PageRequest page) {
    return PageJson.read(calls.get("/v1/files" + query(page)), FileJson::read);
  }

  @Override
  public FileContent download(FileId id) {
    return calls.download("/v1/files/" + id + "/content", ByteRange.ALL);
  }

  @Override
  public void deleteFile(FileId id) {
    calls.delete("/v1/files/" + id);
  }

  @Override
  public String imageDigest(String image) {
    try {
      return calls.get("/v1/images/" + UrlText.segment(image)).path("digest").asString();
    } catch (CaissonException.NotFound | CaissonException.InvalidRequest e) {
      // A name that no path of a URL can hold is refused before it is looked up: unknown too.
      throw new CaissonException.InvalidRequest("image '" + image + "': " + e.getMessage());
    }
  }

  @Override
  public UsageClient usage() {
    return new HttpUsage(calls);
  }

  @Override
  public void close() {
    calls.close();
  }

  private static String path(ContainerId id) {
    return "/v1/containers/" + id;
  }

  private static String workspace(ContainerId container, String path) {
    if (!path.startsWith("/")) {
      throw new CaissonException.InvalidRequest(
          "path: must be absolute inside the container, not '" + path + "'");
    }
    return path(container) + "/files" + UrlText.path(path);
  }

  private static String query(PageRequest page) {
    return "?limit="
        + page.limit()
        + page.page().map(token -> "&page=" + UrlText.value(token)).orElse("");
  }
}
