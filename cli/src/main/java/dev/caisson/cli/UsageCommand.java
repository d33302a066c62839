package dev.caisson.cli;

import dev.caisson.cli.Connections.Need;
import dev.caisson.client.UsageClient;
import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.UsageExplanation;
import dev.caisson.domain.UsageFilter;
import dev.caisson.domain.UsageRow;
import dev.caisson.wire.Json;
import dev.caisson.wire.LedgerAuditJson;
import dev.caisson.wire.PageJson;
import dev.caisson.wire.UsageExplanationJson;
import dev.caisson.wire.UsageJson;
import java.time.DateTimeException;
import java.time.YearMonth;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows, explains and checks what is billed. */
@Command(
    name = "usage",
    description = "Shows what requests used and what they are billed, newest first.",
    footer = {
      "",
      "Examples:",
      "  caisson usage",
      "  caisson usage --month 2026-11 --container container_5fK...",
      "  caisson usage explain --month 2026-11",
      "  caisson usage verify"
    })
final class UsageCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Mixin private ClientOptions options = new ClientOptions();

  @Mixin private Filter filter = new Filter();

  @Option(names = "--limit", defaultValue = "20", description = "How many (default: 20).")
  private int limit = PageRequest.DEFAULT_LIMIT;

  @Override
  public Integer call() {
    PageRequest request = new PageRequest(limit, Optional.empty());
    return with(
        options,
        usage -> {
          Page<UsageRow> page = usage.rows(filter.read(), request);
          if (command().json()) {
            command().console().line(Json.write(PageJson.write(page, UsageJson::write)));
          } else {
            UsageView.rows(command().console(), page);
          }
          return 0;
        });
  }

  @Command(
      name = "explain",
      description = {
        "Explains a bill: which rule made what, and what it would have been",
        "without reuse of containers or with the other minimum."
      })
  int explain(@Mixin ClientOptions client, @Mixin Filter which) {
    return with(
        client,
        usage -> {
          UsageExplanation explanation = usage.explain(which.read());
          if (command().json()) {
            command().console().line(Json.write(UsageExplanationJson.write(explanation)));
          } else {
            UsageView.explanation(command().console(), which.title(), explanation);
          }
          return 0;
        });
  }

  @Command(
      name = "verify",
      description = "Checks that no row of the ledger was altered, removed or moved.")
  int verify(@Mixin ClientOptions client) {
    return with(
        client,
        usage -> {
          LedgerAudit audit = usage.verify();
          Console console = command().console();
          if (command().json()) {
            console.line(Json.write(LedgerAuditJson.write(audit)));
          } else if (audit.problem().isPresent()) {
            console.error("the ledger is not intact: " + audit.problem().get());
          } else {
            console.line(
                console.green("intact") + "  " + audit.rows() + " rows, last hash " + audit.hash());
          }
          return audit.problem().isEmpty() ? 0 : 1;
        });
  }

  private CaissonCommand command() {
    return CommandContext.required(root);
  }

  private int with(ClientOptions client, ToIntFunction<UsageClient> action) {
    try (Connection connection =
        Connections.open(client.apply(command().settings()), Need.RECORDS, command().console())) {
      return action.applyAsInt(connection.client().usage());
    }
  }

  /** Which rows. */
  static final class Filter {
    @Option(
        names = "--container",
        paramLabel = "CONTAINER",
        description = "Only what this container was used for.")
    private @Nullable String container;

    @Option(
        names = "--month",
        paramLabel = "YYYY-MM",
        description = "Only this calendar month (UTC).")
    private @Nullable String month;

    UsageFilter read() {
      UsageFilter filter = month == null ? UsageFilter.ALL : UsageFilter.of(month(month));
      return container == null ? filter : filter.of(CommandContext.containerId(container));
    }

    String title() {
      String what = container == null ? "all containers" : container;
      return what + ", " + (month == null ? "from the beginning" : month);
    }

    private static YearMonth month(String text) {
      try {
        return YearMonth.parse(text);
      } catch (DateTimeException e) {
        throw new UsageException("--month '" + text + "' is not a month such as 2026-11");
      }
    }
  }
}
