package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.KernelLock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Builders that die, are cancelled, or come two at a time. */
class ImageBuildInterruptionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path temporary;

  private Path images = Path.of("/");
  private Path requirements = Path.of("/");
  private Path wheels = Path.of("/");

  @BeforeEach
  void makeWheels() throws IOException {
    images = temporary.resolve("images");
    wheels = Files.createDirectory(temporary.resolve("wheels"));
    List<String> names = new ArrayList<>();
    for (String name : List.of("alpha", "beta", "gamma", "delta")) {
      Wheels.make(wheels, name, "1.0");
      names.add(name);
    }
    requirements = Files.write(temporary.resolve("requirements.txt"), names);
  }

  @Test
  @Tag("slow")
  void isWholeOrAbsentWheneverTheBuilderIsKilled() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Images opened = Images.open(images);
    try (PackageIndex index = new PackageIndex(wheels)) {
      int killed = 0;
      for (int round = 0; round < 8; round++) {
        Process builder = builder(index, "trial");
        if (!builder.waitFor(200 + random.nextInt(1500), TimeUnit.MILLISECONDS)) {
          builder.destroyForcibly().waitFor();
          killed++;
        }
        Images.open(images)
            .find("trial")
            .ifPresent(image -> assertThat(imported(image)).as("seed " + seed).isEqualTo("1.0"));
        opened.list().forEach(image -> opened.remove(image.description().name()));
      }
      assertThat(killed).as("rounds that were killed; seed " + seed).isPositive();

      Process last = builder(index, "trial");
      assertThat(output(last)).as("seed " + seed).contains("built ");
    }
    assertThat(imported(opened.find("trial").orElseThrow())).isEqualTo("1.0");
    awaitNoLeftovers();
  }

  @Test
  void twoBuildersBuildOnce() throws Exception {
    try (PackageIndex index = new PackageIndex(wheels)) {
      Process one = builder(index, "one");
      Process two = builder(index, "two");
      String first = output(one);
      String second = output(two);

      assertThat(first.lines().toList().getLast()).startsWith("built ");
      assertThat(second.lines().toList().getLast()).isEqualTo(first.lines().toList().getLast());
      assertThat(index.downloads()).isEqualTo(4);
    }
    assertThat(Images.open(images).list()).hasSize(2);
  }

  @Test
  void twoThreadsBuildOnce() throws Exception {
    try (PackageIndex index = new PackageIndex(wheels)) {
      List<Image> built = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (String name : List.of("one", "two", "three")) {
        threads.add(
            Thread.ofVirtual()
                .start(() -> {
                  Image image = open(index).build(BuildRequest.of(name, requirements), step -> {});
                  synchronized (built) {
                    built.add(image);
                  }
                }));
      }
      for (Thread thread : threads) {
        assertThat(thread.join(PATIENCE)).isTrue();
      }
      assertThat(built).hasSize(3);
      assertThat(built.stream().map(image -> image.description().digest()).distinct()).hasSize(1);
      assertThat(index.downloads()).isEqualTo(4);
    }
  }

  @Test
  void leavesNothingBehindWhenCancelled() throws Exception {
    try (PackageIndex index = new PackageIndex(wheels)) {
      AtomicReference<Throwable> thrown = new AtomicReference<>(new AssertionError("none"));
      AtomicReference<Boolean> flagged = new AtomicReference<>(false);
      Thread builder =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  open(index)
                      .build(
                          BuildRequest.of("trial", requirements),
                          step -> {
                            if (step instanceof BuildStep.Fetching) {
                              Thread.currentThread().interrupt();
                            }
                          });
                } catch (CaissonException e) {
                  thrown.set(e);
                  flagged.set(Thread.currentThread().isInterrupted());
                }
              });
      assertThat(builder.join(PATIENCE)).isTrue();

      assertThat(thrown.get()).hasMessageContaining("'trial' was cancelled");
      assertThat(flagged.get()).isTrue();
      assertThat(leftovers()).isEmpty();
      assertThat(Images.open(images).find("trial")).isEmpty();
    }
  }

  @Test
  void endsPipWhenTheBuilderIsKilled() throws Exception {
    // An index that says nothing once pip asks for a page keeps pip where it is.
    try (SilentIndex index = new SilentIndex()) {
      Files.write(requirements, List.of("--index-url " + index.url(), "alpha"));
      Process builder =
          process(Map.of("PATH", "/usr/bin:/bin", "PIP_CONFIG_FILE", "/dev/null"), "trial");
      index.awaitQuestion(PATIENCE);
      List<ProcessHandle> below = builder.descendants().toList();
      assertThat(below).isNotEmpty();

      builder.destroyForcibly().waitFor();

      for (ProcessHandle process : below) {
        process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      }
      awaitNoLeftovers();
    }
  }

  @Test
  void deletesRemainsOfKilledBuilders() throws Exception {
    Path remains =
        Files.createDirectories(
            images.resolve(".building-" + "a".repeat(64) + "-x").resolve("site"));
    Files.writeString(remains.resolve("file"), "half");
    Path held = Files.createDirectories(images.resolve(".building-" + "b".repeat(64) + "-y"));
    Images opened = Images.open(images);
    try (KernelLock _ =
            KernelLock.tryLock(images.resolve("locks/" + "b".repeat(64))).orElseThrow();
        PackageIndex index = new PackageIndex(wheels)) {
      open(index).build(BuildRequest.of("trial", requirements), step -> {});
    }
    assertThat(remains).doesNotExist();
    assertThat(held).exists();
    assertThat(opened.find("trial")).isPresent();
  }

  private Images open(PackageIndex index) {
    return new Images(images, Interpreter.HOST, environment(index), InstantSource.system());
  }

  private static Map<String, String> environment(PackageIndex index) {
    return Map.of(
        "PATH", "/usr/bin:/bin",
        "HOME", "/nonexistent",
        "PIP_CONFIG_FILE", "/dev/null",
        "PIP_NO_CACHE_DIR", "1",
        "PIP_INDEX_URL", index.url());
  }

  private Process builder(PackageIndex index, String name) throws IOException {
    return process(environment(index), name);
  }

  private Process process(Map<String, String> environment, String name) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ImageBuilderProcess.class.getName(),
            images.toString(),
            name,
            requirements.toString());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.redirectErrorStream(true).start();
  }

  private static String output(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static String imported(Image image) {
    try {
      ProcessBuilder builder =
          new ProcessBuilder(
              image.python(), "-c", "import alpha, beta, gamma, delta; print(delta.VERSION)");
      builder.environment().put("PYTHONPATH", image.directory().toString());
      return output(builder.redirectErrorStream(true).start()).strip();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> entries = Files.list(images)) {
      return entries.filter(path -> path.getFileName().toString().startsWith(".")).toList();
    }
  }

  private void awaitNoLeftovers() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!leftovers().isEmpty() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(leftovers()).isEmpty();
  }
}
