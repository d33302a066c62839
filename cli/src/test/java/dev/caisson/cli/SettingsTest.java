package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.Limits;
import dev.caisson.domain.MinimumScope;
import dev.caisson.domain.OrganizationLimits;
import dev.caisson.domain.Tariff;
import dev.caisson.engine.CallLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void everySettingHasThisKeyAndDefault() {
    String table =
        Arrays.stream(Setting.values())
            .map(setting -> setting.key() + "=" + setting.defaultValue())
            .collect(Collectors.joining("\n"));
    assertThat(table)
        .isEqualTo(
            """
            data=~/.caisson
            database-url=
            images=~/.cache/caisson/images
            image=default
            host=127.0.0.1
            port=8787
            url=
            api-key=
            upstream-url=
            upstream-api-key=
            cell-limit=90s
            call-limit=270s
            invocation-limit=1h
            interrupt-grace=2s
            retention=30d
            tombstones=365d
            idle=5m
            stop-grace=30s
            orphan=60s
            memory=5GiB
            cpus=1
            processes=256
            disk=5GiB
            disk-wall=auto
            disk-floor=1GiB
            state-size=1GiB
            state-time=30s
            output=1MiB
            queue=32
            max-file=500MiB
            storage=1TiB
            organization-containers=1000000
            organization-warm=256
            organization-cells=256
            organization-requests=60000
            billing-minimum=5m
            billing-minimum-scope=request
            billing-free=1550h
            billing-price=0.05
            batch-parallelism=4
            key-requests=60000
            key-cells=256
            metrics-token=\
            """);
  }

  @Test
  void whatIsBilledIsSetInDollarsAndTimes() {
    assertThat(Settings.read(directory, Map.of()).tariff()).isEqualTo(Tariff.DEFAULT);
    Tariff set =
        Settings.read(
                directory,
                Map.of(
                    "CAISSON_BILLING_MINIMUM_SCOPE", "container", "CAISSON_BILLING_PRICE", "0.1"))
            .tariff();
    assertThat(set.scope()).isEqualTo(MinimumScope.CONTAINER);
    assertThat(set.dollarsPerHour().toPlainString()).isEqualTo("0.10");
  }

  @ParameterizedTest
  @CsvSource({
    "CAISSON_BILLING_MINIMUM_SCOPE, both",
    "CAISSON_BILLING_PRICE, cheap",
    "CAISSON_BILLING_PRICE, 11",
    "CAISSON_BILLING_PRICE, -1",
  })
  void refusesBillsThatNobodyCanRead(String variable, String value) {
    Settings settings = Settings.read(directory, Map.of(variable, value));
    assertThatThrownBy(settings::tariff)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(value);
  }

  @Test
  void limitsAreTheDocumentedOnesWhenNothingIsSet() {
    assertThat(Settings.read(directory, Map.of()).limits()).isEqualTo(Limits.DEFAULT);
  }

  @Test
  void limitsOfOrganizationsAreTheDocumentedOnesWhenNothingIsSet() {
    assertThat(Settings.read(directory, Map.of()).organizationLimits())
        .isEqualTo(OrganizationLimits.DEFAULT);
  }

  @Test
  void waitsForToolsAreTheDocumentedOnesWhenNothingIsSet() {
    assertThat(Settings.read(directory, Map.of()).callLimits()).isEqualTo(CallLimits.DEFAULT);
    Settings none = Settings.read(directory, Map.of("CAISSON_CALL_LIMIT", "0s"));
    assertThatThrownBy(none::callLimits)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("CAISSON_CALL_LIMIT='0s'");
  }

  @Test
  void flagsBeatVariablesAndVariablesBeatTheFile() throws IOException {
    Files.writeString(
        directory.resolve("caisson.yaml"), "cell-limit: 10s\nmemory: 1GiB\nidle: 1m\n");
    Settings settings =
        Settings.read(directory, Map.of("CAISSON_CELL_LIMIT", "20s", "CAISSON_IDLE", "2m"))
            .with(Setting.CELL_LIMIT, Optional.of("30s"))
            .with(Setting.IDLE, Optional.empty());

    assertThat(settings.limits().cellLimit()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.duration(Setting.IDLE)).isEqualTo(Duration.ofMinutes(2));
    assertThat(settings.limits().memory()).isEqualTo(ByteSize.ofGibibytes(1));
  }

  @Test
  void readsTheFileThatTheVariableNames() throws IOException {
    Path file = Files.writeString(directory.resolve("other.yaml"), "port: 9000\n");
    Settings settings = Settings.read(directory, Map.of("CAISSON_CONFIG", file.toString()));
    assertThat(settings.integer(Setting.PORT, 0, 65535)).isEqualTo(9000);
  }

  @Test
  void refusesANamedFileThatIsNotThere() {
    assertThatThrownBy(() -> Settings.read(directory, Map.of("CAISSON_CONFIG", "none.yaml")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("none.yaml");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# only a comment\n"})
  void takesAnEmptyFile(String text) throws IOException {
    Files.writeString(directory.resolve("caisson.yaml"), text);
    assertThat(Settings.read(directory, Map.of()).text(Setting.PORT)).isEqualTo("8787");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "celllimit: 90s | unknown setting 'celllimit'",
        "'- a' | expected settings",
        "'port: [1, 2]' | port takes one plain value",
        "'port: \"' | is no YAML"
      })
  void refusesAFileThatIsNoSettings(String text, String problem) throws IOException {
    Files.writeString(directory.resolve("caisson.yaml"), text);
    assertThatThrownBy(() -> Settings.read(directory, Map.of()))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource({
    "CELL_LIMIT,90",
    "CELL_LIMIT,0s",
    "MEMORY,5GB",
    "CPUS,0",
    "CPUS,NaN",
    "PROCESSES,1.5",
    "PROCESSES,-1"
  })
  void namesTheVariableWhoseValueIsWrong(Setting setting, String value) {
    Settings settings = Settings.read(directory, Map.of(setting.variable(), value));
    assertThatThrownBy(settings::limits)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(setting.variable() + "='" + value + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost:8787", "ftp://x", "http://", "http://a b"})
  void refusesWhatIsNoUrl(String text) {
    Settings settings = Settings.read(directory, Map.of("CAISSON_URL", text));
    assertThatThrownBy(() -> settings.uri(Setting.URL))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("CAISSON_URL");
  }

  @Test
  void homeIsWhatTheShellCallsHome() {
    assertThat(Settings.read(directory, Map.of("HOME", "/srv/me")).path(Setting.DATA))
        .isEqualTo(Path.of("/srv/me/.caisson"));
    assertThat(Settings.read(directory, Map.of()).path(Setting.DATA))
        .isEqualTo(Path.of(System.getProperty("user.home"), ".caisson"));
  }
}
