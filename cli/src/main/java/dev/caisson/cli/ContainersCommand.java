package dev.caisson.cli;

import dev.caisson.cli.Connections.Need;
import dev.caisson.client.CaissonClient;
import dev.caisson.domain.Container;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.ContainerStatus;
import dev.caisson.domain.Fork;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Rebuild;
import dev.caisson.domain.Tombstone;
import dev.caisson.domain.WorkspaceEntry;
import dev.caisson.wire.CellJson;
import dev.caisson.wire.ContainerJson;
import dev.caisson.wire.ForkJson;
import dev.caisson.wire.Json;
import dev.caisson.wire.PageJson;
import dev.caisson.wire.RebuildJson;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.node.ObjectNode;

/** Lists, shows, forks, rebuilds and deletes containers. */
@Command(
    name = "containers",
    description = "Lists, shows, forks, rebuilds and deletes containers.",
    footer = {
      "",
      "Examples:",
      "  caisson containers ls",
      "  caisson containers show container_5fK...",
      "  caisson containers fork container_5fK...",
      "  caisson containers rebuild container_5fK...",
      "  caisson containers rm container_5fK..."
    })
final class ContainersCommand {
  /** The workspace roots that `show` lists. */
  private static final List<String> ROOTS = List.of("/home/user", "/tmp", "/files/input");

  @ParentCommand private @Nullable CaissonCommand root;

  @Command(name = "ls", description = "Lists containers, newest first.")
  int list(
      @Mixin ClientOptions options,
      @Option(names = "--limit", defaultValue = "100", description = "How many (default: 100).")
          int limit) {
    CaissonCommand command = CommandContext.required(root);
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      CaissonClient client = connection.client();
      Page<Container> page = client.containers(new PageRequest(limit, Optional.empty()));
      if (command.json()) {
        command.console().line(Json.write(PageJson.write(page, ContainerJson::write)));
        return 0;
      }
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("CONTAINER", "STATUS", "IMAGE", "CREATED", "EXPIRES", "DISK"));
      for (Container container : page.items()) {
        rows.add(
            List.of(
                container.id().value(),
                container.status().wireName(),
                container.image(),
                container.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                container.expiresAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                Sizes.human(container.diskBytes())));
      }
      command.console().table(rows);
      if (page.next().isPresent()) {
        command.console().note("there are more; --limit shows up to " + PageRequest.MAX_LIMIT);
      }
      return 0;
    }
  }

  @Command(
      name = "show",
      description = "Shows a container: its files, its last cells and what they changed.")
  int show(@Mixin ClientOptions options, @Parameters(paramLabel = "CONTAINER") String id) {
    CaissonCommand command = CommandContext.required(root);
    ContainerId container = CommandContext.containerId(id);
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      CaissonClient client = connection.client();
      Container shown = client.container(container);
      if (command.json()) {
        ObjectNode json = ContainerJson.write(shown);
        if (shown.status() != ContainerStatus.DELETED) {
          json.set(
              "cells",
              PageJson.write(client.cells(container, PageRequest.first()), CellJson::write));
        }
        command.console().line(Json.write(json));
        return 0;
      }
      print(command.console(), shown);
      if (shown.status().alive()) {
        for (String directory : ROOTS) {
          printFiles(command.console(), directory, client.list(container, directory));
        }
      }
      if (shown.status() != ContainerStatus.DELETED) {
        CellsView.print(command.console(), client.cells(container, PageRequest.first()));
      }
      return 0;
    }
  }

  @Command(
      name = "fork",
      description = "Makes a container from a copy of a living one's files and variables.")
  int fork(@Mixin ClientOptions options, @Parameters(paramLabel = "CONTAINER") String id) {
    CaissonCommand command = CommandContext.required(root);
    ContainerId container = CommandContext.containerId(id);
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      Fork fork = connection.client().fork(container, Optional.empty());
      if (command.json()) {
        command.console().line(Json.write(ForkJson.write(fork)));
        return 0;
      }
      command.console().line(fork.container().id().value());
      command
          .console()
          .note(CellsView.more(fork.files(), "file") + ", " + Sizes.human(fork.bytes()));
      fork.skipped()
          .forEach(path -> command.console().note("not copied: " + Sizes.printable(path)));
      long others = fork.skippedCount() - fork.skipped().size();
      if (others > 0) {
        command.console().note("and " + CellsView.more(others, "other") + " not copied");
      }
      return 0;
    }
  }

  @Command(
      name = "rebuild",
      description = {
        "Does again, in a new container, everything that was done to one that lives or has expired,",
        "and compares the files. Exit code 1 when something does not match."
      })
  int rebuild(@Mixin ClientOptions options, @Parameters(paramLabel = "CONTAINER") String id) {
    CaissonCommand command = CommandContext.required(root);
    ContainerId container = CommandContext.containerId(id);
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.CODE, command.console())) {
      RebuildView view = new RebuildView(command.console());
      Rebuild rebuilt = connection.client().rebuild(container, Optional.empty(), view);
      if (command.json()) {
        command.console().line(Json.write(RebuildJson.write(rebuilt)));
      } else {
        view.print(rebuilt);
      }
      return rebuilt.same() ? 0 : 1;
    }
  }

  @Command(name = "rm", description = "Deletes containers and their files.")
  int remove(
      @Mixin ClientOptions options,
      @Parameters(paramLabel = "CONTAINER", arity = "1..*") List<String> ids) {
    CaissonCommand command = CommandContext.required(root);
    List<ContainerId> containers = ids.stream().map(CommandContext::containerId).toList();
    try (Connection connection =
        Connections.open(options.apply(command.settings()), Need.RECORDS, command.console())) {
      CaissonClient client = connection.client();
      for (ContainerId container : containers) {
        client.deleteContainer(container);
        command
            .console()
            .line(
                command.json()
                    ? Json.write(
                        Json.object().put("id", container.value()).put("type", "container_deleted"))
                    : "deleted " + container);
      }
    }
    return 0;
  }

  private static void print(Console console, Container container) {
    console.line(console.bold(container.id().value()));
    console.line("  status       " + container.status().wireName());
    container
        .ended()
        .ifPresent(ended -> console.line("  ended        " + ended.reason() + " at " + ended.at()));
    container
        .released()
        .ifPresent(last -> console.line("  released     " + last.reason() + " at " + last.at()));
    container.tombstone().ifPresent(tombstone -> print(console, tombstone));
    console.line("  image        " + container.image());
    console.line("  created      " + container.createdAt());
    console.line("  expires      " + container.expiresAt());
    console.line("  last active  " + container.lastActiveAt());
    console.line("  disk         " + Sizes.human(container.diskBytes()));
    if (!container.labels().isEmpty()) {
      console.line(
          "  labels       "
              + container.labels().entrySet().stream()
                  .map(label -> label.getKey() + "=" + label.getValue())
                  .collect(Collectors.joining(" ")));
    }
  }

  private static void print(Console console, Tombstone tombstone) {
    console.line("  peak memory  " + Sizes.human(tombstone.peakMemoryBytes()));
    console.line("  peak disk    " + Sizes.human(tombstone.peakDiskBytes()));
    console.line(
        "  cost         "
            + UsageView.time(tombstone.cost().billedMillis())
            + " billed, "
            + UsageView.dollars(tombstone.cost().cents()));
    tombstone
        .lastCell()
        .ifPresent(cell ->
            console.line(
                "  last cell    "
                    + cell.id()
                    + " "
                    + cell.outcome().status()
                    + " "
                    + cell.outcome().returnCode()
                    + " at "
                    + cell.startedAt()));
    Tombstone.Held held = tombstone.files();
    if (!held.listed().isEmpty()) {
      console.line(
          "  held         " + CellsView.more(held.listed().size() + held.omitted(), "file"));
      held.listed().forEach(file -> console.line(CellsView.line("  ", file)));
    }
    if (held.omitted() > 0) {
      console.line("    and " + CellsView.more(held.omitted(), "more file"));
    }
    if (held.incomplete()) {
      console.line("    there may have been others that no scan had seen");
    }
  }

  private static void printFiles(Console console, String directory, List<WorkspaceEntry> entries) {
    console.line("");
    console.line(console.bold(directory) + (entries.isEmpty() ? "  (empty)" : ""));
    for (WorkspaceEntry entry : entries) {
      String name = entry.path().substring(entry.path().lastIndexOf('/') + 1);
      String size = entry.kind() == WorkspaceEntry.Kind.FILE ? Sizes.human(entry.sizeBytes()) : "-";
      console.line(
          String.format(
              "  %10s  %s  %s",
              size,
              entry.modifiedAt().truncatedTo(ChronoUnit.SECONDS),
              Sizes.printable(name) + (entry.kind() == WorkspaceEntry.Kind.DIRECTORY ? "/" : "")));
    }
  }
}
