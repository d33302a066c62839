package dev.caisson.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Cells over HTTP on the loopback, as any program would ask for them. */
final class HttpOperations implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final String PYTHON = "{\"language\":\"python\",\"code\":\"print(1)\"}";
  private static final String EMPTY = "http_warm_python_empty";
  private static final String FILL =
      "{\"language\":\"python\",\"code\":\"for i in range(200): open(f'{i}','w').write('x'*1000)\\nprint(1)\"}";
  private static final String BASH = "{\"language\":\"bash\",\"code\":\"echo 1\"}";

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI server;
  private final String key;
  private final String warm;
  private final String full;

  HttpOperations(URI server, String key) throws IOException, InterruptedException {
    this.server = server;
    this.key = key;
    this.warm = create();
    cell(warm, PYTHON);
    this.full = create();
    cell(full, FILL);
  }

  Operation freshContainer() {
    return Operation.compared(
            "http_fresh_python",
            "HTTP: fresh container to the reply of its first Python cell",
            BareProcesses.PYTHON,
            this::fresh)
        .withTarget(8);
  }

  List<Operation> warmCells() {
    return List.of(
        Operation.compared(
                "http_warm_python",
                "HTTP: warm Python cell, to its reply",
                BareProcesses.PYTHON,
                () -> timed(warm, PYTHON))
            .wellWarmed()
            .withTarget(0.3),
        Operation.compared(
                "http_warm_bash",
                "HTTP: warm bash cell, to its reply",
                BareProcesses.BASH,
                () -> timed(warm, BASH))
            .wellWarmed());
  }

  /** What a cell is compared with whose workspace holds files, which are looked at after it. */
  Operation emptyWorkspace() {
    return Operation.bare(
            EMPTY, "HTTP: warm Python cell in an empty workspace", () -> timed(warm, PYTHON))
        .wellWarmed();
  }

  Operation besideFiles() {
    return Operation.compared(
            "http_warm_python_200_files",
            "HTTP: warm Python cell beside 200 files, to its reply",
            EMPTY,
            () -> timed(full, PYTHON))
        .wellWarmed()
        .withTarget(1.1);
  }

  /** Processors that have slept wake slowly, and a cell passes through many hands. */
  Operation cellAfterSilence() {
    return Operation.compared(
        "http_warm_python_after_silence",
        "HTTP: warm Python cell after 50 ms of silence, to its reply",
        BareProcesses.PYTHON,
        () -> timed(warm, PYTHON));
  }

  private long fresh() throws IOException, InterruptedException {
    long start = System.nanoTime();
    String container = create();
    JsonNode cell = cell(container, PYTHON);
    long nanos = System.nanoTime() - start;
    delete(container);
    expectOne(cell);
    return nanos;
  }

  private long timed(String container, String body) throws IOException, InterruptedException {
    long start = System.nanoTime();
    JsonNode cell = cell(container, body);
    long nanos = System.nanoTime() - start;
    expectOne(cell);
    return nanos;
  }

  private String create() throws IOException, InterruptedException {
    return post("/v1/containers", "{}").path("id").asString();
  }

  private JsonNode cell(String container, String body) throws IOException, InterruptedException {
    return post("/v1/containers/" + container + "/cells", body);
  }

  private JsonNode post(String path, String body) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private void delete(String container) throws IOException, InterruptedException {
    send(request("/v1/containers/" + container).DELETE().build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(server.resolve(path)).header("x-api-key", key);
  }

  private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() / 100 != 2) {
      throw new IOException(
          request.method()
              + " "
              + request.uri()
              + ": "
              + response.statusCode()
              + " "
              + response.body());
    }
    return JSON.readTree(response.body());
  }

  private static void expectOne(JsonNode cell) throws IOException {
    if (!cell.path("stdout").asString().equals("1\n")) {
      throw new IOException("a cell said " + cell);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
