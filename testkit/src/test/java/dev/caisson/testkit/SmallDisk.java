package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A real file system of a few megabytes, mounted from a file; takes root. */
final class SmallDisk implements AutoCloseable {
  private static final int CHUNK = 1 << 20;

  private final Path image;
  private final Path mount;

  private SmallDisk(Path image, Path mount) {
    this.image = image;
    this.mount = mount;
  }

  static SmallDisk mount(Path image, Path mount, int mebibytes) throws IOException {
    assumeTrue(System.getProperty("user.name", "").equals("root"), "mounting takes root");
    Files.createDirectories(mount);
    run("truncate", "-s", mebibytes + "M", image.toString());
    run("mkfs.ext4", "-q", "-m", "0", "-F", image.toString());
    run("mount", "-o", "loop", image.toString(), mount.toString());
    return new SmallDisk(image, mount);
  }

  /** Leaves not one block. */
  void fill() throws IOException {
    try (OutputStream out = Files.newOutputStream(filler())) {
      for (int size = CHUNK; size > 0; size /= 2) {
        write(out, new byte[size]);
      }
    }
    assertThat(mount.toFile().getUsableSpace()).isLessThan(8192);
  }

  /** Leaves about so much. */
  void fillBut(int mebibytes) throws IOException {
    Files.deleteIfExists(filler());
    try (OutputStream out = Files.newOutputStream(filler())) {
      while (mount.toFile().getUsableSpace() > (long) mebibytes * CHUNK) {
        out.write(new byte[CHUNK]);
      }
    }
  }

  private static void write(OutputStream out, byte[] chunk) {
    try {
      while (true) {
        out.write(chunk);
      }
    } catch (IOException e) {
      // full, for chunks of this size
    }
  }

  void clear() throws IOException {
    Files.delete(filler());
  }

  private Path filler() {
    return mount.resolve("filler");
  }

  @Override
  public void close() throws IOException {
    // What a killed server left running has files open until it ends itself.
    run("umount", "--lazy", mount.toString());
    Files.deleteIfExists(image);
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.onExit().orTimeout(30, TimeUnit.SECONDS).join().exitValue())
        .as(String.join(" ", command) + ": " + said)
        .isZero();
  }
}
