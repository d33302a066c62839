package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Cli.Result;
import dev.caisson.wire.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.YearMonth;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class UsageCommandTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void showsExplainsAndVerifiesWhatIsBilled() throws IOException, SQLException {
    Cli cli = new Cli(directory);
    assertThat(cli.run("usage").out()).isEqualTo("nothing was billed\n");
    String container = cli.container("pass");
    cli.run("exec", container, "-c", "pass");

    Result rows = cli.run("usage");
    assertThat(rows.out().lines().toList()).hasSize(3);
    assertThat(rows.out())
        .contains("RECORDED", container, "5 min", "$0.0000", "minimum per request");
    assertThat(rows.err()).contains("10 min billed, 1550 h are free, $0.0000 to pay");
    JsonNode json = Json.parse(cli.run("usage", "--json").out(), "output");
    assertThat(json.path("data").size()).isEqualTo(2);

    String month = YearMonth.now(ZoneOffset.UTC).toString();
    Result explained = cli.run("usage", "explain", "--month", month, "--container", container);
    assertThat(explained.out())
        .contains(container + ", " + month)
        .contains("2 requests, 2 cells, 1 container")
        .contains("without reuse: each cell alone in a container", "the same")
        .contains("with the minimum for each warm period")
        .contains("No request brought files and ran nothing.");
    assertThat(cli.run("usage", "explain", "--month", "2001-01").out()).contains("0 requests");

    Result good = cli.run("usage", "verify");
    assertThat(good.code()).isZero();
    assertThat(good.out()).startsWith("intact  2 rows, last hash ");
    Path database = directory.resolve("data").resolve("caisson.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE ledger SET cells = 9 WHERE position = 2");
    }
    Result bad = cli.run("usage", "verify");
    assertThat(bad.code()).isEqualTo(Main.FAILED);
    assertThat(bad.err()).contains("not intact: row 2 (req_");
    JsonNode found = Json.parse(cli.run("usage", "verify", "--json").out(), "output");
    assertThat(found.path("intact").asBoolean(true)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"--month,november", "--month,2026-13", "--container,mine", "--limit,0"})
  void refusesWhatNamesNoRows(String option, String value) throws IOException {
    Result result = new Cli(directory).run("usage", option, value);
    assertThat(result.code()).isIn(Main.WRONG_USAGE, Main.FAILED);
    assertThat(result.err()).isNotEmpty().doesNotContain("Exception");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 ms",
    "999, 999 ms",
    "1500, 1.5 s",
    "60000, 1 min",
    "119999, 120 s",
    "300000, 5 min",
    "3600000, 1 h",
    "5400000, 90 min",
    "5580000000, 1550 h",
  })
  void writesTimesForPeople(long millis, String text) {
    assertThat(UsageView.time(millis)).isEqualTo(text);
  }
}
