package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineFileTest {
  @TempDir Path directory;

  @BeforeEach
  void writeFiles() throws IOException {
    for (String name : List.of("extract.py", "clean.sh", "helper.py", "raw.csv", "extract.csv")) {
      Files.writeString(directory.resolve(name), "x");
    }
  }

  @Test
  void readsEverythingThatAPipelineCanSay() {
    Pipeline pipeline =
        read(
            """
            pipeline: monthly
            image: science
            container: {cell_limit: 60s, reuse: false}
            params: {lang: en, year: 2024, strict: true}
            env: {TZ: UTC}
            stages:
              clean:
                run: clean.sh
                in: {rows: extract.rows}
                out: {clean: clean.csv, log: logs/clean.log}
                timeout: 500ms
              extract:
                run: extract.py
                in: {raw: raw.csv}
                out: {rows: "rows.*"}
                files: [helper.py]
                params: [lang, year]
                env: {LEVEL: 3}
                expect: {rows: {min_bytes: 1KiB}}
            outputs: [clean.clean]
            """);

    assertThat(pipeline.name()).isEqualTo("monthly");
    assertThat(pipeline.image()).contains("science");
    assertThat(pipeline.container())
        .isEqualTo(new ContainerPolicy(Optional.of(Duration.ofSeconds(60)), false));
    assertThat(pipeline.params()).isEqualTo(Map.of("lang", "en", "year", "2024", "strict", "true"));
    assertThat(pipeline.stages()).extracting(Stage::name).containsExactly("extract", "clean");
    Stage extract = pipeline.stage("extract");
    assertThat(extract.in()).isEqualTo(Map.of("raw", new StageInput.SourceFile("raw.csv")));
    assertThat(extract.out()).isEqualTo(Map.of("rows", "rows.*"));
    assertThat(extract.files()).containsExactly("helper.py");
    assertThat(extract.params()).containsExactly("lang", "year");
    assertThat(extract.env()).isEqualTo(Map.of("LEVEL", "3"));
    assertThat(extract.minBytes()).isEqualTo(Map.of("rows", 1024L));
    Stage clean = pipeline.stage("clean");
    assertThat(clean.in())
        .isEqualTo(Map.of("rows", new StageInput.Upstream(new ArtifactRef("extract", "rows"))));
    assertThat(clean.timeout()).contains(Duration.ofMillis(500));
    assertThat(pipeline.outputs()).containsExactly(new ArtifactRef("clean", "clean"));
  }

  @Test
  void bringsOutWhatNoStageReadsUnlessTold() {
    Pipeline pipeline =
        read(
            """
            pipeline: p
            stages:
              extract: {run: extract.py, in: {raw: raw.csv}, out: {rows: rows.csv, log: log.txt}}
              clean: {run: clean.sh, in: {rows: extract.rows}, out: {clean: clean.csv}}
            """);

    assertThat(pipeline.outputs())
        .containsExactly(new ArtifactRef("extract", "log"), new ArtifactRef("clean", "clean"));
  }

  @Test
  void readsTheExampleThatIsShipped() {
    Pipeline pipeline = PipelineFile.read(Path.of("../examples/monthly-report"));

    assertThat(pipeline.stages())
        .extracting(Stage::name)
        .containsExactly("extract", "clean", "aggregate", "chart");
  }

  @Test
  void buildsTheSameInJava() {
    String yaml =
        """
        pipeline: p
        stages:
          extract: {run: extract.py, in: {raw: raw.csv}, out: {rows: rows.csv}}
          clean: {run: clean.sh, in: {rows: extract.rows}, out: {clean: clean.csv}, timeout: 5s}
        """;
    Pipeline built =
        Pipeline.named("p", directory)
            .stage(
                Stage.named("extract")
                    .run("extract.py")
                    .in("raw", "raw.csv")
                    .out("rows", "rows.csv")
                    .build())
            .stage(
                Stage.named("clean")
                    .run("clean.sh")
                    .in("rows", new ArtifactRef("extract", "rows"))
                    .out("clean", "clean.csv")
                    .timeout(Duration.ofSeconds(5))
                    .build())
            .build();

    assertThat(built).isEqualTo(read(yaml));
  }

  @Test
  void namesFileLineAndAllowedKeysOfAnUnknownKey() {
    assertRefused(
        """
        pipeline: p
        stages:
          extract:
            scirpt: extract.py
            run: extract.py
            out: {rows: rows.csv}
        """,
        "pipeline.yaml:4: stages.extract.scirpt: unknown key 'scirpt' (allowed here: run, in, out,"
            + " files, params, env, timeout, expect)");
    assertRefused(
        """
        pipline: p
        pipeline: p
        stages: {extract: {run: extract.py, out: {rows: r.csv}, tiemout: 3s}}
        """,
        "pipeline.yaml:1: pipline: unknown key 'pipline'; did you mean 'pipeline'?",
        "pipeline.yaml:3: stages.extract.tiemout: unknown key 'tiemout'; did you mean 'timeout'?");
  }

  @Test
  void tellsEverythingThatIsWrongAtOnceInTheOrderOfTheFile() {
    String message =
        refused(
            """
            pipeline: p
            container: {cell_limit: soon, reuse: maybe}
            stages:
              extract:
                run: extract.py
                in: {raw: missing.csv}
                out: {rows: rows.csv}
              clean:
                run: clean.sh
                in: {rows: extract.rowz}
                out: {clean: clean.csv}
            outputs: [clan.clean]
            """);

    assertThat(
            message
                .lines()
                .map(line -> line.replaceAll(".*pipeline.yaml:(\\d+): ([^ ]*): .*", "$1 $2")))
        .containsExactly(
            "2 container.cell_limit",
            "2 container.reuse",
            "6 stages.extract.in.raw",
            "10 stages.clean.in.rows",
            "12 outputs[0]");
    assertThat(message)
        .contains("not a duration: 'soon'")
        .contains("must be true or false, not the text 'maybe'")
        .contains("no file 'missing.csv' in " + directory)
        .contains("unknown artifact 'rowz'; did you mean 'rows'? (stage extract makes: rows)")
        .contains("unknown stage 'clan'; did you mean 'clean'? (the pipeline has: extract, clean)");
  }

  @Test
  void namesTheStagesOfACycle() {
    assertRefused(
        """
        pipeline: p
        stages:
          a: {run: extract.py, in: {x: c.out}, out: {out: a.txt}}
          b: {run: extract.py, in: {x: a.out}, out: {out: b.txt}}
          c: {run: extract.py, in: {x: b.out}, out: {out: c.txt}}
        """,
        "pipeline.yaml:3: stages.a.in: the stages wait for each other in a circle: a reads from c"
            + " reads from b reads from a");
  }

  @Test
  void namesAMisspeltStageOfAnInput() {
    assertRefused(
        """
        pipeline: p
        stages:
          extract: {run: extract.py, out: {rows: rows.csv}}
          clean: {run: clean.sh, in: {rows: extrct.rows}, out: {clean: clean.csv}}
        """,
        "pipeline.yaml:4: stages.clean.in.rows: unknown stage 'extrct'; did you mean 'extract'?");
  }

  @Test
  void takesADottedSlashForAFile() {
    Pipeline pipeline =
        read(
            """
            pipeline: p
            stages:
              extract: {run: extract.py, in: {x: ./extract.csv}, out: {rows: rows.csv}}
            """);

    assertThat(pipeline.stage("extract").in().get("x"))
        .isEqualTo(new StageInput.SourceFile("./extract.csv"));
  }

  @Test
  void refusesValuesOfTheWrongKind() {
    assertRefused(
        "- a\n- b\n", "pipeline.yaml:1: a pipeline is a mapping (key: value), not a list");
    assertRefused(
        "pipeline: p\nstages: [a]\n", "pipeline.yaml:2: stages: must be a mapping (key: value)");
    assertRefused(
        """
        pipeline: 7
        stages: {a: {run: [extract.py], in: raw.csv, out: {x: }, files: helper.py}}
        """,
        "pipeline.yaml:1: pipeline: must be a text, not the number 7",
        "stages.a.run: must be a text, not a list",
        "stages.a.in: must be a mapping (key: value), not the text 'raw.csv'",
        "stages.a.out.x: must be a text, not nothing",
        "stages.a.files: must be a list ([a, b]), not the text 'helper.py'");
  }

  @Test
  void refusesWhatIsMissing() {
    assertRefused("image: x\n", "pipeline: missing", "stages: missing");
    assertRefused(
        "pipeline: p\nstages: {}\n", "pipeline.yaml:2: stages: a pipeline has at least one stage");
    assertRefused(
        "pipeline: p\nstages: {a: {}}\n",
        "stages.a.run: missing",
        "stages.a.out: a stage hands on at least one file");
    assertRefused("", "pipeline.yaml:1: the file is empty");
    assertThatThrownBy(() -> PipelineFile.read(directory.resolve("nowhere")))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(
            "no pipeline at "
                + directory.resolve("nowhere")
                + ": give a directory with a pipeline.yaml, or the file itself");
  }

  @Test
  void refusesBadNames() {
    assertRefused(
        """
        pipeline: ../p
        stages:
          "a b": {run: extract.py, in: {"x/y": raw.csv}, out: {"9": r.csv}}
          ok: {run: extract.py, in: {a-b: raw.csv, a_b: helper.py}, out: {r: r.csv}, env: {IN_X: y, "A=B": c}}
        """,
        "pipeline: '../p' is no name",
        "stages.a b: 'a b' is no name",
        "stages.a b.in.x/y: 'x/y' is no name",
        "stages.a b.out.9: '9' is no name",
        "stages.ok.in.a_b: too like 'a-b': both would be one variable",
        "stages.ok.env.IN_X: names that start with IN_, OUT_ or PARAM_ are set by the runner",
        "stages.ok.env: 'A=B' is no name of a variable");
  }

  @Test
  void refusesPathsThatLeaveTheirPlace() {
    assertRefused(
        """
        pipeline: p
        stages:
          a:
            run: ../extract.py
            out: {up: ../x.csv, root: /tmp/x, dir: x/, two: "*.*", deep: "*/x", ctl: "a\\tb"}
            files: [/etc/passwd]
        """,
        "stages.a.run: '../extract.py' must not hold '..'",
        "stages.a.out.up: '../x.csv' must not hold '..'",
        "stages.a.out.root: '/tmp/x' must be relative",
        "stages.a.out.dir: 'x/' names a directory",
        "stages.a.out.two: '*.*' may hold one '*'",
        "stages.a.out.deep: '*/x' may hold a '*' in its last part only",
        "stages.a.out.ctl: 'a\\x09b' holds a control character",
        "stages.a.files[0]: '/etc/passwd' must be relative");
  }

  @Test
  void refusesAScriptThatIsNone() throws IOException {
    Files.writeString(directory.resolve("notes.txt"), "x");
    Files.createDirectory(directory.resolve("dir.py"));
    assertRefused(
        """
        pipeline: p
        stages:
          a: {run: notes.txt, out: {x: x.csv}}
          b: {run: nowhere.py, out: {x: x.csv}}
          c: {run: dir.py, out: {x: x.csv}}
        """,
        "stages.a.run: 'notes.txt' is no script: it ends neither in .py nor in .sh",
        "stages.b.run: no file 'nowhere.py' in " + directory,
        "stages.c.run: 'dir.py' is not a regular file");
  }

  @Test
  void refusesTwoFilesAtOnePlace() {
    assertRefused(
        """
        pipeline: p
        stages:
          a: {run: extract.py, in: {x: raw.csv}, out: {x: raw.csv}}
          b: {run: extract.py, out: {x: same.csv, y: ./same.csv}}
          c: {run: extract.py, in: {x: a.x, y: b.x, z: a.x}, out: {x: extract.py}}
          d: {run: extract.py, out: {x: same.csv}}
        outputs: [b.x, d.x]
        """,
        "stages.a.out.x: 'raw.csv' is also input x",
        "stages.b.out.y: 'same.csv' is also artifact x",
        "stages.c.in.z: 'raw.csv' is also input x",
        "stages.c.out.x: 'extract.py' is also the script",
        "outputs[1]: 'same.csv' is also output b.x");
  }

  @Test
  void refusesAKeyGivenTwiceAliasesAndSecondDocuments() {
    assertRefused(
        "pipeline: p\nimage: a\nimage: b\nstages: {}\n",
        "pipeline.yaml:3: 'image' stands here a second time; the first is on line 2");
    assertRefused(
        "pipeline: &p x\nimage: *p\n",
        "pipeline.yaml:2: aliases are not read; write the value out");
    assertRefused(
        "pipeline: p\n---\npipeline: q\n", "a second document begins here; one file holds one");
    assertRefused("pipeline: [p\nstages: {}\n", "pipeline.yaml:2: not YAML");
    assertThat(refused("pipeline: {p\n")).doesNotContain("[Source");
    assertRefused("pipeline: \"a\u0000b\"\n", "pipeline.yaml:1: not YAML");
  }

  @Test
  void refusesBytesThatAreNotUtf8() throws IOException {
    Files.write(directory.resolve("pipeline.yaml"), new byte[] {'p', (byte) 0xff, ':', ' ', 'x'});

    assertThatThrownBy(() -> PipelineFile.read(directory))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageEndingWith("pipeline.yaml: not UTF-8");
  }

  @Test
  void refusesUnknownParametersAndExpectations() {
    assertRefused(
        """
        pipeline: p
        params: {lang: en}
        stages:
          a:
            run: extract.py
            out: {rows: rows.csv}
            params: [lnag]
            timeout: 0s
            expect: {rosw: {min_bytes: 1}, rows: {min_bytes: -1}}
        """,
        "stages.a.params: unknown parameter 'lnag'; did you mean 'lang'? (the pipeline has: lang)",
        "stages.a.timeout: must be longer than nothing",
        "stages.a.expect.rosw: unknown artifact 'rosw'; did you mean 'rows'?",
        "stages.a.expect.rows.min_bytes: not a size: '-1'");
  }

  @Test
  void refusesATimeoutOverTheCellLimitOfThePipeline() {
    assertRefused(
        """
        pipeline: p
        container: {cell_limit: 60s}
        stages:
          a: {run: extract.py, out: {rows: rows.csv}, timeout: 60s}
          b:
            run: extract.py
            out: {rows: more.csv}
            timeout: 20m
        """,
        "pipeline.yaml:8: stages.b.timeout: 20m is over container.cell_limit, which is 60s");
  }

  private Pipeline read(String yaml) {
    try {
      Files.writeString(directory.resolve("pipeline.yaml"), yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PipelineFile.read(directory);
  }

  private String refused(String yaml) {
    try {
      read(yaml);
    } catch (CaissonException.InvalidRequest e) {
      return e.getMessage();
    }
    throw new AssertionError("not refused:\n" + yaml);
  }

  private void assertRefused(String yaml, String... parts) {
    assertThat(refused(yaml)).contains(parts);
  }
}
