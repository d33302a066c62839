package dev.caisson.server;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.UsageFilter;
import dev.caisson.engine.LedgerReports;
import dev.caisson.wire.Clip;
import dev.caisson.wire.LedgerAuditJson;
import dev.caisson.wire.PageJson;
import dev.caisson.wire.UsageExplanationJson;
import dev.caisson.wire.UsageJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Optional;

/** {@code /v1/usage}: the rows of the ledger, what they add up to, whether they are whole. */
final class UsageRoutes {
  private final LedgerReports ledger;

  UsageRoutes(LedgerReports ledger) {
    this.ledger = ledger;
  }

  void register(RoutesConfig routes) {
    routes.get("/v1/usage", this::list);
    routes.get("/v1/usage/explanation", this::explain);
    routes.get("/v1/usage/verification", this::verify);
  }

  private void list(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200,
        PageJson.write(
            ledger.usage(exchange.organization(), filter(exchange), exchange.page()),
            UsageJson::write));
  }

  private void explain(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(
        200, UsageExplanationJson.write(ledger.explain(exchange.organization(), filter(exchange))));
  }

  private void verify(Context context) {
    Exchange exchange = new Exchange(context);
    exchange.reply(200, LedgerAuditJson.write(ledger.verify(exchange.organization())));
  }

  private static UsageFilter filter(Exchange exchange) {
    UsageFilter filter = UsageFilter.ALL;
    Optional<Instant> from = QueryTime.of(exchange, "starting_at");
    Optional<Instant> until = QueryTime.of(exchange, "ending_at");
    if (from.isPresent()) {
      filter = filter.from(from.get());
    }
    if (until.isPresent()) {
      filter = filter.until(until.get());
    }
    Optional<String> container = exchange.query("container_id");
    return container.isPresent() ? filter.of(container(container.get())) : filter;
  }

  private static ContainerId container(String text) {
    try {
      return new ContainerId(text);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequest("container_id: '" + Clip.word(text) + "' is no id of a container");
    }
  }
}
