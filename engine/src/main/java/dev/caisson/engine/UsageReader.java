package dev.caisson.engine;

import dev.caisson.domain.BillingRule;
import dev.caisson.domain.Charge;
import dev.caisson.domain.ContainerId;
import dev.caisson.domain.LedgerRow;
import dev.caisson.domain.Price;
import dev.caisson.domain.Tariff;
import dev.caisson.domain.UsageExplanation;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Adds rows of a ledger up to what explains them. For one thread. */
final class UsageReader {
  private final Map<BillingRule, long[]> rules = new EnumMap<>(BillingRule.class);
  private final Set<ContainerId> containers = new HashSet<>();
  private final Map<Shared, Sum> requestSums = new HashMap<>();
  private final Map<Shared, Sum> containerSums = new HashMap<>();
  private Tariff tariff;
  private long requests;
  private long cells;
  private long used;
  private long billed;
  private long free;
  private long minimum;
  private long aloneRequests;
  private long withoutReuse;
  private long idleRequests;
  private long idleFiles;
  private long idleBytes;
  private long idleBilled;
  private BigDecimal cents = BigDecimal.ZERO;

  /**
   * @param tariff in force, for a bill without rows
   */
  UsageReader(Tariff tariff) {
    this.tariff = tariff;
  }

  void read(LedgerRow row) {
    Charge charge = row.charge();
    Price price = row.price();
    tariff = row.tariff();
    requests++;
    cells += charge.cells();
    containers.add(charge.container());
    used += price.countedMillis();
    billed += price.billedMillis();
    free += price.freeMillis();
    cents = cents.add(row.cents());
    long[] line = rules.computeIfAbsent(price.rule(), rule -> new long[3]);
    line[0]++;
    line[1] += price.countedMillis();
    line[2] += price.billedMillis();
    if (!charge.toolRan()) {
      idleRequests++;
      idleFiles += charge.attachedFiles();
      idleBytes += charge.attachedBytes();
      idleBilled += price.billedMillis();
    }
    if (price.rule().counts()) {
      minimum += price.billedMillis() - price.countedMillis();
      withoutReuse += alone(row);
      share(row);
    }
  }

  /** A container for each cell; what ran none had one to itself already. */
  private static long alone(LedgerRow row) {
    return row.charge().cells() > 0
        ? row.charge().aloneMillis()
        : row.tariff().aloneMillis(row.price().countedMillis());
  }

  private void share(LedgerRow row) {
    Charge charge = row.charge();
    long counted = row.price().countedMillis();
    long least = row.tariff().minimum().toMillis();
    charge
        .group()
        .ifPresentOrElse(
            group -> add(requestSums, new Shared(group, charge.container()), counted, least),
            () -> aloneRequests += Math.max(least, counted));
    String period = charge.timeline() + "/" + charge.epoch();
    add(containerSums, new Shared(period, charge.container()), counted, least);
  }

  private static void add(Map<Shared, Sum> sums, Shared key, long counted, long least) {
    sums.merge(key, new Sum(counted, least), (a, b) -> new Sum(a.counted + b.counted, b.least));
  }

  UsageExplanation explanation() {
    List<UsageExplanation.Line> lines =
        rules.entrySet().stream()
            .map(entry ->
                new UsageExplanation.Line(
                    entry.getKey(), entry.getValue()[0], entry.getValue()[1], entry.getValue()[2]))
            .toList();
    return new UsageExplanation(
        requests,
        containers.size(),
        cells,
        lines,
        used,
        billed,
        free,
        cents,
        minimum,
        aloneRequests + total(requestSums),
        total(containerSums),
        withoutReuse,
        new UsageExplanation.Idle(idleRequests, idleFiles, idleBytes, idleBilled),
        tariff);
  }

  private static long total(Map<Shared, Sum> sums) {
    return sums.values().stream().mapToLong(sum -> Math.max(sum.least, sum.counted)).sum();
  }

  /** What shares a minimum. */
  private record Shared(String name, ContainerId container) {}

  private record Sum(long counted, long least) {}
}
