package dev.caisson.testkit;

import dev.caisson.domain.OrganizationId;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineSettings;
import dev.caisson.engine.Keys;
import dev.caisson.messages.Messages;
import dev.caisson.messages.MessagesSettings;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Images;
import dev.caisson.sandbox.LocalSandboxes;
import dev.caisson.sandbox.SandboxSettings;
import dev.caisson.server.CaissonServer;
import dev.caisson.server.ServerSettings;
import dev.caisson.store.Store;
import dev.caisson.store.testing.TestDatabases;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A whole Caisson on a free port of loopback, in this process: real store, real sandboxes, real
 * HTTP. Its default image is the host's Python without a layer of packages, so that it starts at
 * once and without a network.
 */
public final class RunningCaisson implements AutoCloseable {
  private final Store store;
  private final LocalSandboxes sandboxes;
  private final Engine engine;
  private final Messages messages;
  private final CaissonServer server;
  private final String key;
  private final OrganizationId organization;

  private RunningCaisson(Options options) {
    this.store = TestDatabases.open(options.data());
    this.sandboxes =
        LocalSandboxes.open(SandboxSettings.defaults(options.data(), bareImages(options.images())));
    this.engine = Engine.open(options.engine(), store, sandboxes, options.clock());
    Keys.NewKey made = engine.keys().create(engine.keys().localOrganization(), "testkit");
    this.key = made.text();
    this.organization = made.organizationId();
    this.messages = Messages.open(options.messages(), engine);
    this.server = CaissonServer.start(options.server(), engine, messages);
  }

  /** A server over a directory, all else as it ships, but for the port. */
  public static Options over(Path directory) {
    return new Options(
        directory.resolve("data"),
        directory.resolve("images"),
        // Tests move the clock by days.
        EngineSettings.DEFAULT.withClockGrace(Duration.ZERO),
        MessagesSettings.DEFAULT,
        ServerSettings.DEFAULT.withPort(0),
        InstantSource.system());
  }

  /**
   * What differs from a server as it ships.
   *
   * @param data the data directory
   * @param images where images lie
   */
  public record Options(
      Path data,
      Path images,
      EngineSettings engine,
      MessagesSettings messages,
      ServerSettings server,
      InstantSource clock) {
    public Options engine(UnaryOperator<EngineSettings> change) {
      return new Options(data, images, change.apply(engine), messages, server, clock);
    }

    public Options messages(UnaryOperator<MessagesSettings> change) {
      return new Options(data, images, engine, change.apply(messages), server, clock);
    }

    public Options server(UnaryOperator<ServerSettings> change) {
      return new Options(data, images, engine, messages, change.apply(server), clock);
    }

    public Options clock(InstantSource newClock) {
      return new Options(data, images, engine, messages, server, newClock);
    }

    public Options upstream(ScriptedUpstream upstream) {
      return messages(settings -> settings.withUpstream(upstream.url()));
    }

    public RunningCaisson start() {
      return new RunningCaisson(this);
    }
  }

  public URI url() {
    return server.url();
  }

  /** What the server answers, such as {@code GET /v1/files/{id}}. */
  public List<String> routes() {
    return server.routes();
  }

  /** A key of the organization that the embedded engine works for. */
  public String key() {
    return key;
  }

  public OrganizationId organization() {
    return organization;
  }

  public Engine engine() {
    return engine;
  }

  @Override
  public void close() {
    server.close();
    messages.close();
    engine.close();
    sandboxes.close();
    store.close();
  }

  /** Makes only the image of a server over that directory, for one in a process of its own. */
  static void makeImage(Path directory) {
    bareImages(directory.resolve("images"));
  }

  /** Images with a default that needs no package index. */
  private static Path bareImages(Path directory) {
    try {
      Files.createDirectories(directory);
      Path requirements = Files.writeString(directory.resolve("none.txt"), "");
      Images.open(directory).build(BuildRequest.of("default", requirements), step -> {});
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A clock that stands still until it is moved. For use from many threads. */
  public static final class HandClock implements InstantSource {
    private volatile Instant now = Instant.now();

    public void advance(Duration by) {
      now = now.plus(by);
    }

    @Override
    public Instant instant() {
      return now;
    }
  }
}
