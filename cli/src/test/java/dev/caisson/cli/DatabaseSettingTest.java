package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands say of a database that cannot be used; the password never. */
class DatabaseSettingTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void aDatabaseThatDoesNotAnswerIsOneLine() throws IOException {
    Result result = serve("postgres://someone:s3cret@127.0.0.1:1/caisson");
    assertThat(result.code()).isEqualTo(Main.HOST_UNFIT);
    assertThat(result.err().lines())
        .singleElement()
        .asString()
        .contains("database postgres://someone@127.0.0.1:1/caisson cannot be reached");
  }

  @Test
  void anAddressThatIsNoneIsWrongUsage() throws IOException {
    Result result = serve("mysql://someone:s3cret@127.0.0.1:1/caisson");
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains("caisson.yaml").contains("database-url");
  }

  private Result serve(String url) throws IOException {
    Cli cli = new Cli(directory);
    Files.writeString(directory.resolve("caisson.yaml"), "database-url: " + url + "\n");
    Result result = cli.run("serve", "--port", "0");
    assertThat(result.out() + result.err()).doesNotContain("s3cret");
    return result;
  }
}
