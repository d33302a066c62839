package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.engine.Engine;
import dev.caisson.messages.Messages;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.util.JavalinException;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server over an engine. Closing it ends what its requests run; the engine stays open and
 * belongs to whoever made it.
 */
public final class CaissonServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CaissonServer.class);

  /**
   * Refuses %2F and other escapes that two readers of a path would take differently; %25 is only
   * decoded once here, and a file may have it in its name.
   */
  private static final UriCompliance URIS =
      UriCompliance.DEFAULT.with("CAISSON", UriCompliance.Violation.AMBIGUOUS_PATH_ENCODING);

  /** What a reply may take to its end once its work has been interrupted. */
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  /**
   * Connections that may wait to be accepted. Java's default of 50 was seen to overflow when 200
   * clients connect at once, and Linux then resets connections that clients hold for established.
   */
  private static final int ACCEPT_QUEUE = 1024;

  private final Javalin app;
  private final Disconnects disconnects;
  private final GracefulHandler replies;
  private final Stopping stopping;
  private final URI url;

  private CaissonServer(
      Javalin app, Disconnects disconnects, GracefulHandler replies, Stopping stopping, URI url) {
    this.app = app;
    this.stopping = stopping;
    this.disconnects = disconnects;
    this.replies = replies;
    this.url = url;
  }

  /**
   * Starts to listen.
   *
   * @throws CaissonException.HostUnfit when the address cannot be had
   */
  public static CaissonServer start(ServerSettings settings, Engine engine, Messages messages) {
    Disconnects disconnects = new Disconnects();
    GracefulHandler replies = new GracefulHandler();
    Stopping stopping = new Stopping(settings.stopGrace());
    Javalin app =
        Javalin.create(config -> {
          configure(config, settings);
          config.jetty.modifyServer(server -> {
            Heads heads = new Heads();
            heads.setHandler(replies);
            server.setHandler(heads);
          });
          ErrorReplies.register(config);
          config.routes.before(stopping::refuse);
          routes(config.routes, settings, engine, messages, disconnects);
        });
    try {
      app.start(settings.host(), settings.port());
    } catch (JavalinException e) {
      throw new CaissonException.HostUnfit(
          "cannot listen on " + settings.host() + ":" + settings.port() + ": " + reason(e), e);
    }
    return new CaissonServer(
        app, disconnects, replies, stopping, address(settings.host(), app.port()));
  }

  /** What is answered, such as {@code GET /v1/files/{id}}. */
  public List<String> routes() {
    return app.unsafe.internalRouter.allHttpHandlers().stream()
        .map(route -> route.endpoint)
        .filter(route -> route.method.isHttpMethod())
        .map(route -> route.method + " " + route.path)
        .toList();
  }

  /** Where it listens, such as {@code http://127.0.0.1:8787}. */
  public URI url() {
    return url;
  }

  /** How many requests are being answered. */
  public long running() {
    return replies.getCurrentRequestCount();
  }

  /**
   * Refuses what comes from now on and gives what runs its time; {@link #close} does so by itself.
   */
  public void drain() {
    stopping.await(replies::getCurrentRequestCount);
  }

  /** Ends the wait of {@link #drain}. */
  public void hurry() {
    stopping.hurry();
  }

  /**
   * Gives what runs its time, refuses what comes meanwhile; ends what still runs then, lets each
   * client hear how its request ended, and stops to listen.
   */
  @Override
  public void close() {
    drain();
    disconnects.interruptAll();
    try {
      replies.shutdown().get(FAREWELL.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn(
          "replies were cut off by the end of the server count={}",
          replies.getCurrentRequestCount());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    app.stop();
  }

  private static void configure(JavalinConfig config, ServerSettings settings) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.concurrency.useVirtualThreads = true;
    config.http.prefer405over404 = true;
    // Cells stream, and replies mix secrets with what strangers wrote: neither is to be compressed.
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.http.maxRequestSize = Long.MAX_VALUE;
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setUriCompliance(URIS);
    });
    config.jetty.addConnector((server, http) -> {
      ServerConnector connector = new WatchedConnector(server, http, settings.patience());
      connector.setHost(settings.host());
      connector.setPort(settings.port());
      connector.setIdleTimeout(settings.idle().toMillis());
      connector.setAcceptQueueSize(ACCEPT_QUEUE);
      return connector;
    });
  }

  private static void routes(
      RoutesConfig routes,
      ServerSettings settings,
      Engine engine,
      Messages messages,
      Disconnects disconnects) {
    routes.before(Exchange::begin);
    Metrics metrics = new Metrics(engine);
    routes.before(context -> RequestBody.patience(context.req(), settings.patience()));
    routes.before(HttpMeter::begin);
    routes.after(new HttpMeter(metrics)::end);
    routes.before(context -> context.header("x-content-type-options", "nosniff"));
    KeyLimits limits = new KeyLimits(settings, engine.organizations(), engine.clock());
    routes.before("/v1/*", new Authentication(engine.keys())::check);
    routes.before("/v1/*", limits::countRequest);
    routes.before("/v1/*", MessageRoutes::checkBetas);
    Idempotency idempotency = new Idempotency(engine.idempotentRequests(), settings);
    routes.before("/v1/*", idempotency::before);
    routes.after("/v1/*", idempotency::after);
    routes.after("/v1/*", new DeletionAudit(engine.audit())::after);
    new HealthRoutes(engine).register(routes);
    new OpenApiRoutes().register(routes);
    new MetricsRoutes(metrics, settings.metricsToken()).register(routes);
    settings
        .adminKey()
        .ifPresent(
            key -> new BackupRoutes(engine.backups(), key, settings, disconnects).register(routes));
    new ContainerRoutes(engine.containers(), settings).register(routes);
    new ForkRoutes(engine.forks(), settings, disconnects).register(routes);
    new RebuildRoutes(engine.rebuilds(), settings, disconnects, limits).register(routes);
    new CellRoutes(engine.cells(), settings, disconnects, limits).register(routes);
    new WorkspaceRoutes(engine.workspaces(), settings).register(routes);
    new FileRoutes(engine.files(), settings).register(routes);
    new SkillRoutes(engine.skills()).register(routes);
    new UsageRoutes(engine.ledger().reports()).register(routes);
    new CostReportRoutes(engine.ledger().reports(), engine.clock()).register(routes);
    new ImageRoutes(engine.images()).register(routes);
    new ModelRoutes(messages, settings, disconnects).register(routes);
    new BatchRoutes(engine.batches()).register(routes);
    new MessageRoutes(messages, settings, disconnects, limits).register(routes);
  }

  private static URI address(String host, int port) {
    return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port);
  }

  private static String reason(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private static final class WatchedConnector extends ServerConnector {
    private final Duration patience;

    WatchedConnector(Server server, HttpConfiguration http, Duration patience) {
      super(server, new HttpConnectionFactory(http));
      this.patience = patience;
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(
        SocketChannel channel, ManagedSelector selector, SelectionKey key) throws IOException {
      WatchedEndPoint endPoint =
          new WatchedEndPoint(channel, selector, key, getScheduler(), patience);
      endPoint.setIdleTimeout(getIdleTimeout());
      return endPoint;
    }
  }
}
