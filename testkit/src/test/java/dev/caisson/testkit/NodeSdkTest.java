package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.caisson.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The official TypeScript SDK judges the server, in its own process: {@code conformance.mjs}. Needs
 * Node and npm; skipped where they are not.
 */
@Tag("slow")
class NodeSdkTest {
  private static final Path SOURCES = Path.of("src", "test", "node");
  private static final Path INSTALLED = Path.of("target", "node");
  private static final int INSTALL_SECONDS = 180;
  private static final int RUN_SECONDS = 300;

  @TempDir static Path directory;

  @TestFactory
  Stream<DynamicTest> theTypeScriptSdkIsContent() throws IOException, InterruptedException {
    install();
    try (ScriptedUpstream upstream = ScriptedUpstream.start();
        RunningCaisson caisson = RunningCaisson.over(directory).upstream(upstream).start()) {
      upstream.otherwise(new ConversationScript());
      List<JsonNode> cases =
          run(
                  RUN_SECONDS,
                  Map.of(
                      "ANTHROPIC_BASE_URL",
                      caisson.url().toString(),
                      "ANTHROPIC_API_KEY",
                      caisson.key()),
                  "node",
                  "conformance.mjs")
              .lines()
              .filter(line -> line.startsWith("{"))
              .map(line -> Json.parse(line, "case"))
              .toList();
      assertThat(cases).isNotEmpty();
      return cases.stream()
          .map(result ->
              DynamicTest.dynamicTest(
                  result.path("case").asString(),
                  () -> {
                    if (!result.path("ok").asBoolean()) {
                      fail(result.path("error").asString());
                    }
                  }));
    }
  }

  /** Puts the SDK beside a copy of the script, unless this very version is there. */
  private static void install() throws IOException, InterruptedException {
    Assumptions.assumeTrue(works("node", "--version"), "Node is not installed");
    Assumptions.assumeTrue(works("npm", "--version"), "npm is not installed");
    Files.createDirectories(INSTALLED);
    Path mark = INSTALLED.resolve("installed.json");
    Path lock = SOURCES.resolve("package-lock.json");
    for (String name : List.of("package.json", "package-lock.json", "conformance.mjs")) {
      Files.write(INSTALLED.resolve(name), Files.readAllBytes(SOURCES.resolve(name)));
    }
    if (!Files.exists(mark) || Files.mismatch(mark, lock) >= 0) {
      run(INSTALL_SECONDS, Map.of(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
      Files.write(mark, Files.readAllBytes(lock));
    }
  }

  private static boolean works(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String run(int seconds, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path output = INSTALLED.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(INSTALLED.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    process.destroyForcibly();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(ended).as(String.join(" ", command) + ": " + text).isTrue();
    assertThat(process.exitValue()).as(String.join(" ", command) + ": " + text).isZero();
    return text;
  }
}
