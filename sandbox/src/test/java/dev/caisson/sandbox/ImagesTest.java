package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds with the real pip from an index on the loopback. */
class ImagesTest {
  @TempDir Path temporary;

  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final List<BuildStep> steps = new ArrayList<>();
  private Path wheels = Path.of("/");
  private Path images = Path.of("/");

  @BeforeEach
  void makeDirectories() throws IOException {
    wheels = Files.createDirectory(temporary.resolve("wheels"));
    images = temporary.resolve("images");
  }

  @Test
  void fillsLayerThatTheInterpreterImportsFrom() throws Exception {
    Wheels.make(wheels, "alpha", "1.0", "beta>=1");
    Wheels.make(wheels, "beta", "1.5");

    Image image = open(fromLinks()).build(request("alpha==1.0"), steps::add);

    assertThat(image.kind()).isEqualTo(Image.Kind.LAYER);
    assertThat(image.python()).isEqualTo("/usr/bin/python3");
    assertThat(image.siteDirectory()).startsWith("/").contains("python3");
    assertThat(image.description().name()).isEqualTo("trial");
    assertThat(image.description().packages()).containsExactly("alpha==1.0", "beta==1.5");
    assertThat(image.description().missing()).isEmpty();
    assertThat(python(image, "import alpha, beta; print(alpha.VERSION, beta.VERSION)"))
        .isEqualTo("1.0 1.5");
    assertThat(steps)
        .contains(new BuildStep.Installing(2))
        .anyMatch(step ->
            step instanceof BuildStep.Fetching fetching
                && fetching.archive().equals("beta-1.5-py3-none-any.whl")
                && fetching.number() == 2);
  }

  @Test
  void compilesWhatItInstalls() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");

    Image image = open(fromLinks()).build(request("alpha"), steps::add);

    assertThat(files(image.directory()))
        .anyMatch(
            path -> path.toString().matches(".*alpha/__pycache__/__init__\\.cpython.*\\.pyc"));
  }

  @Test
  void findsWhatIsBuiltWithoutStartingPip() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Image first = open(fromLinks()).build(request("alpha"), steps::add);
    Files.delete(wheels.resolve("alpha-1.0-py3-none-any.whl"));
    steps.clear();

    Image second = open(fromLinks()).build(request("alpha"), steps::add);

    assertThat(second).isEqualTo(first);
    assertThat(steps).isEmpty();
    assertThat(open(fromLinks()).find("trial")).contains(first);
  }

  @Test
  void givesOtherRequirementsAnotherDigest() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Wheels.make(wheels, "alpha", "2.0");
    Images opened = open(fromLinks());

    Image one = opened.build(request("alpha==1.0"), steps::add);
    Image two = opened.build(request("alpha==2.0"), steps::add);

    assertThat(two.description().digest()).isNotEqualTo(one.description().digest());
    assertThat(opened.find("trial")).contains(two);
    assertThat(opened.list()).containsExactly(two);
  }

  @Test
  void goesPastDeadIndexToOneThatAnswers() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    try (PackageIndex index = new PackageIndex(wheels)) {
      Map<String, String> environment = environment();
      environment.put("PIP_INDEX_URL", deadUrl());
      environment.put("PIP_EXTRA_INDEX_URL", index.url());

      Image image = open(environment).build(request("alpha"), steps::add);

      assertThat(image.description().packages()).containsExactly("alpha==1.0");
      assertThat(notes()).anyMatch(note -> note.endsWith(" does not answer"));
    }
  }

  @Test
  void givesUpOnSilentIndexAfterSeconds() throws Exception {
    // It takes connections, as far as the kernel goes, and never says a word.
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<String, String> environment = environment();
      environment.put("PIP_INDEX_URL", "http://127.0.0.1:" + silent.getLocalPort() + "/simple");
      environment.put("PIP_DEFAULT_TIMEOUT", "180");
      long start = System.nanoTime();

      Image image = open(environment).build(shipped("alpha", "beta", "gamma", "delta"), steps::add);

      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
      assertThat(image.description().missing()).containsExactly("alpha", "beta", "gamma", "delta");
    }
  }

  @Test
  void namesWhatCannotBeHadAndInstallsTheRest() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");

    Image image =
        open(fromLinks())
            .build(
                shipped("alpha==1.0", "nosuch-package==3.1", "alpha==9; python_version < '3'"),
                steps::add);

    assertThat(image.description().packages()).containsExactly("alpha==1.0");
    assertThat(image.description().missing()).containsExactly("nosuch-package");
    assertThat(notes())
        .contains(
            "not to be had: nosuch-package;"
                + " `caisson image build --name trial` tries again at once");
    assertThat(python(image, "import alpha; print(alpha.VERSION)")).isEqualTo("1.0");
  }

  @Test
  void fallsBackToTheHostsOwnPackages() throws Exception {
    // pip itself is a package of the host's own Python here, so something is always there.
    Image image = open(noIndex()).build(shipped("pip", "alpha"), steps::add);

    assertThat(image.description().packages()).hasSize(1).allMatch(p -> p.startsWith("pip=="));
    assertThat(image.description().missing()).containsExactly("alpha");
    assertThat(files(image.directory())).isEmpty();
  }

  @Test
  void fallsBackWithoutPip() throws Exception {
    Image image = withoutPip().build(shipped("alpha"), steps::add);

    assertThat(image.description().missing()).containsExactly("alpha");
    assertThat(notes()).anyMatch(note -> note.contains("has no pip"));
  }

  @Test
  void saysHowToHaveWhatIsMissing() throws Exception {
    BuildRequest request = shipped("numpy", "pyarrow").named(ImageDescription.DEFAULT_NAME);
    withoutPip().build(request, steps::add);

    assertThat(notes())
        .contains("missing: numpy, pyarrow; `caisson image build` tries again at once")
        .noneMatch(note -> note.contains("pyarrow") && note.contains("apt-get"));
    if (Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
      assertThat(notes())
          .contains(
              "without an index, numpy: apt-get install python3-numpy",
              "only from an index: pyarrow");
    }
  }

  @Test
  void refusesOperatorsListThatCannotBeHadWhole() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Image kept = open(fromLinks()).build(request("alpha"), steps::add);

    BuildRequest wanting = request("alpha", "nosuch-package==3.1", "another>2  # via alpha");
    for (BuildRequest.Retry retry : BuildRequest.Retry.values()) {
      assertThatThrownBy(
              () -> open(fromLinks()).build(wanting.named("other").withRetry(retry), steps::add))
          .isInstanceOf(CaissonException.InvalidRequest.class)
          .hasMessage("packages that cannot be had: nosuch-package, another");
    }
    assertThatThrownBy(() -> open(fromLinks()).build(wanting, steps::add))
        .isInstanceOf(CaissonException.InvalidRequest.class);
    assertThatThrownBy(() -> open(noIndex()).build(wanting, steps::add))
        .isInstanceOf(CaissonException.HostUnfit.class)
        .hasMessageContaining("no package index answers")
        .hasMessageContaining("alpha, nosuch-package, another");
    assertThatThrownBy(() -> withoutPip().build(wanting, steps::add))
        .isInstanceOf(CaissonException.HostUnfit.class)
        .hasMessageContaining("has no pip")
        .hasMessageContaining("nosuch-package");

    assertThat(open(fromLinks()).list()).containsExactly(kept);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void doesNotWaitForDeadIndexAtEachStart() throws Exception {
    BuildRequest passing = shipped("alpha").withRetry(BuildRequest.Retry.WHEN_DUE);
    Image poor = open(noIndex()).build(passing, steps::add);
    Wheels.make(wheels, "alpha", "1.0");
    steps.clear();

    assertThat(open(fromLinks()).build(passing, steps::add)).isEqualTo(poor);
    assertThat(steps).isEmpty();

    now.updateAndGet(instant -> instant.plus(Duration.ofMinutes(11)));
    Image rich = open(fromLinks()).build(passing, steps::add);
    assertThat(rich.description().packages()).containsExactly("alpha==1.0");
    assertThat(open(fromLinks()).find("trial")).contains(rich);
  }

  @Test
  void triesAgainAtOnceWhenAsked() throws Exception {
    open(noIndex()).build(shipped("alpha"), steps::add);
    Wheels.make(wheels, "alpha", "1.0");

    Image image = open(fromLinks()).build(shipped("alpha"), steps::add);

    assertThat(image.description().packages()).containsExactly("alpha==1.0");
  }

  @Test
  void buildsAgainWhatIsDamaged() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Image image = open(fromLinks()).build(request("alpha"), steps::add);
    Path manifest = images.resolve(image.description().digest()).resolve("image.json");
    for (String garbage : List.of("", "{\"digest\": 7}", "null", "\0\1\2")) {
      Files.writeString(manifest, garbage);

      assertThat(open(fromLinks()).find("trial")).as(garbage).isEmpty();
      assertThat(open(fromLinks()).list()).as(garbage).isEmpty();
      assertThat(open(fromLinks()).build(request("alpha"), steps::add))
          .as(garbage)
          .isEqualTo(image);
      assertThat(open(fromLinks()).find("trial")).as(garbage).contains(image);
    }
  }

  @Test
  void takesNameOfGarbageForNone() throws Exception {
    Images opened = open(fromLinks());
    for (String garbage : List.of("", "../../etc", "\0", "A".repeat(64), "0".repeat(64))) {
      Files.writeString(images.resolve("names/broken"), garbage);
      assertThat(opened.find("broken")).as(garbage).isEmpty();
      assertThat(opened.list()).as(garbage).isEmpty();
    }
    Files.write(images.resolve("names/broken"), new byte[] {(byte) 0xff, (byte) 0xfe});
    assertThat(opened.find("broken")).isEmpty();
    Files.createDirectory(images.resolve("names/directory"));
    assertThat(opened.find("directory")).isEmpty();
    assertThat(opened.list()).isEmpty();
  }

  @Test
  void keepsWhatTheOperatorChose() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Wheels.make(wheels, "beta", "1.0");
    Image chosen = open(fromLinks()).build(request("alpha"), steps::add);

    BuildRequest passing = request("beta").withRetry(BuildRequest.Retry.WHEN_DUE);
    assertThat(open(fromLinks()).build(passing, steps::add)).isEqualTo(chosen);

    open(fromLinks()).remove("trial");
    Image ours = open(fromLinks()).build(passing, steps::add);
    assertThat(ours.description().packages()).containsExactly("beta==1.0");
    BuildRequest other = request("alpha").withRetry(BuildRequest.Retry.WHEN_DUE);
    assertThat(open(fromLinks()).build(other, steps::add).description().packages())
        .containsExactly("alpha==1.0");
  }

  @Test
  void knowsNoImageOfAnInterpreterThatIsGone() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Image image = open(fromLinks()).build(request("alpha"), steps::add);
    Path manifest = images.resolve(image.description().digest()).resolve("image.json");
    String executable = Path.of(image.python()).toRealPath().toString();
    assertThat(manifest).content().contains(executable);

    Files.writeString(manifest, Files.readString(manifest).replace(executable, "/no/python3.8"));

    assertThat(open(fromLinks()).find("trial")).isEmpty();
  }

  @Test
  void removesNameAndThenTheImage() throws Exception {
    Wheels.make(wheels, "alpha", "1.0");
    Images opened = open(fromLinks());
    Image image = opened.build(request("alpha"), steps::add);
    opened.build(
        new BuildRequest("other", request("alpha").requirements(), BuildRequest.Retry.NOW),
        steps::add);

    opened.remove("trial");
    assertThat(opened.find("trial")).isEmpty();
    assertThat(image.directory()).isDirectory();

    opened.remove("other");
    assertThat(image.directory()).doesNotExist();
    assertThatThrownBy(() -> opened.remove("other"))
        .isInstanceOf(CaissonException.NotFound.class)
        .hasMessageContaining("other");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "../x", "a/b", "A", "-a", "a\0b", "a b", "ä"})
  void refusesNameThatIsNone(String name) {
    assertThatThrownBy(() -> request("alpha").named(name))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("image name");
    assertThat(open(fromLinks()).find(name)).isEmpty();
    assertThatThrownBy(() -> open(fromLinks()).remove(name))
        .isInstanceOf(CaissonException.InvalidRequest.class);
  }

  @Test
  void refusesPackagesThatDoNotGoTogether() throws Exception {
    Wheels.make(wheels, "alpha", "1.0", "gamma==1");
    Wheels.make(wheels, "beta", "1.0", "gamma==2");
    Wheels.make(wheels, "gamma", "1");
    Wheels.make(wheels, "gamma", "2");

    assertThatThrownBy(() -> open(fromLinks()).build(request("alpha", "beta"), steps::add))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("do not go together");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void isReadableForEveryUser() throws Exception {
    Path wheel = Wheels.make(wheels, "alpha", "1.0");
    assertThat(wheel).isReadable();
    Path requirements = Files.writeString(temporary.resolve("requirements.txt"), "alpha\n");
    ProcessBuilder builder =
        new ProcessBuilder(
            "/bin/sh",
            "-c",
            "umask 077; exec \"$0\" \"$@\"",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            ImageBuilderProcess.class.getName(),
            images.toString(),
            "trial",
            requirements.toString());
    builder.environment().clear();
    builder.environment().putAll(fromLinks());
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();

    Image image = open(fromLinks()).find("trial").orElseThrow();
    List<Path> all = new ArrayList<>(files(image.directory()));
    all.add(images);
    all.add(image.directory());
    all.add(image.directory().resolveSibling("image.json"));
    assertThat(all).hasSizeGreaterThan(6);
    for (Path path : all) {
      assertThat(Files.getPosixFilePermissions(path))
          .as(path.toString())
          .contains(PosixFilePermission.OTHERS_READ);
      if (Files.isDirectory(path)) {
        assertThat(Files.getPosixFilePermissions(path))
            .as(path.toString())
            .contains(PosixFilePermission.OTHERS_EXECUTE);
      }
    }
  }

  private BuildRequest request(String... lines) {
    try {
      Path file = temporary.resolve("requirements.txt");
      Files.write(file, List.of(lines));
      return BuildRequest.of("trial", file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** As if Caisson shipped the list: its packages may be missing. */
  private BuildRequest shipped(String... lines) {
    Requirements own = request(lines).requirements();
    Requirements ours =
        new Requirements(own.lines(), own.base(), own.wheels(), Requirements.Source.STANDARD);
    return new BuildRequest("trial", ours, BuildRequest.Retry.NOW);
  }

  /** For a Python that has neither pip nor packages. */
  private Images withoutPip() throws Exception {
    Path environment = temporary.resolve("bare");
    assertThat(
            new ProcessBuilder(
                    "/usr/bin/python3", "-m", "venv", "--without-pip", environment.toString())
                .start()
                .waitFor())
        .isZero();
    return new Images(images, environment.resolve("bin/python3"), environment(), now::get);
  }

  private Images open(Map<String, String> environment) {
    return new Images(images, Interpreter.HOST, environment, now::get);
  }

  /** As if the user had configured a directory of wheels and no index. */
  private Map<String, String> fromLinks() {
    Map<String, String> environment = environment();
    environment.put("PIP_NO_INDEX", "1");
    environment.put("PIP_FIND_LINKS", wheels.toString());
    return environment;
  }

  private Map<String, String> noIndex() throws IOException {
    Map<String, String> environment = environment();
    environment.put("PIP_INDEX_URL", deadUrl());
    return environment;
  }

  private static Map<String, String> environment() {
    return new HashMap<>(
        Map.of("PATH", "/usr/bin:/bin", "HOME", "/nonexistent", "PIP_CONFIG_FILE", "/dev/null"));
  }

  /** A port where nobody listens: one that was just free. */
  private static String deadUrl() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "http://127.0.0.1:" + free.getLocalPort() + "/simple";
    }
  }

  private List<String> notes() {
    return steps.stream()
        .flatMap(step -> step instanceof BuildStep.Note note ? Stream.of(note.text()) : Stream.of())
        .toList();
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> entries = Files.list(images)) {
      return entries.filter(path -> path.getFileName().toString().startsWith(".")).toList();
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      return paths.filter(path -> !path.equals(directory)).toList();
    }
  }

  private static String python(Image image, String code) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(image.python(), "-c", code);
    builder.environment().put("PYTHONPATH", image.directory().toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    Process process = builder.redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
