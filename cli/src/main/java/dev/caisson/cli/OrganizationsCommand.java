package dev.caisson.cli;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.Organization;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.OrganizationLimits;
import dev.caisson.engine.Engine;
import dev.caisson.wire.Json;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes and lists organizations and sets what each may have, on the data directory itself. */
@Command(
    name = "organizations",
    description = "Creates and lists organizations, and sets their limits.",
    footer = {
      "",
      "Examples:",
      "  caisson organizations create acme",
      "  caisson keys create --organization acme",
      "  caisson organizations set acme --warm 20 --storage 50GiB",
      "  caisson organizations set acme --warm default",
      "  caisson organizations revoke acme       ends all of its keys",
      "",
      "A running server takes a change over within a second."
    })
final class OrganizationsCommand {
  private static final String WHICH = "NAME|ID";
  private static final String SERVERS_OWN = "default";

  @ParentCommand private @Nullable CaissonCommand root;

  @Command(name = "create", description = "Creates an organization and prints its id.")
  int create(@Parameters(paramLabel = "NAME") String name) {
    return withEngine((command, engine) -> {
      OrganizationId made = engine.organizations().create(name);
      command
          .console()
          .line(
              command.json()
                  ? Json.write(Json.object().put("id", made.value()).put("name", name))
                  : made.value());
    });
  }

  @Command(name = "ls", description = "Lists organizations with the limits in force.")
  int list() {
    return withEngine((command, engine) -> {
      List<Organization> organizations = engine.organizations().list();
      if (command.json()) {
        ObjectNode page = Json.object();
        ArrayNode data = page.putArray("data");
        organizations.forEach(one -> data.add(json(engine, one)));
        command.console().line(Json.write(page));
        return;
      }
      List<List<String>> rows = new ArrayList<>();
      List<String> heading = new ArrayList<>(List.of("ORGANIZATION", "NAME", "CREATED", "KEYS"));
      for (OrganizationLimit limit : OrganizationLimit.values()) {
        heading.add(limit.name());
      }
      rows.add(heading);
      organizations.forEach(one -> rows.add(row(engine, one)));
      command.console().table(rows);
      command.console().note("* a limit of its own; the others are the server's settings");
    });
  }

  @Command(
      name = "set",
      description = "Sets limits of an organization; 'default' gives one back to the server's.")
  int set(
      @Parameters(paramLabel = WHICH) String nameOrId,
      @Option(names = "--containers", paramLabel = "N", description = "Containers that live.")
          @Nullable String containers,
      @Option(names = "--warm", paramLabel = "N", description = "Containers warm at once.")
          @Nullable String warm,
      @Option(names = "--cells", paramLabel = "N", description = "Cells that run or wait at once.")
          @Nullable String cells,
      @Option(names = "--storage", paramLabel = "SIZE", description = "Stored files together.")
          @Nullable String storage,
      @Option(names = "--requests", paramLabel = "N", description = "Requests in a minute.")
          @Nullable String requests) {
    Map<OrganizationLimit, Optional<Long>> changes = new EnumMap<>(OrganizationLimit.class);
    put(changes, OrganizationLimit.CONTAINERS, containers);
    put(changes, OrganizationLimit.WARM, warm);
    put(changes, OrganizationLimit.CELLS, cells);
    put(changes, OrganizationLimit.STORAGE, storage);
    put(changes, OrganizationLimit.REQUESTS, requests);
    if (changes.isEmpty()) {
      throw new UsageException("nothing to set: give --containers, --warm, --cells, ...");
    }
    return withEngine((command, engine) -> {
      OrganizationId id = engine.organizations().find(nameOrId).id();
      engine.organizations().set(id, changes);
      Organization now = engine.organizations().find(id.value());
      if (command.json()) {
        command.console().line(Json.write(json(engine, now)));
        return;
      }
      changes
          .keySet()
          .forEach(limit ->
              command.console().line(limit.key() + " " + shown(limit, limits(engine, now), now)));
    });
  }

  @Command(name = "revoke", description = "Ends all keys of an organization; what it has stays.")
  int revoke(@Parameters(paramLabel = WHICH) String nameOrId) {
    return withEngine((command, engine) -> {
      OrganizationId id = engine.organizations().find(nameOrId).id();
      List<KeyId> ended = engine.keys().revokeAll(id);
      ended.forEach(key -> command.console().line("revoked " + key));
      if (ended.isEmpty()) {
        command.console().note("organization " + id + " has no key that is not revoked");
      }
    });
  }

  private static void put(
      Map<OrganizationLimit, Optional<Long>> changes,
      OrganizationLimit limit,
      @Nullable String text) {
    if (text != null) {
      changes.put(
          limit, text.equals(SERVERS_OWN) ? Optional.empty() : Optional.of(value(limit, text)));
    }
  }

  private static long value(OrganizationLimit limit, String text) {
    try {
      return limit == OrganizationLimit.STORAGE
          ? ByteSize.parse(text).bytes()
          : Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw new UsageException("--" + limit.key() + "='" + text + "': not a number");
    } catch (IllegalArgumentException e) {
      throw new UsageException("--" + limit.key() + "='" + text + "': " + e.getMessage());
    }
  }

  private static List<String> row(Engine engine, Organization one) {
    List<String> row =
        new ArrayList<>(
            List.of(
                one.id().value(),
                Sizes.printable(one.name()),
                one.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                String.valueOf(one.liveKeys())));
    OrganizationLimits limits = limits(engine, one);
    for (OrganizationLimit limit : OrganizationLimit.values()) {
      row.add(shown(limit, limits, one));
    }
    return row;
  }

  private static OrganizationLimits limits(Engine engine, Organization one) {
    return engine.organizations().limits(one.id());
  }

  private static String shown(OrganizationLimit limit, OrganizationLimits limits, Organization of) {
    long value = limits.of(limit);
    String text = limit == OrganizationLimit.STORAGE ? Sizes.human(value) : String.valueOf(value);
    return of.ownLimits().containsKey(limit) ? text + "*" : text;
  }

  private static ObjectNode json(Engine engine, Organization one) {
    ObjectNode json =
        Json.object()
            .put("id", one.id().value())
            .put("name", one.name())
            .put("created_at", one.createdAt().toString())
            .put("live_keys", one.liveKeys());
    ObjectNode inForce = json.putObject("limits");
    limits(engine, one).values().forEach((limit, value) -> inForce.put(limit.key(), value));
    ArrayNode own = json.putArray("own_limits");
    one.ownLimits().keySet().forEach(limit -> own.add(limit.key()));
    return json;
  }

  private int withEngine(Action action) {
    CaissonCommand command = CommandContext.required(root);
    return Connections.onRecords(
        command,
        engine -> {
          action.run(command, engine);
          return 0;
        });
  }

  /** What a command does. */
  private interface Action {
    void run(CaissonCommand command, Engine engine);
  }
}
