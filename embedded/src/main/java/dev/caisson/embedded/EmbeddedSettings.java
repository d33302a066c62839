package dev.caisson.embedded;

import dev.caisson.engine.EngineSettings;
import dev.caisson.sandbox.SandboxSettings;
import java.nio.file.Path;

/**
 * What an engine in one process needs to know.
 *
 * @param data the data directory, made when there is none
 * @param images where images lie
 */
public record EmbeddedSettings(
    Path data, Path images, EngineSettings engine, SandboxSettings sandbox) {
  public EmbeddedSettings {
    data = data.toAbsolutePath().normalize();
    images = images.toAbsolutePath().normalize();
  }

  /** Every setting at its default. */
  public static EmbeddedSettings defaults(Path data, Path images) {
    return new EmbeddedSettings(
        data, images, EngineSettings.DEFAULT, SandboxSettings.defaults(data, images));
  }

  public EmbeddedSettings withEngine(EngineSettings value) {
    return new EmbeddedSettings(data, images, value, sandbox);
  }

  public EmbeddedSettings withSandbox(SandboxSettings value) {
    return new EmbeddedSettings(data, images, engine, value);
  }
}
