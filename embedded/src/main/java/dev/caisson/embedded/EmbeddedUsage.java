package dev.caisson.embedded;

import dev.caisson.client.UsageClient;
import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.UsageExplanation;
import dev.caisson.domain.UsageFilter;
import dev.caisson.domain.UsageRow;
import dev.caisson.engine.LedgerReports;

/** The ledger of an engine in the same process, for one organization. */
final class EmbeddedUsage implements UsageClient {
  private final LedgerReports ledger;
  private final OrganizationId organization;

  EmbeddedUsage(LedgerReports ledger, OrganizationId organization) {
    this.ledger = ledger;
    this.organization = organization;
  }

  @Override
  public Page<UsageRow> rows(UsageFilter filter, PageRequest page) {
    return ledger.usage(organization, filter, page);
  }

  @Override
  public UsageExplanation explain(UsageFilter filter) {
    return ledger.explain(organization, filter);
  }

  @Override
  public LedgerAudit verify() {
    return ledger.verify(organization);
  }
}
