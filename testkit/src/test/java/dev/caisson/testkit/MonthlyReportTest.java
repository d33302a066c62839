package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.runner.Artifact;
import dev.caisson.runner.PipelineRun;
import dev.caisson.runner.RunEvent;
import dev.caisson.runner.RunResult;
import dev.caisson.runner.RunSettings;
import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of the README, run for real and checked against a computation of its own. */
@Tag("slow")
class MonthlyReportTest {
  private static final Path EXAMPLE = Path.of("..", "examples", "monthly-report");
  private static final String NO_PYARROW = "pyarrow is not in this image: intermediates are CSV";

  @TempDir Path temporary;

  private final List<RunEvent> events = new ArrayList<>();
  private Path example = EXAMPLE;

  /** A copy, so that the run's outputs do not land in the repository. */
  @BeforeEach
  void copyExample() throws IOException {
    example = temporary.resolve("monthly-report");
    try (Stream<Path> paths = Files.walk(EXAMPLE)) {
      for (Path path : paths.filter(path -> !path.startsWith(EXAMPLE.resolve("out"))).toList()) {
        Files.copy(path, example.resolve(EXAMPLE.relativize(path).toString()));
      }
    }
  }

  @Test
  void figuresAreThoseOfAnotherComputation() throws Exception {
    try (EmbeddedCaisson caisson = open(SharedImages.directory())) {
      SharedImages.standard(caisson.images());

      RunResult result = run(caisson);

      assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
      assertSummary();
      assertPicture();
      assertThat(intermediates(result))
          .containsExactly("strikes.parquet", "clean.parquet", "monthly.parquet");
      assertThat(printed()).doesNotContain(NO_PYARROW);
    }
  }

  @Test
  void secondRunReusesEverythingAndChangedStageRunsAlone() throws Exception {
    try (EmbeddedCaisson caisson = open(SharedImages.directory())) {
      SharedImages.standard(caisson.images());
      assertThat(run(caisson).succeeded()).isTrue();

      RunResult again = run(caisson);
      assertThat(again.succeeded()).isTrue();
      assertThat(ran(again)).isEmpty();

      Path chart = example.resolve("chart.py");
      Files.writeString(
          chart, Files.readString(chart).replace("figsize=(10, 8)", "figsize=(8, 6)"));
      RunResult changed = run(caisson);
      assertThat(changed.succeeded()).isTrue();
      assertThat(ran(changed)).containsExactly("chart");
      assertThat(picture().getWidth()).isEqualTo(1200);
    }
  }

  /**
   * Stands for Debian's python3-pandas and python3-matplotlib where those cannot be had: the
   * release series of pandas before the one that the default image has, and no pyarrow.
   */
  @Test
  void runsWithoutPyarrowAndSaysSo() throws Exception {
    try (EmbeddedCaisson caisson = open(temporary.resolve("images"))) {
      Path requirements =
          Files.writeString(temporary.resolve("requirements.txt"), "pandas<3\nmatplotlib<3.11\n");
      try {
        caisson.images().build(BuildRequest.of("default", requirements), BuildListener.SILENT);
      } catch (CaissonException.InvalidRequest | CaissonException.HostUnfit e) {
        abort(e.getMessage());
      }

      RunResult result = run(caisson);

      assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
      assertSummary();
      assertPicture();
      assertThat(intermediates(result)).containsExactly("strikes.csv", "clean.csv", "monthly.csv");
      assertThat(printed()).contains(NO_PYARROW);
    }
  }

  /** Where Debian's packages can be had; the root file system is made of them and nothing else. */
  @Test
  void runsOnDebiansOwnPackages() throws Exception {
    Path root = DebianRoot.make(temporary.resolve("debian"));
    try (EmbeddedCaisson caisson = open(temporary.resolve("images"))) {
      Image image = caisson.images().register(root);
      Path pipeline = example.resolve("pipeline.yaml");
      Files.writeString(
          pipeline, "image: " + image.description().name() + "\n" + Files.readString(pipeline));

      RunResult result = run(caisson);

      assertThat(result.outcome()).isEqualTo(new RunResult.Outcome.Succeeded());
      assertSummary();
      assertPicture();
      assertThat(intermediates(result)).containsExactly("strikes.csv", "clean.csv", "monthly.csv");
      assertThat(printed()).contains(NO_PYARROW);
    }
  }

  @Test
  void otherComputationCountsWhatItClaims() throws Exception {
    Path csv = temporary.resolve("few.csv");
    Files.write(
        csv,
        List.of(
            "Flight Date,Effect Amount of damage,Wildlife Size,Cost Total $",
            "1990-01-08,None,Small,0",
            "1990-01-08,None,Small,0",
            "1990-01-09,Minor,Large,12",
            "1990-01-09,C,Large,99",
            "1990-03-31,Substantial,Medium,5"));

    assertThat(StrikesByMonth.summary(csv))
        .containsExactly(
            "month,strikes,small,medium,large,damaging,cost_usd",
            "1990-01,2,1,0,1,1,12",
            "1990-02,0,0,0,0,0,0",
            "1990-03,1,0,1,0,1,5");
  }

  private EmbeddedCaisson open(Path images) {
    return EmbeddedCaisson.open(EmbeddedSettings.defaults(temporary.resolve("data"), images));
  }

  private RunResult run(EmbeddedCaisson caisson) {
    events.clear();
    return PipelineRun.run(
        caisson.client(),
        example,
        RunSettings.defaults(temporary.resolve("data/runs")),
        events::add);
  }

  private void assertSummary() throws IOException {
    List<String> expected = StrikesByMonth.summary(example.resolve("data/wildlife-strikes.csv"));
    assertThat(expected).hasSize(152);
    assertThat(example.resolve("out/summary.csv")).hasContent(String.join("\n", expected));
  }

  private void assertPicture() throws IOException {
    BufferedImage picture = picture();
    assertThat(picture.getWidth()).isEqualTo(1500);
    assertThat(picture.getHeight()).isEqualTo(1200);
    Set<Integer> colours = new HashSet<>();
    for (int y = 0; y < picture.getHeight(); y += 3) {
      for (int x = 0; x < picture.getWidth(); x += 3) {
        colours.add(picture.getRGB(x, y) & 0xffffff);
      }
    }
    assertThat(colours).contains(0xffffff, 0x000000, 0x9ecae1, 0x4292c6, 0x08519c);
  }

  private BufferedImage picture() throws IOException {
    return ImageIO.read(example.resolve("out/report.png").toFile());
  }

  private static List<String> ran(RunResult result) {
    return result.stages().stream()
        .filter(RunResult.StageResult::ran)
        .map(RunResult.StageResult::stage)
        .toList();
  }

  private static List<String> intermediates(RunResult result) {
    return result.stages().stream()
        .flatMap(stage -> stage.artifacts().stream())
        .map(Artifact::filename)
        .filter(name -> !name.equals("summary.csv") && !name.equals("report.png"))
        .toList();
  }

  private String printed() {
    StringBuilder text = new StringBuilder();
    for (RunEvent event : events) {
      if (event instanceof RunEvent.Output output && output.stream() == OutputStreamKind.STDOUT) {
        text.append(output.text());
      }
    }
    return text.toString();
  }
}
