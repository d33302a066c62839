package dev.caisson.sandbox;

import dev.caisson.domain.KernelLock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Builds layers: finds what is there already, lets one process at a time build an image, and
 * remembers an attempt that failed for long enough that not every start waits for it again.
 */
final class ImageBuilder {
  /** Raised when the same requirements would give a different layer. */
  private static final String BUILDER_VERSION = "1";

  /** After no index answered: a network comes back within minutes. */
  private static final Duration RETRY_UNREACHABLE = Duration.ofMinutes(10);

  /** After the index answered but lacked a package: a release takes days. */
  private static final Duration RETRY_INCOMPLETE = Duration.ofHours(6);

  private final ImageDirectory directory;
  private final Path python;
  private final Map<String, String> environment;
  private final InstantSource clock;

  ImageBuilder(
      ImageDirectory directory, Path python, Map<String, String> environment, InstantSource clock) {
    this.directory = directory;
    this.python = python;
    this.environment = Map.copyOf(environment);
    this.clock = clock;
  }

  Image build(BuildRequest request, BuildListener listener)
      throws IOException, InterruptedException {
    Optional<ImageDirectory.Manifest> chosen = directory.chosen(request.name());
    if (request.retry() == BuildRequest.Retry.WHEN_DUE && chosen.isPresent()) {
      return directory.name(request.name(), chosen.get(), ImageDirectory.Choice.OPERATORS);
    }
    Interpreter interpreter = Interpreter.probe(python);
    InstalledPackages host = InstalledPackages.in(interpreter.hostSites());
    String digest = digest(request.requirements(), interpreter);
    Instant asked = clock.instant();
    Optional<ImageDirectory.Manifest> ready = ready(request, digest, host, asked);
    if (ready.isEmpty()) {
      AtomicBoolean waited = new AtomicBoolean();
      Runnable waiting =
          () -> {
            waited.set(true);
            listener.on(new BuildStep.Waiting(digest));
          };
      try (KernelLock _ = directory.lock(digest, waiting)) {
        ready = ready(request, digest, host, asked);
        if (ready.isEmpty() && waited.get()) {
          ready = justTried(digest, host, asked);
        }
        if (ready.isEmpty()) {
          directory.sweep(digest);
          ready = Optional.of(attempt(request, interpreter, host, digest, listener));
        }
      }
    }
    return directory.name(request.name(), ready.get(), choice(request));
  }

  /** Asking for what would be there anyway is no choice: it may follow our next release. */
  private static ImageDirectory.Choice choice(BuildRequest request) {
    return request.retry() == BuildRequest.Retry.NOW
            && !request.requirements().equals(Requirements.standard())
        ? ImageDirectory.Choice.OPERATORS
        : ImageDirectory.Choice.OURS;
  }

  private Optional<ImageDirectory.Manifest> ready(
      BuildRequest request, String digest, InstalledPackages host, Instant now) {
    Optional<ImageDirectory.Manifest> whole = directory.manifest(digest);
    if (whole.isPresent() || request.retry() == BuildRequest.Retry.NOW) {
      return whole;
    }
    return directory
        .attempt(digest)
        .filter(attempt -> attempt.holds(now, host.fingerprint()))
        .flatMap(attempt -> directory.manifest(attempt.standIn()));
  }

  /** What another process found out while this one waited for it is as good as our own try. */
  private Optional<ImageDirectory.Manifest> justTried(
      String digest, InstalledPackages host, Instant asked) {
    return directory
        .attempt(digest)
        .filter(attempt -> attempt.atMillis() >= asked.toEpochMilli())
        .filter(attempt -> attempt.holds(clock.instant(), host.fingerprint()))
        .flatMap(attempt -> directory.manifest(attempt.standIn()));
  }

  private ImageDirectory.Manifest attempt(
      BuildRequest request,
      Interpreter interpreter,
      InstalledPackages host,
      String digest,
      BuildListener listener)
      throws IOException, InterruptedException {
    Path scratch = directory.scratch(digest);
    try {
      Layer layer =
          new LayerBuild(request, interpreter, host, scratch, environment, listener).run();
      ImageDirectory.Manifest manifest =
          new ImageDirectory.Manifest(
              layer.digest(digest, host),
              Image.Kind.LAYER,
              "",
              interpreter.python().toString(),
              interpreter.facts().executable(),
              interpreter.siteDirectory(),
              layer.packages(),
              layer.missing());
      Trees.makeReadable(ImageDirectory.site(scratch));
      directory.publish(scratch, manifest);
      if (layer.origin() == Layer.Origin.COMPLETE) {
        directory.forget(digest);
      } else {
        Duration pause =
            layer.origin() == Layer.Origin.PARTIAL ? RETRY_INCOMPLETE : RETRY_UNREACHABLE;
        Instant now = clock.instant();
        directory.remember(
            digest,
            new ImageDirectory.Attempt(
                manifest.digest(),
                host.fingerprint(),
                now.toEpochMilli(),
                now.plus(pause).toEpochMilli()));
      }
      return manifest;
    } finally {
      Trees.delete(scratch);
    }
  }

  private static String digest(Requirements requirements, Interpreter interpreter)
      throws IOException {
    Digest digest =
        new Digest()
            .add("layer")
            .add(BUILDER_VERSION)
            .add(interpreter.python().toString())
            .add(interpreter.facts().executable())
            .add(interpreter.facts().version())
            .add(interpreter.facts().abi())
            .add(interpreter.siteDirectory())
            .add(requirements.wheels().name())
            .add(requirements.text());
    for (Path archive : requirements.archives()) {
      digest.add(archive.getFileName().toString()).add(Digest.ofFile(archive));
    }
    return digest.hex();
  }
}
