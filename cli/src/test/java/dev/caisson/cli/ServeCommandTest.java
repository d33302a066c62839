package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server as a user starts it: a process of its own. */
@Tag("slow")
class ServeCommandTest {
  @TempDir private Path directory = Path.of("");

  @SuppressWarnings("NullAway.Init") // by the method before each
  private Cli cli;

  @SuppressWarnings("NullAway.Init") // by the method before each
  private Process server;

  @SuppressWarnings("NullAway.Init") // by the method before each
  private URI url;

  @SuppressWarnings("NullAway.Init") // by the method before each
  private String key;

  @BeforeEach
  void serve() throws IOException {
    cli = new Cli(directory);
    server = cli.start("serve", "--port", "0");
    BufferedReader out = server.inputReader(StandardCharsets.UTF_8);
    url = URI.create(String.valueOf(out.readLine()).replace("export ANTHROPIC_BASE_URL=", ""));
    key = String.valueOf(out.readLine()).replace("export ANTHROPIC_API_KEY=", "");
  }

  @AfterEach
  void end() throws InterruptedException {
    server.destroyForcibly().waitFor();
  }

  @Test
  void printsWhatAnSdkNeedsAndKeepsTheKeyToItsOwner() throws Exception {
    Path credentials = directory.resolve("data/credentials");
    assertThat(Files.readString(credentials).strip()).isEqualTo(key);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(credentials)))
        .isEqualTo("rw-------");
    assertThat(status("/v1/containers", key)).isEqualTo(200);
    assertThat(status("/v1/containers", "wrong")).isEqualTo(401);
    assertThat(status("/healthz", "")).isEqualTo(200);
    assertThat(status("/readyz", "")).isEqualTo(200);
  }

  @Test
  void commandsOnItsDataDirectoryUseIt() {
    String container = cli.container("x = 41");
    assertThat(cli.run("exec", container, "-c", "print(x + 1)").out()).isEqualTo("42\n");
    assertThat(cli.run("containers", "ls").out()).contains(container).contains("idle");
  }

  @Test
  void makesCredentialsAgainWhenTheyDoNotOpenAnyMore() throws Exception {
    server.destroy();
    server.waitFor();
    String id = cli.run("keys", "ls", "--json").out();
    String keyId = Json.parse(id, "output").get("data").get(0).get("id").asString();
    assertThat(cli.run("keys", "revoke", keyId).code()).isZero();
    serve();
    assertThat(status("/v1/containers", key)).isEqualTo(200);
    assertThat(cli.run("exec", "--new", "-c", "print(1)").out()).isEqualTo("1\n");
  }

  @Test
  void aSecondServerOnTheDirectoryIsToldWhoHasIt() throws Exception {
    Process second = cli.start("serve", "--port", "0");
    String err = new String(second.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(second.waitFor()).isEqualTo(Main.HOST_UNFIT);
    assertThat(err).contains("pid " + server.pid()).contains(url.toString());
  }

  @Test
  void stopsWhenItIsToldAndLeavesNothingBehind() throws Exception {
    String container = cli.container("open('/tmp/x', 'w').write('kept')");
    server.destroy();
    assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(directory.resolve("data/server.json")).doesNotExist();
    assertThat(cli.run("exec", container, "--bash", "-c", "cat /tmp/x").out()).isEqualTo("kept");
  }

  private int status(String path, String withKey) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(url.resolve(path)).header("x-api-key", withKey).build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
  }
}
