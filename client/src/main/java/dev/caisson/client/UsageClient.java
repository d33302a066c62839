package dev.caisson.client;

import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import dev.caisson.domain.UsageExplanation;
import dev.caisson.domain.UsageFilter;
import dev.caisson.domain.UsageRow;

/** What a program can ask of its organization's ledger. Safe for use from many threads. */
public interface UsageClient {
  /** Rows, newest first. */
  Page<UsageRow> rows(UsageFilter filter, PageRequest page);

  /** What rows add up to, and what the bill might have been. */
  UsageExplanation explain(UsageFilter filter);

  /** Looks through the whole ledger. */
  LedgerAudit verify();
}
