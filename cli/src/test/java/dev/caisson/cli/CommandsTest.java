package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Cli.Result;
import dev.caisson.wire.Json;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class CommandsTest {
  @TempDir private static Path directory = Path.of("");

  @SuppressWarnings("NullAway.Init") // by the method before all
  private static Cli cli;

  @BeforeAll
  static void open() throws IOException {
    cli = new Cli(directory);
  }

  @Test
  void runsACellInAFreshContainerAndTellsItsId() {
    Result result = cli.run("exec", "--new", "-c", "print(6 * 7)");
    assertThat(result.out()).isEqualTo("42\n");
    assertThat(result.err()).startsWith("container container_");
    assertThat(result.code()).isZero();
  }

  @Test
  void findsTheFilesOfAnEarlierCommandAgain() {
    String container = cli.container("open('/tmp/x', 'w').write('kept')");
    Result result = cli.run("exec", container, "--bash", "-c", "cat /tmp/x; echo warn >&2");
    assertThat(result.out()).isEqualTo("kept");
    assertThat(result.err()).isEqualTo("warn\n");
  }

  @Test
  void exitsWithOneWhenTheCellFails() {
    Result result = cli.run("exec", "--new", "-c", "1 / 0");
    assertThat(result.code()).isEqualTo(Main.FAILED);
    assertThat(result.err()).contains("ZeroDivisionError");
  }

  @Test
  void writesTheCellAsJson() {
    Result result = cli.run("exec", "--new", "--json", "-c", "print('a'); raise SystemExit(5)");
    JsonNode cell = Json.parse(result.out(), "output");
    assertThat(cell.get("stdout").asString()).isEqualTo("a\n");
    assertThat(cell.get("return_code").asInt()).isEqualTo(5);
    assertThat(result.code()).isEqualTo(Main.FAILED);
  }

  @Test
  void runsAFileByItsName() throws IOException {
    Path script = Files.writeString(directory.resolve("hello.sh"), "echo hello from $NAME\n");
    Result result = cli.run("exec", "--new", script.toString(), "-e", "NAME=bash");
    assertThat(result.out()).isEqualTo("hello from bash\n");
  }

  @Test
  void refusesCodeThatIsNotText() throws IOException {
    Path script = Files.write(directory.resolve("bad.py"), new byte[] {'#', (byte) 0xff, '\n'});
    Result result = cli.run("exec", "--new", script.toString());
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains("bad.py is not UTF-8 text");
  }

  @Test
  void tellsWrongUsageFromAContainerThatIsNotThere() {
    Result unknown = cli.run("exec", "container_0000000000000000000000", "-c", "1");
    assertThat(unknown.code()).isEqualTo(Main.FAILED);
    assertThat(unknown.err()).contains("Container `container_0000000000000000000000` not found");
    assertThat(cli.run("exec", "nonsense", "-c", "1").code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(cli.run("exec").code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(cli.run("exec", "--new").err()).contains("exec needs code");
    assertThat(cli.run("exec", "--new", "none.py").err()).contains("no such file: none.py");
    assertThat(cli.run("exec", "--new", "/tmp").err()).contains("/tmp is a directory");
    assertThat(cli.run("exec", "--new", "-c", "1", "--timeout", "10").err()).contains("'10'");
  }

  @Test
  void copiesFilesInAndOut() throws IOException {
    String container = cli.container("pass");
    Path source = Files.writeString(directory.resolve("in.txt"), "content");

    assertThat(cli.run("cp", source.toString(), container + ":").err())
        .contains("/home/user/in.txt (7 bytes)");
    assertThat(cli.run("cp", container + ":in.txt", "-").out()).isEqualTo("content");
    Path target = directory.resolve("out.txt");
    assertThat(cli.run("cp", container + ":/home/user/in.txt", target.toString()).code()).isZero();
    assertThat(target).hasContent("content");
  }

  @Test
  void refusesACopyThatGoesNowhere() {
    assertThat(cli.run("cp", "a", "b").code()).isEqualTo(Main.WRONG_USAGE);
    String container = cli.container("pass");
    assertThat(cli.run("cp", "none", container + ":").err()).contains("no such file: none");
    assertThat(cli.run("cp", container + ":/tmp/none", "-").code()).isEqualTo(Main.FAILED);
    Result nowhere = cli.run("cp", container + ":/etc/hosts", "/nowhere/at/all");
    assertThat(nowhere.code()).isEqualTo(Main.FAILED);
    assertThat(nowhere.err()).endsWith("/nowhere/at/all.partial: no such file or directory\n");
  }

  @Test
  void listsShowsAndDeletesContainers() {
    String container = cli.container("open('a\\u202e.txt', 'w').write('x' * 2048)");

    assertThat(cli.run("containers", "ls").out()).contains(container).contains("released");
    assertThat(cli.run("containers", "show", container).out())
        .contains("2KiB")
        .contains("a\\u202e.txt")
        .contains("completed")
        .contains("+1 ~0 -0")
        .contains("  + /home/user/a\\u202e.txt  2KiB  ");
    JsonNode shown = Json.parse(cli.run("containers", "show", container, "--json").out(), "output");
    assertThat(shown.get("id").asString()).isEqualTo(container);
    assertThat(shown.at("/cells/data/0/changed/created/0/size_bytes").asInt()).isEqualTo(2048);
    assertThat(cli.run("containers", "rm", container).out())
        .isEqualTo("deleted " + container + "\n");
    assertThat(cli.run("containers", "show", container).out())
        .contains("ended        deleted at 20")
        .contains("last cell    cell_")
        .contains("held         1 file\n")
        .contains("    /home/user/a\\u202e.txt  2KiB  ");
    assertThat(cli.run("containers", "rm", container).err()).contains("was deleted at 20");
  }

  @Test
  void rebuildsAContainerAndSaysWhatIsNotTheSame() {
    String container = cli.container("open('/tmp/same', 'w').write('x')");
    Result same = cli.run("containers", "rebuild", container);
    assertThat(same.code()).isZero();
    assertThat(same.err()).contains("1/1  cell cell_");
    assertThat(same.out()).startsWith("container_").contains("1 match, 0 differ, 0 missing");
    cli.run("exec", container, "--bash", "-c", "date +%s%N > /tmp/time");
    Result other = cli.run("containers", "rebuild", container);
    assertThat(other.code()).isEqualTo(Main.FAILED);
    assertThat(other.out()).contains("differs    /tmp/time");
    JsonNode json =
        Json.parse(cli.run("containers", "rebuild", container, "--json").out(), "output");
    assertThat(json.at("/rebuilt/counts/differs").asInt()).isEqualTo(1);
  }

  @Test
  void keepsStoredFilesAndWhatCellsMake() throws IOException {
    Path source = Files.writeString(directory.resolve("data.csv"), "a,b\n");
    String upload = cli.run("files", "put", source.toString()).firstLine();
    assertThat(cli.run("files", "ls").out()).contains(upload).contains("data.csv");
    assertThat(cli.run("files", "get", upload, "-").code()).isNotZero();
    assertThat(cli.run("files", "rm", upload).out()).isEqualTo("deleted " + upload + "\n");

    Result made =
        cli.run("exec", "--new", "--json", "--bash", "-c", "printf made > $OUTPUT_DIR/r.txt");
    String file = Json.parse(made.out(), "output").get("outputs").get(0).get("file_id").asString();
    assertThat(cli.run("files", "get", file, "-").out()).isEqualTo("made");
  }

  @Test
  void makesListsAndRevokesKeys() {
    String created = cli.run("keys", "create", "--name", "ci", "--json").out();
    JsonNode key = Json.parse(created, "output");
    assertThat(key.get("key").asString()).startsWith("sk-caisson-");
    String id = key.get("id").asString();
    assertThat(cli.run("keys", "ls").out()).contains(id).doesNotContain(key.get("key").asString());
    assertThat(cli.run("keys", "revoke", id).out()).isEqualTo("revoked " + id + "\n");
    assertThat(cli.run("keys", "revoke", "key_0").code()).isEqualTo(Main.FAILED);
    assertThat(cli.run("keys", "revoke", "x").code()).isEqualTo(Main.WRONG_USAGE);
  }

  @Test
  void makesOrganizationsAndSetsTheirLimits() {
    String id = cli.run("organizations", "create", "acme").out().strip();
    assertThat(id).startsWith("org_");
    assertThat(cli.run("organizations", "create", "acme").code()).isEqualTo(Main.FAILED);
    Result key = cli.run("keys", "create", "--organization", "acme", "--json");
    assertThat(Json.parse(key.out(), "key").get("organization_id").asString()).isEqualTo(id);
    assertThat(cli.run("keys", "create", "--organization", "nobody").err())
        .contains("Organization `nobody` not found");
    assertThat(cli.run("keys", "ls", "--organization", "acme").out().lines()).hasSize(2);

    Result set = cli.run("organizations", "set", "acme", "--warm", "7", "--storage", "5GiB");
    assertThat(set.out()).isEqualTo("warm 7*\nstorage 5GiB*\n");
    assertThat(cli.run("organizations", "ls").out()).contains("acme", "7*", "5GiB*", "60000");
    JsonNode given =
        Json.parse(cli.run("organizations", "set", id, "--warm", "default", "--json").out(), "set");
    assertThat(given.at("/limits/warm").asInt()).isEqualTo(256);
    assertThat(given.get("own_limits").toString()).isEqualTo("[\"storage\"]");
    for (String wrong : new String[] {"-1", "x", "", "99999999999999999999"}) {
      assertThat(cli.run("organizations", "set", "acme", "--cells", wrong).code())
          .as(wrong)
          .isEqualTo(Main.WRONG_USAGE);
    }
    assertThat(cli.run("organizations", "set", "acme").code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(cli.run("organizations", "set", "acme", "--requests", "0").err())
        .contains("requests: must be at least 1");

    String keyId = Json.parse(key.out(), "key").get("id").asString();
    assertThat(cli.run("organizations", "revoke", "acme").out())
        .isEqualTo("revoked " + keyId + "\n");
    assertThat(cli.run("organizations", "revoke", "acme").err()).contains("has no key");
  }

  @Test
  void namesTheImageThatIsNotThere() {
    Result result = cli.run("exec", "--new", "--image", "none", "-c", "1");
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains("image 'none' does not exist; there are: bare");
  }

  @Test
  void refusesADirectoryThatIsNoRootFileSystem() throws IOException {
    Path empty = Files.createDirectories(directory.resolve("empty"));
    Result result = cli.run("exec", "--new", "--image", empty.toString(), "-c", "1");
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains(empty.toString()).contains("/bin/bash");
  }

  @Test
  void explainsItself() {
    assertThat(cli.run("--version").out()).startsWith("caisson ").contains("Java");
    assertThat(cli.run("run", "--help").out())
        .contains("Examples:")
        .contains("examples/monthly-report");
    assertThat(cli.run().code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(cli.run("exce").err()).contains("exec");
    assertThat(cli.run("exec", "--nonsense").code()).isEqualTo(Main.WRONG_USAGE);
  }

  @Test
  void doctorTriesWallsAndSaysHow() {
    Result result = cli.run("doctor", "--json");
    JsonNode report = Json.parse(result.out(), "output");
    assertThat(report.get("walls").size()).isGreaterThan(5);
    assertThat(report.get("fit").asBoolean()).isEqualTo(result.code() == 0);
    report.get("walls").forEach(wall -> assertThat(wall.get("evidence").asString()).isNotBlank());
  }

  @Test
  void tellsTheReturnCodeOfACellThatFailsInSilence() {
    assertThat(cli.run("exec", "--new", "--bash", "-c", "exit 7").err())
        .contains("completed with return code 7");
  }

  @Test
  void writesErrorsAsJsonToo() {
    Result result = cli.run("exec", "container_0000000000000000000000", "-c", "1", "--json");
    JsonNode error = Json.parse(result.out(), "output").get("error");
    assertThat(error.get("type").asString()).isEqualTo("not_found");
    assertThat(error.get("message").asString()).contains("container_0000000000000000000000");
  }

  @Test
  void anImageOfOnesOwnNeedsAName() throws IOException {
    Path requirements = Files.writeString(directory.resolve("own.txt"), "");
    Result result = cli.run("image", "build", "-r", requirements.toString());
    assertThat(result.code()).isEqualTo(Main.WRONG_USAGE);
    assertThat(result.err()).contains("-r needs --name");
    assertThat(cli.run("image", "build", "-r", requirements.toString(), "--name", "own").code())
        .isZero();
    assertThat(cli.run("image", "ls").out()).contains("own");
    assertThat(cli.run("image", "rm", "own").out()).isEqualTo("removed own\n");
  }

  @Test
  void failsWhenItsResultCannotBeWritten() throws Exception {
    Process process = cli.start("keys", "ls");
    assertThat(process.waitFor()).isZero();
    ProcessBuilder full = cli.command("keys", "ls").redirectOutput(new File("/dev/full"));
    Process failed = full.start();
    assertThat(new String(failed.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("standard output cannot be written");
    assertThat(failed.waitFor()).isEqualTo(Main.FAILED);
  }
}
