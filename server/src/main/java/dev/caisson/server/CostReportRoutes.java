package dev.caisson.server;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.engine.LedgerReports;
import dev.caisson.wire.Clip;
import dev.caisson.wire.CostReportJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code GET /v1/organizations/cost_report}, as the hosted service's administration has it, with an
 * ordinary key as well.
 */
final class CostReportRoutes {
  private static final int DEFAULT_DAYS = 7;
  private static final int MAX_DAYS = 31;
  private static final Set<String> GROUPS = Set.of("description", "workspace_id");

  /** The day that a further part begins with, counted from 1970. */
  private static final Pattern PAGE = Pattern.compile("page_cost(\\d{1,7})");

  private final LedgerReports ledger;
  private final InstantSource clock;

  CostReportRoutes(LedgerReports ledger, InstantSource clock) {
    this.ledger = ledger;
    this.clock = clock;
  }

  void register(RoutesConfig routes) {
    routes.get("/v1/organizations/cost_report", this::report);
  }

  private void report(Context context) {
    Exchange exchange = new Exchange(context);
    checkShape(context);
    Instant from = QueryTime.required(exchange, "starting_at");
    Instant until = QueryTime.of(exchange, "ending_at").orElseGet(clock::instant);
    LocalDate first = day(from);
    LocalDate end = until.equals(start(day(until))) ? day(until) : day(until).plusDays(1);
    if (!from.isBefore(until) && exchange.query("ending_at").isPresent()) {
      throw new InvalidRequest("ending_at: must be after starting_at");
    }
    Optional<LocalDate> page = exchange.query("page").map(CostReportRoutes::pageDay);
    LocalDate shown = page.filter(first::isBefore).orElse(first);
    long left = Math.max(0, ChronoUnit.DAYS.between(shown, end));
    int count = (int) Math.min(left, limit(exchange));
    exchange.reply(
        200,
        CostReportJson.write(
            count == 0 ? List.of() : ledger.costs(exchange.organization(), shown, count),
            count < left
                ? Optional.of("page_cost" + shown.plusDays(count).toEpochDay())
                : Optional.empty()));
  }

  private static void checkShape(Context context) {
    String width = context.queryParam("bucket_width");
    if (width != null && !width.equals("1d")) {
      throw new InvalidRequest("bucket_width: Input should be '1d'");
    }
    for (String name : List.of("group_by[]", "group_by")) {
      for (String group : context.queryParams(name)) {
        if (!GROUPS.contains(group)) {
          throw new InvalidRequest(
              name + ": '" + Clip.word(group) + "' is neither description nor workspace_id");
        }
      }
    }
  }

  private static int limit(Exchange exchange) {
    String text = exchange.query("limit").orElse(String.valueOf(DEFAULT_DAYS));
    if (!text.matches("[1-9]\\d?") || Integer.parseInt(text) > MAX_DAYS) {
      throw new InvalidRequest("limit: Input should be between 1 and " + MAX_DAYS);
    }
    return Integer.parseInt(text);
  }

  private static LocalDate pageDay(String text) {
    Matcher matcher = PAGE.matcher(text);
    if (!matcher.matches()) {
      throw new InvalidRequest(
          "page: not a token of this report; use next_page of an earlier reply");
    }
    return LocalDate.ofEpochDay(Long.parseLong(matcher.group(1)));
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }

  private static Instant start(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant();
  }
}
