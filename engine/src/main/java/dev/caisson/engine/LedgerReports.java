package dev.caisson.engine;

import dev.caisson.domain.ContainerCost;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.CostDay;
import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageExplanation;
import dev.caisson.domain.UsageFilter;
import dev.caisson.domain.UsageRow;
import dev.caisson.store.LedgerStore;
import java.time.LocalDate;
import java.util.List;

/** What can be asked of the ledger. Safe for use from many threads. */
public final class LedgerReports {
  private final LedgerStore store;
  private final Tariff tariff;

  /**
   * Reads a ledger and never writes to it.
   *
   * @param tariff in force, for explanations of nothing
   */
  public LedgerReports(LedgerStore store, Tariff tariff) {
    this.store = store;
    this.tariff = tariff;
  }

  /** Rows, newest first. */
  public Page<UsageRow> usage(OrganizationId organization, UsageFilter filter, PageRequest page) {
    Page<LedgerRow> rows = store.list(organization, filter, page);
    return new Page<>(rows.items().stream().map(UsageRow::of).toList(), rows.next());
  }

  /** What rows add up to, and what the bill might have been. */
  public UsageExplanation explain(OrganizationId organization, UsageFilter filter) {
    UsageReader reader = new UsageReader(tariff);
    store.each(organization, filter, reader::read);
    return reader.explanation();
  }

  /** What days cost (UTC), from the first on. */
  public List<CostDay> costs(OrganizationId organization, LocalDate first, int days) {
    return CostDays.of(store, organization, first, days);
  }

  /** What all requests of a container have come to. */
  public ContainerCost costOf(ContainerId container) {
    return store.costOf(container);
  }

  /** Looks through the organization's whole ledger. */
  public LedgerAudit verify(OrganizationId organization) {
    return store.verify(organization);
  }
}
