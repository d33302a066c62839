package dev.caisson.cli;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Durations;
import dev.caisson.embedded.EmbeddedCaisson;
import dev.caisson.engine.Keys;
import dev.caisson.messages.Messages;
import dev.caisson.messages.MessagesSettings;
import dev.caisson.sandbox.IsolationReport;
import dev.caisson.server.CaissonServer;
import dev.caisson.server.ServerSettings;
import dev.caisson.store.DataDirectory;
import dev.caisson.wire.Json;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Answers the API until it is told to stop. */
@Command(
    name = "serve",
    description = "Answers the Messages API, the Files API and the direct API.",
    footer = {
      "",
      "Examples:",
      "  caisson serve",
      "  caisson serve --port 9000 --data /srv/caisson",
      "  caisson serve --upstream http://127.0.0.1:11434     (a model of your own)",
      "",
      "Without an upstream the built-in model caisson-direct runs the fenced code of the last user message.",
      "The upstream's key comes from CAISSON_UPSTREAM_API_KEY."
    })
final class ServeCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      description = "The address to listen on (default: 127.0.0.1).")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "The port to listen on (default: 8787; 0 picks a free one).")
  private @Nullable String port;

  @Option(
      names = "--upstream",
      paramLabel = "URL",
      description = "A server of the Messages API whose models write the code.")
  private @Nullable String upstream;

  @Option(
      names = "--image",
      paramLabel = "NAME|DIR",
      description = "The image of containers that name none.")
  private @Nullable String image;

  @Option(
      names = "--accept-weaker-isolation",
      paramLabel = "WALL",
      split = ",",
      description = "Start although this required wall does not stand (see caisson doctor).")
  private List<String> accepted = List.of();

  @Override
  public Integer call() {
    CaissonCommand command = CommandContext.required(root);
    Console console = command.console();
    Settings settings =
        command
            .settings()
            .with(Setting.HOST, Optional.ofNullable(host))
            .with(Setting.PORT, Optional.ofNullable(port))
            .with(Setting.UPSTREAM_URL, Optional.ofNullable(upstream))
            .with(Setting.IMAGE, Optional.ofNullable(image));
    ServerSettings serverSettings =
        ServerSettings.DEFAULT
            .withHost(settings.text(Setting.HOST))
            .withPort(settings.integer(Setting.PORT, 0, 65535))
            .withStopGrace(settings.duration(Setting.STOP_GRACE))
            .withKeyLimits(
                settings.integer(Setting.KEY_REQUESTS, 1, 1_000_000_000),
                settings.integer(Setting.KEY_CELLS, 1, 1_000_000))
            .withMetricsToken(settings.optional(Setting.METRICS_TOKEN));
    command.interruption().allow(serverSettings.stopGrace());
    MessagesSettings messagesSettings = messagesSettings(settings);
    DataDirectory directory = DataDirectory.open(settings.path(Setting.DATA));
    try (DataDirectory.ServerClaim claim = directory.claimServer();
        EmbeddedCaisson caisson = Connections.forCode(settings, console)) {
      requireWalls(caisson.isolation(), console);
      Optional<Keys.NewKey> made = credentials(directory, caisson.engine().keys());
      // Batches end before the engine does: what they run then is told as not run.
      String adminKey = UUID.randomUUID().toString();
      directory.writeAdminKey(adminKey);
      serverSettings = serverSettings.withAdminKey(Optional.of(adminKey));
      try (Messages messages = Messages.open(messagesSettings, caisson.engine());
          CaissonServer server = CaissonServer.start(serverSettings, caisson.engine(), messages)) {
        claim.publish(server.url().toString());
        announce(command, directory, server.url(), made);
        command.interruption().whenAskedAgain(server::hurry);
        awaitEnd(caisson, server, serverSettings.stopGrace(), console);
        server.drain();
        if (server.running() > 0) {
          // Closing would end their cells as well, but as if their clients had gone.
          caisson.engine().cells().stop();
        }
      }
    }
    return 0;
  }

  /** Returns on Ctrl-C or termination: closing what was opened is all that is left to do then. */
  private static void awaitEnd(
      EmbeddedCaisson caisson, CaissonServer server, Duration grace, Console console) {
    try {
      caisson.awaitLoss();
      throw new CaissonException.HostUnfit(
          "another process that shares the database took this one for dead, and took over what it"
              + " held; start it again");
    } catch (InterruptedException e) {
      // The flag stays clear, so that closing is not cut short.
      long running = server.running();
      console.note(
          running == 0
              ? "caisson: stopping"
              : "caisson: stopping; requests that run: "
                  + running
                  + ", they have up to "
                  + Durations.format(grace)
                  + " (Ctrl-C again ends them)");
    }
  }

  private static MessagesSettings messagesSettings(Settings settings) {
    MessagesSettings messages =
        MessagesSettings.DEFAULT.withBatchParallelism(
            settings.integer(Setting.BATCH_PARALLELISM, 1, 1000));
    Optional<URI> url = settings.uri(Setting.UPSTREAM_URL);
    if (url.isPresent()) {
      messages = messages.withUpstream(url.get());
    }
    Optional<String> key = settings.optional(Setting.UPSTREAM_API_KEY);
    return key.isPresent() ? messages.withUpstreamKey(key.get()) : messages;
  }

  /** The key for whoever works on this machine: made when there is none that still opens. */
  private static Optional<Keys.NewKey> credentials(DataDirectory directory, Keys keys) {
    Optional<String> present = directory.readCredentials();
    if (present.isPresent() && opens(keys, present.get())) {
      return Optional.empty();
    }
    Keys.NewKey made =
        keys.createFirst().orElseGet(() -> keys.create(keys.localOrganization(), "credentials"));
    directory.writeCredentials(made.text());
    return Optional.of(made);
  }

  private static boolean opens(Keys keys, String text) {
    try {
      keys.authenticate(text);
      return true;
    } catch (CaissonException.Unauthenticated e) {
      return false;
    }
  }

  private void requireWalls(IsolationReport report, Console console) {
    for (IsolationReport.Wall wall : report.walls()) {
      if (wall.stands()) {
        continue;
      }
      String told = wall.name() + " does not stand: " + wall.evidence() + ". " + wall.remedy();
      if (wall.required() && !accepted.contains(wall.name())) {
        throw new CaissonException.HostUnfit(
            "wall " + told + " (or start with --accept-weaker-isolation " + wall.name() + ")");
      }
      console.note("caisson: wall " + told);
    }
    if (report.level() != IsolationReport.Level.FULL) {
      console.note(
          "caisson: isolation is "
              + report.level().word()
              + ", without "
              + String.join(", ", report.missing()));
    }
  }

  private static void announce(
      CaissonCommand command, DataDirectory directory, URI url, Optional<Keys.NewKey> first) {
    Console console = command.console();
    if (command.json()) {
      console.line(
          Json.write(
              Json.object()
                  .put("url", url.toString())
                  .put("pid", ProcessHandle.current().pid())
                  .put("credentials", directory.credentials().toString())));
      return;
    }
    console.line("export ANTHROPIC_BASE_URL=" + url);
    console.line(
        "export ANTHROPIC_API_KEY="
            + first.map(Keys.NewKey::text).orElse("$(cat " + directory.credentials() + ")"));
    console.note("caisson: serving " + directory.root() + " on " + url + " (Ctrl-C stops it)");
  }
}
