package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ActionKeyTest {
  private static final Stage STAGE =
      Stage.named("clean")
          .run("clean.py")
          .in("rows", "rows.csv")
          .out("clean", "clean.csv")
          .params("lang")
          .env("TZ", "UTC")
          .build();

  private static final Pipeline PIPELINE =
      pipeline(STAGE, Map.of("lang", "en", "other", "1"), Map.of());

  private static final Map<String, String> CODE = Map.of("clean.py", "c1");

  private static final Map<String, ActionKey.Placed> INPUTS =
      Map.of("rows", new ActionKey.Placed("rows.csv", "r1"));

  private final ActionKey key = key(PIPELINE, STAGE, "image-1", CODE, Set.of(), INPUTS);

  @Test
  void isTheSameOnEveryMachineAndInEveryVersion() {
    // A new digest here makes every user's cache cold: change it knowingly, with the version.
    assertThat(key.digest())
        .isEqualTo("e6bc5ebae6f5ac3a0a02ecc30b9091ad3b70762805db666f9928244d221797c6");
  }

  @Test
  void changesWithEverythingThatTheResultHangsOn() {
    Set<String> digests = new HashSet<>();
    digests.add(key.digest());
    List<ActionKey> others =
        List.of(
            key(PIPELINE, STAGE, "image-2", CODE, Set.of(), INPUTS),
            key(PIPELINE, STAGE, "image-1", Map.of("clean.py", "c2"), Set.of(), INPUTS),
            key(
                PIPELINE,
                STAGE,
                "image-1",
                Map.of("clean.py", "c1", "h.py", "h"),
                Set.of(),
                INPUTS),
            key(PIPELINE, STAGE, "image-1", CODE, Set.of("clean.py"), INPUTS),
            key(
                PIPELINE,
                STAGE,
                "image-1",
                CODE,
                Set.of(),
                Map.of("rows", new ActionKey.Placed("rows.csv", "r2"))),
            key(
                PIPELINE,
                STAGE,
                "image-1",
                CODE,
                Set.of(),
                Map.of("rows", new ActionKey.Placed("rows.tsv", "r1"))),
            key(
                PIPELINE,
                STAGE,
                "image-1",
                CODE,
                Set.of(),
                Map.of("raws", new ActionKey.Placed("rows.csv", "r1"))),
            key(
                pipeline(STAGE, Map.of("lang", "de", "other", "1"), Map.of()),
                STAGE,
                "image-1",
                CODE,
                Set.of(),
                INPUTS),
            key(
                pipeline(STAGE, Map.of("lang", "en", "other", "1"), Map.of("A", "b")),
                STAGE,
                "image-1",
                CODE,
                Set.of(),
                INPUTS),
            key(
                PIPELINE,
                Stage.named("clean")
                    .run("clean.py")
                    .out("clean", "c.csv")
                    .params("lang")
                    .env("TZ", "UTC")
                    .build(),
                "image-1",
                CODE,
                Set.of(),
                INPUTS),
            key(
                PIPELINE,
                Stage.named("other")
                    .run("clean.py")
                    .out("clean", "clean.csv")
                    .params("lang")
                    .env("TZ", "UTC")
                    .build(),
                "image-1",
                CODE,
                Set.of(),
                INPUTS));

    others.forEach(other -> digests.add(other.digest()));

    assertThat(digests).hasSize(others.size() + 1);
  }

  @Test
  void doesNotChangeWithWhatTheResultDoesNotHangOn() {
    Stage patient =
        Stage.named("clean")
            .run("clean.py")
            .in("rows", "rows.csv")
            .out("clean", "clean.csv")
            .params("lang")
            .env("TZ", "UTC")
            .timeout(Duration.ofSeconds(5))
            .expectMinBytes("clean", 1)
            .build();
    Pipeline elsewhere =
        new Pipeline(
            "p",
            Path.of("/elsewhere"),
            Optional.of("science"),
            new ContainerPolicy(Optional.of(Duration.ofSeconds(9)), false),
            Map.of("lang", "en", "other", "2"),
            Map.of(),
            List.of(patient),
            List.of());

    assertThat(key(elsewhere, patient, "image-1", CODE, Set.of(), INPUTS).digest())
        .isEqualTo(key.digest());
  }

  @Test
  void tellsWhatChanged() {
    ActionKey now =
        key(
            pipeline(STAGE, Map.of("lang", "de"), Map.of("NEW", "1")),
            STAGE,
            "image-2",
            Map.of("clean.py", "c2", "helper.py", "h"),
            Set.of(),
            Map.of("rows", new ActionKey.Placed("rows.csv", "r2")));

    assertThat(now.changesSince(key.fields(), Set.of("lang")))
        .containsExactly(
            "clean.py changed",
            "helper.py is new",
            "env NEW is new",
            "param lang changed",
            "image changed",
            "in rows changed");
  }

  @Test
  void tellsOfParametersByTheirNames() {
    assertThat(StageEnvironment.told("PARAM_FIRST_DAY", Set.of("First-Day")))
        .isEqualTo("param First-Day");
    assertThat(StageEnvironment.told("PARAM_YEAR", Set.of())).isEqualTo("param year");
    assertThat(StageEnvironment.told("TZ", Set.of("tz"))).isEqualTo("env TZ");
  }

  private static ActionKey key(
      Pipeline pipeline,
      Stage stage,
      String image,
      Map<String, String> code,
      Set<String> executables,
      Map<String, ActionKey.Placed> inputs) {
    return ActionKey.of(pipeline, stage, image, code, executables, inputs);
  }

  private static Pipeline pipeline(
      Stage stage, Map<String, String> params, Map<String, String> env) {
    return new Pipeline(
        "p",
        Path.of("/here"),
        Optional.empty(),
        ContainerPolicy.DEFAULT,
        params,
        env,
        List.of(stage),
        List.of());
  }
}
