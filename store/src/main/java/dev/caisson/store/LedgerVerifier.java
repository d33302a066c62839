package dev.caisson.store;

import dev.caisson.domain.LedgerAudit;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.Tariff;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Follows a chain row by row, up to the first that does not fit. Rows are to be read in the order
 * of their positions. For one thread.
 */
final class LedgerVerifier {
  private final LedgerWriter.Head headBefore;
  private @Nullable LedgerRow last;
  private Optional<String> problem = Optional.empty();

  /**
   * @param headBefore as it was before the rows were read
   */
  LedgerVerifier(LedgerWriter.Head headBefore) {
    this.headBefore = headBefore;
  }

  void read(LedgerRow row) {
    if (problem.isPresent()) {
      return;
    }
    problem = complaint(row);
    if (problem.isEmpty()) {
      last = row;
    }
  }

  private Optional<String> complaint(LedgerRow row) {
    if (row.position() != position() + 1) {
      return Optional.of("row " + (position() + 1) + " is missing; after it comes " + name(row));
    }
    if (!LedgerChain.hash(hash(), row).equals(row.hash())) {
      return Optional.of(name(row) + " was altered or moved: its hash is not that of its content");
    }
    if (row.position() == headBefore.position() && !row.hash().equals(headBefore.hash())) {
      return Optional.of(name(row) + " is not the row that was written there: the head differs");
    }
    return sums(row) ? Optional.empty() : Optional.of(name(row) + " does not add up");
  }

  /** Whoever writes good hashes over bad sums has not earned them. */
  private boolean sums(LedgerRow row) {
    LedgerRow before = last;
    boolean sameMonth =
        before != null
            && LedgerRow.month(before.recordedAt()).equals(LedgerRow.month(row.recordedAt()));
    long monthMillis = sameMonth && before != null ? before.monthMillis() : 0;
    long monthCost = sameMonth && before != null ? before.monthCost() : 0;
    Tariff tariff = row.tariff();
    long freeLeft = Math.max(0, tariff.freePerMonth().toMillis() - monthMillis);
    return row.price().freeMillis() == Math.min(row.price().billedMillis(), freeLeft)
        && row.monthMillis() == monthMillis + row.price().billedMillis()
        && row.monthCost() == monthCost + tariff.cost(row.price().paidMillis())
        && (before == null || !row.recordedAt().isBefore(before.recordedAt()));
  }

  /**
   * The finding.
   *
   * @param head as it is after the rows were read
   */
  LedgerAudit end(LedgerWriter.Head head) {
    if (problem.isEmpty() && position() < headBefore.position()) {
      problem =
          Optional.of(
              "row "
                  + (position() + 1)
                  + " is missing: the ledger has "
                  + headBefore.position()
                  + " rows");
    } else if (problem.isEmpty() && position() > head.position()) {
      problem = Optional.of("row " + position() + " is one too many: the ledger ends before it");
    }
    return new LedgerAudit(position(), hash(), problem);
  }

  private long position() {
    return last == null ? 0 : last.position();
  }

  private String hash() {
    return last == null ? LedgerChain.START : last.hash();
  }

  private static String name(LedgerRow row) {
    return "row " + row.position() + " (" + row.charge().requester().requestId() + ")";
  }
}
