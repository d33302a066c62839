package dev.caisson.embedded;

import dev.caisson.engine.EngineSettings;
import dev.caisson.sandbox.SandboxSettings;
import dev.caisson.store.DatabaseUrl;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What an engine in one process needs to know.
 *
 * @param data the data directory, made when there is none
 * @param database where the metadata stands; empty for a file in the data directory
 * @param images where images lie
 */
public record EmbeddedSettings(
    Path data,
    Optional<DatabaseUrl> database,
    Path images,
    EngineSettings engine,
    SandboxSettings sandbox) {
  public EmbeddedSettings {
    data = data.toAbsolutePath().normalize();
    images = images.toAbsolutePath().normalize();
  }

  /** Every setting at its default. */
  public static EmbeddedSettings defaults(Path data, Path images) {
    return new EmbeddedSettings(
        data,
        Optional.empty(),
        images,
        EngineSettings.DEFAULT,
        SandboxSettings.defaults(data, images));
  }

  public EmbeddedSettings withDatabase(DatabaseUrl value) {
    return new EmbeddedSettings(data, Optional.of(value), images, engine, sandbox);
  }

  public EmbeddedSettings withEngine(EngineSettings value) {
    return new EmbeddedSettings(data, database, images, value, sandbox);
  }

  public EmbeddedSettings withSandbox(SandboxSettings value) {
    return new EmbeddedSettings(data, database, images, engine, value);
  }
}
