package dev.caisson.client;

import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.UsageExplanation;
import dev.caisson.domain.UsageFilter;
import dev.caisson.domain.UsageRow;
import dev.caisson.wire.LedgerAuditJson;
import dev.caisson.wire.PageJson;
import dev.caisson.wire.UsageExplanationJson;
import dev.caisson.wire.UsageJson;

/** The ledger of a server. */
final class HttpUsage implements UsageClient {
  private final HttpCalls calls;

  HttpUsage(HttpCalls calls) {
    this.calls = calls;
  }

  @Override
  public Page<UsageRow> rows(UsageFilter filter, PageRequest page) {
    String query =
        query(filter)
            + "&limit="
            + page.limit()
            + page.page().map(token -> "&page=" + UrlText.value(token)).orElse("");
    return PageJson.read(calls.get("/v1/usage" + query), UsageJson::read);
  }

  @Override
  public UsageExplanation explain(UsageFilter filter) {
    return UsageExplanationJson.read(calls.get("/v1/usage/explanation" + query(filter)));
  }

  @Override
  public LedgerAudit verify() {
    return LedgerAuditJson.read(calls.get("/v1/usage/verification"));
  }

  private static String query(UsageFilter filter) {
    return "?starting_at="
        + UrlText.value(filter.from().toString())
        + "&ending_at="
        + UrlText.value(filter.until().toString())
        + filter.container().map(id -> "&container_id=" + id).orElse("");
  }
}
