package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.client.CaissonClient;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.PageRequest;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.engine.EngineSettings;
import dev.caisson.engine.OwnerWaitListener;
import dev.caisson.runner.FailureCause;
import dev.caisson.runner.PipelineRun;
import dev.caisson.runner.RunEvent;
import dev.caisson.runner.RunListener;
import dev.caisson.runner.RunResult;
import dev.caisson.runner.RunSettings;
import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipelines over the real engine in the same process: containers that expire, die or time out. */
class EmbeddedPipelineTest {
  private static final Limits LIMITS = Limits.DEFAULT.withCellLimit(Duration.ofSeconds(20));

  @TempDir Path directory;
  private final RunningCaisson.HandClock clock = new RunningCaisson.HandClock();
  private final List<RunEvent> events = new ArrayList<>();
  private EmbeddedCaisson caisson;
  private CaissonClient client;
  private Path pipeline;

  @BeforeEach
  void open() throws IOException {
    caisson =
        EmbeddedCaisson.open(
            EmbeddedSettings.defaults(directory.resolve("data"), directory.resolve("images"))
                .withEngine(EngineSettings.DEFAULT.withLimits(LIMITS)),
            clock,
            OwnerWaitListener.NONE);
    client = caisson.client();
    Path requirements = Files.writeString(directory.resolve("none.txt"), "");
    caisson.images().build(BuildRequest.of("default", requirements), BuildListener.SILENT);
    pipeline = Files.createDirectories(directory.resolve("pipeline"));
    file("numbers.txt", "3\n4\n");
    file("sum.py", "print(sum(map(int, open('numbers.txt'))), file=open('sum.txt', 'w'))\n");
    file("square.sh", "echo begun; echo $(($(<sum.txt) ** 2)) > square.txt\n");
    file(
        "pipeline.yaml",
        """
        pipeline: squares
        stages:
          sum: {run: sum.py, in: {numbers: numbers.txt}, out: {sum: sum.txt}}
          square: {run: square.sh, in: {sum: sum.sum}, out: {square: square.txt}}
        """);
  }

  @AfterEach
  void close() {
    caisson.close();
  }

  @Test
  void rebuildsWhatAnExpiredContainerHeld() throws Exception {
    ContainerId first = run(events::add).container().orElseThrow();
    clock.advance(Duration.ofDays(31));
    file("square.sh", "echo squared $(($(<sum.txt) ** 2)) > square.txt\n");

    RunResult result = run(events::add);

    assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
    assertThat(events)
        .contains(new RunEvent.Rebuilding("container " + first + " expired", List.of("sum")));
    assertThat(result.container()).isPresent().get().isNotEqualTo(first);
    assertThat(pipeline.resolve("out/square.txt")).hasContent("squared 49");
  }

  @Test
  void goesOnWhenItsContainerIsDeletedUnderARunningStage() throws Exception {
    file("square.sh", "echo begun; sleep 1; echo $(($(<sum.txt) ** 2)) > square.txt\n");
    List<ContainerId> deleted = new ArrayList<>();

    RunResult result =
        run(event -> {
          events.add(event);
          if (deleted.isEmpty() && event instanceof RunEvent.Output) {
            ContainerId id = client.containers(PageRequest.first()).items().getFirst().id();
            deleted.add(id);
            // Not from this thread: it carries the output of the cell that is to be ended.
            Thread.ofVirtual().start(() -> client.deleteContainer(id));
          }
        });

    assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
    assertThat(result.container()).isPresent().get().isNotEqualTo(deleted.getFirst());
    assertThat(events).hasAtLeastOneElementOfType(RunEvent.StageRepeated.class);
    assertThat(pipeline.resolve("out/square.txt")).hasContent("49");
  }

  @Test
  void tellsTheStageWhoseTimeoutIsOverTheCellLimit() throws Exception {
    replace("run: square.sh,", "run: square.sh, timeout: 21s,");

    assertThatThrownBy(() -> run(events::add))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageEndingWith(": stages.square: a timeout of 21s is over the cell limit of 20s");
  }

  @Test
  void advisesWhenAStageRunsIntoItsTimeout() throws Exception {
    file("square.sh", "echo begun; sleep 30\n");
    replace("run: square.sh,", "run: square.sh, timeout: 500ms,");

    RunResult result = run(events::add);

    assertThat(result.outcome())
        .isInstanceOfSatisfying(
            RunResult.Outcome.Failed.class,
            failed -> {
              assertThat(failed.failure().cause())
                  .isEqualTo(new FailureCause.TimedOut(Duration.ofMillis(500)));
              assertThat(failed.failure().message()).contains("detection_timeout");
            });
    assertThat(events).contains(new RunEvent.Output("square", OutputStreamKind.STDOUT, "begun\n"));
  }

  private RunResult run(RunListener listener) {
    events.clear();
    return PipelineRun.run(
        client, pipeline, RunSettings.defaults(directory.resolve("data/runs")), listener);
  }

  private void file(String name, String content) throws IOException {
    Files.writeString(pipeline.resolve(name), content);
  }

  private void replace(String old, String replacement) throws IOException {
    String text = Files.readString(pipeline.resolve("pipeline.yaml"));
    assertThat(text).contains(old);
    file("pipeline.yaml", text.replace(old, replacement));
  }
}
