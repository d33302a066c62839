package dev.caisson.cli;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.IdKind;
import dev.caisson.domain.KeyId;
import dev.caisson.domain.OrganizationId;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Keys;
import dev.caisson.wire.Json;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes, lists and ends API keys, on the data directory itself. */
@Command(
    name = "keys",
    description = "Creates, lists and revokes API keys of the data directory.",
    footer = {
      "",
      "Examples:",
      "  caisson keys create --name ci",
      "  caisson keys create --organization acme --name laptop",
      "  caisson keys ls",
      "  caisson keys revoke key_7hT..."
    })
final class KeysCommand {
  private static final String ORGANIZATION =
      "Its name or id (default: the first organization of the data directory).";

  @ParentCommand private @Nullable CaissonCommand root;

  @Command(name = "create", description = "Creates a key and prints it; it is shown this once.")
  int create(
      @Option(names = "--name", defaultValue = "key", description = "What it is for.") String name,
      @Option(names = "--organization", paramLabel = "NAME|ID", description = ORGANIZATION)
          @Nullable String organization) {
    return withEngine(engine -> {
      OrganizationId owner = organization(engine, organization);
      Keys.NewKey key = engine.keys().create(owner, name);
      Console console = CommandContext.required(root).console();
      if (CommandContext.required(root).json()) {
        console.line(
            Json.write(
                Json.object()
                    .put("id", key.id().value())
                    .put("organization_id", owner.value())
                    .put("key", key.text())));
      } else {
        console.note(key.id() + " (" + name + ", " + owner + "); it is shown this once:");
        console.line(key.text());
      }
      return 0;
    });
  }

  @Command(name = "ls", description = "Lists keys, newest first, without their texts.")
  int list(
      @Option(
              names = "--organization",
              paramLabel = "NAME|ID",
              description = "Only those of this organization.")
          @Nullable String organization) {
    return withEngine(engine -> {
      CaissonCommand command = CommandContext.required(root);
      List<Keys.KeyEntry> entries =
          organization == null
              ? engine.keys().list()
              : engine.keys().list(organization(engine, organization));
      if (command.json()) {
        command.console().line(Json.write(json(entries)));
        return 0;
      }
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("KEY", "ORGANIZATION", "NAME", "CREATED", "REVOKED"));
      for (Keys.KeyEntry entry : entries) {
        rows.add(
            List.of(
                entry.id().value(),
                entry.organizationId().value(),
                Sizes.printable(entry.name()),
                entry.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                entry
                    .revokedAt()
                    .map(at -> at.truncatedTo(ChronoUnit.SECONDS).toString())
                    .orElse("-")));
      }
      command.console().table(rows);
      return 0;
    });
  }

  @Command(name = "revoke", description = "Ends keys; requests with them are refused from then on.")
  int revoke(@Parameters(paramLabel = "KEY_ID", arity = "1..*") List<String> ids) {
    List<KeyId> keyIds = ids.stream().map(KeysCommand::keyId).toList();
    return withEngine(engine -> {
      for (KeyId id : keyIds) {
        engine.keys().revoke(id);
        CommandContext.required(root).console().line("revoked " + id);
      }
      return 0;
    });
  }

  private static OrganizationId organization(Engine engine, @Nullable String nameOrId) {
    return nameOrId == null
        ? engine.keys().localOrganization()
        : engine.organizations().find(nameOrId).id();
  }

  private int withEngine(Function<Engine, Integer> action) {
    return Connections.onRecords(CommandContext.required(root), action);
  }

  private static ObjectNode json(List<Keys.KeyEntry> entries) {
    ObjectNode page = Json.object();
    ArrayNode data = page.putArray("data");
    for (Keys.KeyEntry entry : entries) {
      ObjectNode key =
          data.addObject()
              .put("id", entry.id().value())
              .put("organization_id", entry.organizationId().value())
              .put("name", entry.name())
              .put("created_at", entry.createdAt().toString());
      entry.revokedAt().ifPresent(at -> key.put("revoked_at", at.toString()));
    }
    return page;
  }

  private static KeyId keyId(String text) {
    if (!IdKind.KEY.matches(text)) {
      throw text.startsWith(IdKind.KEY.prefix())
          ? new CaissonException.NotFound("Key `" + text + "` not found.")
          : new UsageException("'" + text + "' is not a key id (key_...)");
    }
    return new KeyId(text);
  }
}
