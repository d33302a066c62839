package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dependencies against made-up advisories, without a network. */
class DependenciesTest {
  @TempDir Path directory;
  private Path bill;

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void writeBill() throws IOException {
    bill =
        Files.writeString(
            directory.resolve("bill"),
            """
            {"bomFormat": "CycloneDX", "components": [
              {"purl": "pkg:maven/org.example/lib@2.0.0-M5?type=jar"},
              {"purl": "pkg:maven/org.example/other@1.10?type=jar"}]}
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "1.0, 2.0.0, true",
    "1.0, 2.0.0-M5, false",
    "1.0, 2.0.0-M10, true",
    "2.0.0-M5, 2.0.0, true",
    "2.0.0-M6, 2.0.0, false",
    "2.0.0, 3, false",
    "2.0.0-alpha1, 2.0.0-rc1, true",
    "0, 2.0.0-SNAPSHOT, true",
    "0, 1.9, false"
  })
  void versionsAreComparedAsMavenComparesThem(String introduced, String fixed, boolean weak)
      throws IOException {
    Result result = against(advisory("lib", range(introduced, "fixed", fixed), ""));
    assertThat(result.code()).as(result.out()).isEqualTo(weak ? 1 : 0);
  }

  @Test
  void numbersAreComparedAsNumbers() throws IOException {
    assertThat(against(advisory("other", range("0", "fixed", "1.9"), "")).code()).isZero();
    assertThat(against(advisory("other", range("1.9", "last_affected", "1.10.0"), "")).code())
        .isEqualTo(1);
    assertThat(against(advisory("other", range("1.9", "last_affected", "1.9.9"), "")).code())
        .isZero();
  }

  @Test
  void aFindingIsToldWithSeverityAndCure() throws IOException {
    Result result = against(advisory("lib", range("0", "fixed", "2.0.0"), ""));
    assertThat(result.out())
        .isEqualTo(
            """
            HIGH  GHSA-made-up  org.example:lib 2.0.0-M5  mended in 2.0.0  opens ?doors
            2 dependencies, 1 advisories (latest of 2026-01-02T03:04:05Z): 1 found
            """);
  }

  @Test
  void aListedVersionIsWeakWhateverTheRangesSay() throws IOException {
    String events = range("5", "fixed", "6");
    assertThat(against(advisory("lib", events, ", \"versions\": [\"2.0.0-M5\"]")).code())
        .isEqualTo(1);
    assertThat(against(advisory("lib", events, ", \"versions\": [\"2.0.0-M4\"]")).code()).isZero();
  }

  @Test
  void aWeaknessThatCameBackIsFound() throws IOException {
    String events =
        "{\"introduced\":\"0\"},{\"fixed\":\"1.5\"},{\"introduced\":\"1.8\"},{\"fixed\":\"1.11\"}";
    assertThat(against(advisory("other", events, "")).code()).isEqualTo(1);
    assertThat(against(advisory("other", events.replace("1.11", "1.9"), "")).code()).isZero();
  }

  @Test
  void otherArtifactsOtherEcosystemsAndWithdrawnEntriesAreNoFindings() throws IOException {
    Path osv = Files.createDirectory(directory.resolve("osv"));
    String weak = advisory("lib", range("0", "fixed", "9"), "");
    Files.writeString(osv.resolve("a.json"), weak.replace("Maven", "PyPI"));
    Files.writeString(
        osv.resolve("b.json"), weak.replace("{\"id\"", "{\"withdrawn\":\"2026-01-01\",\"id\""));
    Files.writeString(osv.resolve("c.json"), weak.replace("org.example:", "org.example.lib:"));
    Result result = run("--database", osv.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("2 dependencies, 1 advisories").contains("none found");
  }

  @Test
  void theZipThatIsPublishedIsRead() throws IOException {
    Path zip = directory.resolve("all.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("GHSA-made-up.json"));
      out.write(advisory("lib", range("0", "fixed", "9"), "").getBytes(StandardCharsets.UTF_8));
    }
    assertThat(run("--database", zip.toString()).code()).isEqualTo(1);
    byte[] cut = Files.readAllBytes(zip);
    Files.write(zip, java.util.Arrays.copyOf(cut, cut.length / 2));
    assertThat(run("--database", zip.toString()).code()).isEqualTo(3);
  }

  @Test
  void withoutADatabaseNothingIsCalledClean() {
    for (Result result : new Result[] {run(), run("--database", "/nonexistent/osv.zip")}) {
      assertThat(result.code()).isEqualTo(3);
      assertThat(result.out()).isEmpty();
      assertThat(result.err()).contains("there is no database", "Nothing was checked");
    }
    assertThat(run("--databse", "x").code()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "7", "{}", "{\"id\":\"x\"}", "\u0000\u0001"})
  void garbageIsNoDatabase(String text) throws IOException {
    Result result = against(text);
    assertThat(result.code()).isEqualTo(3);
    assertThat(result.err()).contains("one.json").contains("Nothing was checked");
    Path zip = Files.writeString(directory.resolve("garbage"), text);
    assertThat(run("--database", zip.toString()).code()).isEqualTo(3);
  }

  @Test
  void aDirectoryWithoutAdvisoriesIsNoDatabase() throws IOException {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    Result result = run("--database", empty.toString());
    assertThat(result.code()).isEqualTo(3);
    assertThat(result.err()).contains("has no advisory on Maven artifacts");
  }

  @Test
  void aBillThatIsNoneIsNotChecked() throws IOException {
    for (String text : new String[] {"{}", "x", "{\"bomFormat\":\"CycloneDX\"}"}) {
      Files.writeString(bill, text);
      assertThat(against(advisory("lib", range("0", "fixed", "9"), "")).code()).isEqualTo(3);
    }
  }

  private static String range(String introduced, String end, String version) {
    return "{\"introduced\":\"" + introduced + "\"},{\"" + end + "\":\"" + version + "\"}";
  }

  private static String advisory(String artifact, String events, String more) {
    return "{\"id\":\"GHSA-made-up\",\"modified\":\"2026-01-02T03:04:05Z\",\"summary\":\"opens"
        + " \\u001bdoors\",\"database_specific\":{\"severity\":\"HIGH\"},\"affected\":[{\"package\":"
        + "{\"ecosystem\":\"Maven\",\"name\":\"org.example:"
        + artifact
        + "\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":["
        + events
        + "]}]"
        + more
        + "}]}";
  }

  private Result against(String entry) throws IOException {
    Path file = Files.writeString(directory.resolve("one.json"), entry);
    return run("--database", file.toString());
  }

  private Result run(String... options) {
    String[] arguments = new String[options.length + 1];
    arguments[0] = bill.toString();
    System.arraycopy(options, 0, arguments, 1, options.length);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        DependenciesMain.run(
            arguments,
            Map.of("HOME", directory.toString()),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
