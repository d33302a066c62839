package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch and its results, each larger than the memory of the server. */
class BatchMemoryTest {
  private static final int REQUESTS = 150;
  private static final int BYTES = 1_000_000;

  @Test
  @Tag("slow")
  void aBatchLargerThanTheServersMemoryRunsAndIsRead(@TempDir Path directory)
      throws IOException, InterruptedException {
    try (CaissonProcess server =
            CaissonProcess.start(directory, Map.of("JAVA_TOOL_OPTIONS", "-Xmx96m"));
        HttpClient client = HttpClient.newHttpClient()) {
      RawHttp http = new RawHttp(server.url(), server.key());
      String container = http.container();
      HttpResponse<String> made =
          client.send(
              request(server, "/v1/messages/batches")
                  .POST(HttpRequest.BodyPublishers.ofByteArrays(() -> body(container)))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      String path =
          "/v1/messages/batches/" + made.body().replaceAll("\\A.*?\"id\":\"(\\w+)\".*", "$1");
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> http.get(path).json().at("/request_counts/succeeded").asInt() == REQUESTS);
      HttpResponse<InputStream> results =
          client.send(
              request(server, path + "/results").build(),
              HttpResponse.BodyHandlers.ofInputStream());
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(results.body(), StandardCharsets.UTF_8))) {
        int count = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          assertThat(line).startsWith("{\"custom_id\":\"r" + count + "\",");
          assertThat(line.length()).isGreaterThan(BYTES);
          count++;
        }
        assertThat(count).isEqualTo(REQUESTS);
      }
    }
  }

  private static HttpRequest.Builder request(CaissonProcess server, String path) {
    return HttpRequest.newBuilder(URI.create(server.url() + path))
        .timeout(Duration.ofMinutes(2))
        .header("x-api-key", server.key())
        .header("anthropic-version", "2023-06-01");
  }

  /** Each request has a megabyte and asks for another. */
  private static Iterator<byte[]> body(String container) {
    Stream<String> requests =
        IntStream.range(0, REQUESTS)
            .mapToObj(i ->
                (i == 0 ? "" : ",")
                    + """
                    {"custom_id":"r%d","params":{"model":"caisson-direct","max_tokens":1,
                     "container":"%s","metadata":{"padding":"%s"},
                     "tools":[{"type":"code_execution_20250825","name":"code_execution"}],
                     "messages":[{"role":"user",
                      "content":"```bash\\nhead -c %d /dev/zero | tr '\\\\0' x\\n```"}]}}
                    """
                        .formatted(i, container, "p".repeat(BYTES), BYTES));
    return Stream.concat(Stream.concat(Stream.of("{\"requests\":["), requests), Stream.of("]}"))
        .map(part -> part.getBytes(StandardCharsets.UTF_8))
        .iterator();
  }
}
