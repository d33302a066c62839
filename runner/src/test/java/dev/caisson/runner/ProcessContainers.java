package dev.caisson.runner;

import dev.caisson.client.CaissonClient;
import dev.caisson.client.UsageClient;
import dev.caisson.domain.ByteRange;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellId;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.FileContent;
import dev.caisson.domain.FileId;
import dev.caisson.domain.FileReceipt;
import dev.caisson.domain.Fork;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.RebuildListener;
import dev.caisson.domain.StoredFile;
import dev.caisson.domain.WorkspaceEntry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Containers whose cells are real bash processes behind bubblewrap, without an engine: what the
 * runner's own tests need, and a place to let containers die at a chosen moment. The runner over
 * the real engine is tested in the testkit.
 */
final class ProcessContainers implements CaissonClient {
  private final Path root;
  private final Map<ContainerId, Container> containers = new LinkedHashMap<>();
  private final Set<ContainerId> expired = new HashSet<>();
  private final List<String> codes = new ArrayList<>();
  private String imageDigest = "image-1";
  private Runnable beforeCell = () -> {};

  ProcessContainers(Path root) {
    this.root = root;
  }

  /** The code of every cell that ran. */
  List<String> codes() {
    return codes;
  }

  List<ContainerId> ids() {
    return List.copyOf(containers.keySet());
  }

  void changeImage(String digest) {
    imageDigest = digest;
  }

  /** Called before every cell from now on. */
  void beforeCell(Runnable action) {
    beforeCell = action;
  }

  void expire(ContainerId id) {
    expired.add(id);
    wipe(id);
  }

  /** The id stays, the files are gone: what a host that lost its disk would show. */
  void wipe(ContainerId id) {
    deleteTree(home(id));
    makeHome(id);
  }

  /** A path inside the container as this host sees it. */
  Path onHost(ContainerId id, String path) {
    return root.resolve(id.value()).resolve(path.substring(1));
  }

  @Override
  public Container createContainer(ContainerSpec spec) {
    ContainerId id = ContainerId.next();
    makeHome(id);
    Container container = container(id, ContainerStatus.IDLE, spec.labels());
    containers.put(id, container);
    return container;
  }

  private static Container container(
      ContainerId id, ContainerStatus status, Map<String, String> labels) {
    Instant now = Instant.EPOCH;
    return new Container(
        id,
        status,
        "default",
        now,
        now.plusSeconds(60),
        now,
        0,
        labels,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Override
  public Container container(ContainerId id) {
    Container found = containers.get(id);
    if (found == null) {
      throw CaissonException.NotFound.container(id.value());
    }
    return expired.contains(id) ? container(id, ContainerStatus.EXPIRED, found.labels()) : found;
  }

  private Container alive(ContainerId id) {
    Container container = container(id);
    if (!container.status().alive()) {
      throw new CaissonException.ContainerExpired(container);
    }
    return container;
  }

  @Override
  public Fork fork(ContainerId id, Optional<Map<String, String>> labels) {
    throw new UnsupportedOperationException("the runner forks no containers");
  }

  @Override
  public Rebuild rebuild(
      ContainerId id, Optional<Map<String, String>> labels, RebuildListener listener) {
    throw new UnsupportedOperationException("the runner rebuilds no containers");
  }

  @Override
  public void deleteContainer(ContainerId id) {
    alive(id);
    containers.remove(id);
    deleteTree(root.resolve(id.value()));
  }

  @Override
  public Cell run(ContainerId id, CellSpec spec, OutputListener listener) {
    beforeCell.run();
    alive(id);
    codes.add(spec.code());
    long start = System.nanoTime();
    Duration limit = spec.timeout().orElse(Duration.ofSeconds(90));
    try {
      Process process = start(id, spec);
      StringBuilder stdout = new StringBuilder();
      StringBuilder stderr = new StringBuilder();
      Thread out = pump(process.getInputStream(), OutputStreamKind.STDOUT, stdout, listener);
      Thread err = pump(process.getErrorStream(), OutputStreamKind.STDERR, stderr, listener);
      CellOutcome outcome = await(process, limit);
      out.join();
      err.join();
      return new Cell(
          CellId.next(),
          id,
          spec.language(),
          outcome,
          new CapturedOutput(stdout.toString(), 0),
          new CapturedOutput(stderr.toString(), 0),
          Instant.EPOCH,
          Duration.ofNanos(System.nanoTime() - start),
          Duration.ZERO,
          List.of());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CaissonException.Internal("interrupted");
    }
  }

  private static CellOutcome await(Process process, Duration limit) {
    try {
      if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        return new CellOutcome.Completed(process.exitValue());
      }
      process.destroyForcibly();
      return new CellOutcome.TimedOut(limit, false);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      return new CellOutcome.Killed("cancelled", false);
    }
  }

  private Process start(ContainerId id, CellSpec spec) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "bwrap",
                "--unshare-all",
                "--die-with-parent",
                "--clearenv",
                "--as-pid-1",
                "--ro-bind",
                "/usr",
                "/usr",
                "--symlink",
                "usr/bin",
                "/bin",
                "--symlink",
                "usr/lib",
                "/lib",
                "--symlink",
                "usr/lib64",
                "/lib64",
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "--tmpfs",
                "/tmp",
                "--bind",
                home(id).toString(),
                "/home/user",
                "--chdir",
                "/home/user",
                "--uid",
                "1000",
                "--gid",
                "1000",
                "--setenv",
                "HOME",
                "/home/user",
                "--setenv",
                "PATH",
                "/usr/bin:/bin"));
    spec.environment().forEach((name, value) -> command.addAll(List.of("--setenv", name, value)));
    command.addAll(List.of("/bin/bash", "-c", spec.code()));
    return new ProcessBuilder(command).redirectInput(Path.of("/dev/null").toFile()).start();
  }

  private static Thread pump(
      InputStream from, OutputStreamKind kind, StringBuilder text, OutputListener listener) {
    return Thread.ofVirtual()
        .start(() -> {
          try (BufferedReader reader =
              new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
            String line;
            while ((line = reader.readLine()) != null) {
              text.append(line).append('\n');
              listener.output(kind, line + "\n");
            }
          } catch (IOException e) {
            // The process was killed; what it wrote until then counts.
          }
        });
  }

  @Override
  public FileReceipt write(ContainerId id, String path, InputStream content) {
    alive(id);
    Path file = onHost(id, path);
    try {
      Files.createDirectories(file.getParent());
      Files.copy(content, file, StandardCopyOption.REPLACE_EXISTING);
      try (InputStream back = Files.newInputStream(file)) {
        String sha256 = Sha256.copy(back, OutputStream.nullOutputStream());
        return new FileReceipt(path, Files.size(file), sha256);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public FileContent read(ContainerId id, String path, ByteRange range) {
    alive(id);
    Path file = onHost(id, path);
    if (!Files.isRegularFile(file)) {
      throw new CaissonException.NotFound("no file " + path);
    }
    try {
      long size = Files.size(file);
      return new FileContent(size, size, Files.newInputStream(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String imageDigest(String image) {
    return imageDigest;
  }

  @Override
  public UsageClient usage() {
    throw new UnsupportedOperationException("nothing is billed here");
  }

  @Override
  public void close() {}

  private Path home(ContainerId id) {
    return root.resolve(id.value()).resolve("home/user");
  }

  private void makeHome(ContainerId id) {
    try {
      Files.createDirectories(home(id));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void deleteTree(Path tree) {
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Page<Container> containers(PageRequest page) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Cell cell(ContainerId container, CellId cell) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Page<Cell> cells(ContainerId container, PageRequest page) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<WorkspaceEntry> list(ContainerId container, String path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(ContainerId container, String path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StoredFile upload(String filename, String mimeType, InputStream content) {
    throw new UnsupportedOperationException();
  }

  @Override
  public StoredFile file(FileId id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Page<StoredFile> files(PageRequest page) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileContent download(FileId id) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void deleteFile(FileId id) {
    throw new UnsupportedOperationException();
  }
}
