package dev.caisson.cli;

import dev.caisson.client.HttpCaisson;
import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerSpec;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.embedded.EmbeddedSettings;
import dev.caisson.engine.DiskSettings;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineSettings;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Image;
import dev.caisson.sandbox.ImageDescription;
import dev.caisson.sandbox.Images;
import dev.caisson.sandbox.SandboxSettings;
import dev.caisson.store.DataDirectory;
import dev.caisson.store.ServerAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Turns settings into what commands work with. */
final class Connections {
  /** What a connection is for; only code needs an image. */
  enum Need {
    /** Cells may run: the image is built first when it is missing. */
    CODE,
    /** Only what is stored is looked at or changed. */
    RECORDS
  }

  private Connections() {}

  /**
   * The server that was named, else the one that runs on the data directory, else the engine in
   * this process.
   */
  static Connection open(Settings settings, Need need, Console console) {
    Optional<URI> url = settings.uri(Setting.URL);
    if (url.isPresent()) {
      String key =
          settings
              .optional(Setting.API_KEY)
              .orElseThrow(() ->
                  new UsageException("a server needs a key: set CAISSON_API_KEY or give --key"));
      return http(url.get(), key, settings);
    }
    DataDirectory directory = DataDirectory.open(settings.path(Setting.DATA));
    Optional<ServerAddress> running = directory.runningServer();
    if (running.isPresent()) {
      String key =
          settings
              .optional(Setting.API_KEY)
              .or(directory::readCredentials)
              .orElseThrow(() ->
                  new UsageException(
                      "the server at "
                          + running.get().url()
                          + " has data directory "
                          + directory.root()
                          + ", and "
                          + directory.credentials()
                          + " is not there: set CAISSON_API_KEY or give --key"));
      return http(running.get().url(), key, settings);
    }
    EmbeddedCaisson caisson =
        need == Need.CODE ? forCode(settings, console) : forRecords(settings, console);
    return new Connection(caisson.client(), caisson.engine().defaultImage(), caisson::close);
  }

  private static Connection http(URI url, String key, Settings settings) {
    String image = settings.text(Setting.IMAGE);
    if (isDirectory(image)) {
      throw new UsageException(
          "--image "
              + image
              + ": a directory can be an image only for an engine in this process; start"
              + " the server at "
              + url
              + " with it, or name an image that it has");
    }
    return new Connection(HttpCaisson.connect(url, key), image, () -> {});
  }

  /** The engine in this process, without an image: for what is stored. */
  static EmbeddedCaisson forRecords(Settings settings, Console console) {
    return open(embedded(settings, ImageDescription.DEFAULT_NAME), console);
  }

  /** Does something to what is stored, through an engine in this process; a server may run too. */
  static int onRecords(CaissonCommand command, Function<Engine, Integer> action) {
    try (EmbeddedCaisson caisson = forRecords(command.settings(), command.console())) {
      return action.apply(caisson.engine());
    }
  }

  /** The engine in this process, its default image built when it is missing. */
  static EmbeddedCaisson forCode(Settings settings, Console console) {
    return open(embedded(settings, image(settings, console)), console);
  }

  private static EmbeddedCaisson open(EmbeddedSettings settings, Console console) {
    return EmbeddedCaisson.open(
        settings,
        InstantSource.system(),
        (container, pid) ->
            console.note(
                "container "
                    + container
                    + " is in use by "
                    + (pid.isPresent() ? "process " + pid.getAsLong() : "another process")
                    + "; waiting for it"));
  }

  static SandboxSettings sandbox(Settings settings) {
    return SandboxSettings.defaults(settings.path(Setting.DATA), settings.path(Setting.IMAGES))
        .withOrphan(settings.duration(Setting.ORPHAN))
        .withDiskWall(settings.diskWall());
  }

  /** What a command asks of a new container: the image only when the user named one. */
  static ContainerSpec newContainer(Settings settings) {
    Optional<String> image =
        settings
            .optional(Setting.IMAGE)
            .filter(name -> !name.equals(ImageDescription.DEFAULT_NAME) && !isDirectory(name));
    return new ContainerSpec(image, List.of(), Map.of());
  }

  private static EmbeddedSettings embedded(Settings settings, String image) {
    EngineSettings engine =
        EngineSettings.DEFAULT
            .withLimits(settings.limits())
            .withCalls(settings.callLimits())
            .withTariff(settings.tariff())
            .withDisk(DiskSettings.DEFAULT.withFloor(settings.size(Setting.DISK_FLOOR)))
            .withRetention(settings.duration(Setting.RETENTION))
            .withTombstones(settings.duration(Setting.TOMBSTONES))
            .withIdle(settings.duration(Setting.IDLE))
            .withWaitingCells(settings.integer(Setting.QUEUE, 0, 100_000))
            .withUploadLimit(settings.size(Setting.MAX_FILE))
            .withOrganizations(settings.organizationLimits())
            .withDefaultImage(image);
    return new EmbeddedSettings(
        settings.path(Setting.DATA),
        settings.database(),
        settings.path(Setting.IMAGES),
        engine,
        sandbox(settings));
  }

  /** The name of the image in force, which exists when this returns. */
  private static String image(Settings settings, Console console) {
    Images images = Images.open(settings.path(Setting.IMAGES));
    String wanted = settings.text(Setting.IMAGE);
    if (isDirectory(wanted)) {
      return images.register(Path.of(wanted)).description().name();
    }
    if (wanted.equals(ImageDescription.DEFAULT_NAME)) {
      Image built = ImageProgress.build(images, BuildRequest.standard(), console);
      return built.description().name();
    }
    return images
        .find(wanted)
        .map(image -> image.description().name())
        .orElseThrow(() ->
            new CaissonException.InvalidRequest(
                "image '"
                    + wanted
                    + "' does not exist; there are: "
                    + String.join(
                        ", ",
                        images.list().stream().map(image -> image.description().name()).toList())));
  }

  private static boolean isDirectory(String image) {
    return image.contains("/") || Files.isDirectory(Path.of(image));
  }
}
