package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Images;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is killed goes on where it was, and never takes a torn file for a whole one. */
@Tag("slow")
class PipelineKillTest {
  @TempDir Path directory;
  private Path pipeline;

  @BeforeEach
  void write() throws IOException {
    pipeline = Files.createDirectories(directory.resolve("pipeline"));
    Files.writeString(pipeline.resolve("numbers.txt"), "1\n2\n3\n");
    // Each stage says when it is in the middle, and works on long enough to be killed there.
    Files.writeString(
        pipeline.resolve("double.py"),
        """
        import os, time
        with open(os.environ["OUT_ROWS"], "w") as out:
            for number in open(os.environ["IN_ROWS"]):
                print(2 * int(number), file=out, flush=True)
                if number in ("2\\n", "4\\n"):
                    print("half", flush=True)
                    time.sleep(0.3)
        """);
    Files.writeString(
        pipeline.resolve("pipeline.yaml"),
        """
        pipeline: doubles
        stages:
          one: {run: double.py, in: {rows: numbers.txt}, out: {rows: one.txt}}
          two: {run: double.py, in: {rows: one.rows}, out: {rows: two.txt}}
        """);
    Path requirements = Files.writeString(directory.resolve("none.txt"), "");
    Images.open(directory.resolve("images"))
        .build(BuildRequest.of("default", requirements), BuildListener.SILENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ContainerOpened",
        "StageStarted one",
        "Output half",
        "StageFinished one",
        "StageStarted two",
        "StageFinished two",
        "BroughtOut"
      })
  void goesOnAfterKillAt(String event) throws Exception {
    List<String> before = killedAt(event);

    List<String> after = lines(start());

    assertThat(after.getLast()).isEqualTo("Succeeded[]");
    assertThat(pipeline.resolve("out/two.txt")).hasContent("4\n8\n12");
    for (String stage : List.of("one", "two")) {
      boolean finished = before.contains("StageFinished " + stage);
      assertThat(after).contains((finished ? "StageCached " : "StageFinished ") + stage);
    }
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            RunMain.class.getName(),
            directory.resolve("data").toString(),
            directory.resolve("images").toString(),
            pipeline.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** What the run said until it was killed. */
  private List<String> killedAt(String event) throws Exception {
    Process process = start();
    List<String> lines = new ArrayList<>();
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      String line;
      while ((line = reader.readLine()) != null) {
        lines.add(line);
        if (line.equals(event)) {
          // Through its handle: what the run still said is to be read to its end.
          process.toHandle().destroyForcibly();
        }
      }
    }
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(lines).contains(event);
    return lines;
  }

  private static List<String> lines(Process process) throws Exception {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      List<String> lines = reader.lines().toList();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      return lines;
    }
  }
}
