package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Cli.Result;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class RunCommandTest {
  @TempDir private Path directory = Path.of("");

  @SuppressWarnings("NullAway.Init") // by the method before each
  private Cli cli;

  @BeforeEach
  void pipeline() throws IOException {
    cli = new Cli(directory);
    Files.writeString(directory.resolve("numbers.txt"), "1\n2\n3\n");
    Files.writeString(
        directory.resolve("pipeline.yaml"),
        """
        pipeline: sums
        stages:
          double:
            run: double.py
            in: {numbers: numbers.txt}
            out: {doubled: doubled.txt}
          total:
            run: total.sh
            in: {doubled: double.doubled}
            out: {total: total.txt}
        """);
    Files.writeString(
        directory.resolve("double.py"),
        """
        import os
        with open(os.environ["IN_NUMBERS"]) as numbers, open(os.environ["OUT_DOUBLED"], "w") as out:
            for line in numbers:
                print(int(line) * 2, file=out)
        print("doubled them")
        """);
    Files.writeString(
        directory.resolve("total.sh"),
        "paste -sd+ $IN_DOUBLED | bc > $OUT_TOTAL || awk '{s+=$1} END {print s}' $IN_DOUBLED > $OUT_TOTAL\n");
  }

  @Test
  void runsStagesShowsThemAndReusesThem() throws IOException {
    Result first = cli.run("run", directory.toString());
    assertThat(first.err()).isEmpty();
    assertThat(first.code()).isZero();
    assertThat(first.out())
        .contains("new container container_")
        .contains("doubled them")
        .contains("out/total.txt");
    assertThat(directory.resolve("out/total.txt")).hasContent("12");
    assertThat(directory.resolve("out/doubled.txt")).doesNotExist();

    Result second = cli.run("run", directory.toString());
    assertThat(second.out().lines().filter(line -> line.contains("cached"))).hasSize(2);

    Files.writeString(directory.resolve("total.sh"), "wc -l < $IN_DOUBLED > $OUT_TOTAL\n");
    Result third = cli.run("run", directory.toString());
    assertThat(third.out().lines().filter(line -> line.contains("cached")))
        .singleElement()
        .asString()
        .contains("double");
    assertThat(directory.resolve("out/total.txt")).hasContent("3");
  }

  @Test
  void tellsStageScriptLineAndContainerOfAFailure() throws IOException {
    Files.writeString(directory.resolve("double.py"), "x = 1\nraise ValueError('no good')\n");
    Result result = cli.run("run", directory.toString());
    assertThat(result.code()).isEqualTo(Main.FAILED);
    assertThat(result.err())
        .contains("stage double failed: double.py line 2")
        .contains("container: container_")
        .contains("ValueError: no good");
  }

  @Test
  void writesTheRunAsJson() {
    JsonNode run = Json.parse(cli.run("run", directory.toString(), "--json").out(), "output");
    assertThat(run.get("status").asString()).isEqualTo("succeeded");
    assertThat(run.get("stages").size()).isEqualTo(2);
    assertThat(run.get("outputs").get(0).asString()).endsWith("out/total.txt");
  }

  @Test
  void refusesADefinitionThatIsWrong() throws IOException {
    Files.writeString(directory.resolve("pipeline.yaml"), "pipeline: x\nstages: {}\nstagse: {}\n");
    Result result = cli.run("run", directory.toString());
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains("pipeline.yaml").contains("stagse");
  }

  @Test
  void namesTheDirectoryWithoutAPipeline() {
    Result result = cli.run("run", directory.resolve("none").toString());
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains("none");
  }
}
