package dev.caisson.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ResultsTest {
  private static final Operation BARE = Operation.bare("bare", "bare", () -> 1);
  private static final Operation OURS =
      Operation.compared("ours", "ours", "bare", () -> 1).withTarget(2);

  @Test
  void interpolatesQuantiles() {
    Samples samples =
        new Samples(LongStream.rangeClosed(1, 11).mapToObj(n -> n * 1_000_000).toList());

    assertThat(samples.medianMillis()).isEqualTo(6);
    assertThat(samples.p10Millis()).isEqualTo(2);
    assertThat(samples.p90Millis()).isEqualTo(10);
    assertThat(new Samples(List.of(1_000_000L, 2_000_000L)).medianMillis()).isEqualTo(1.5);
    assertThatThrownBy(() -> new Samples(List.of())).hasMessageContaining("no samples");
  }

  @Test
  void comparesMedianWithTheBaselinesMedian() {
    Results results = new Results(List.of(measured(BARE, 10, 20), beside(OURS, 15, 30, 30)), 0);

    Measured ours = results.measured().getLast();
    assertThat(ours.ratio().orElseThrow()).isCloseTo(2.0, within(1e-9));
    assertThat(results.holds()).isTrue();
    assertThat(results.doubts()).isEmpty();
    assertThat(results.json()).contains("\"ratio\" : 2.0").contains("\"holds\" : true");
  }

  @Test
  void namesWhatWasMissed() {
    Results results = new Results(List.of(measured(BARE, 10, 10), beside(OURS, 10, 21, 21)), 0);

    assertThat(results.holds()).isFalse();
    assertThat(results.table()).contains("MISSED: ours").contains("<= 2.0");
  }

  @Test
  void promisesWhatIsAddedAsWell() {
    Operation added = Operation.compared("ours", "ours", "bare", () -> 1).withAddedTarget(3);
    Measured bare = measured(BARE, 10, 10);

    Results kept = new Results(List.of(bare, beside(added, 10, 13, 13)), 0);
    assertThat(kept.holds()).isTrue();
    assertThat(kept.table()).contains("<= +3 ms", "3.00");
    assertThat(new Results(List.of(bare, beside(added, 10, 14, 14)), 0).holds()).isFalse();
  }

  @Test
  void saysWhenTheMachineIsNoisy() {
    Results results = new Results(List.of(measured(BARE, 1, 100)), 1.5);

    assertThat(results.doubts()).hasSize(2);
    assertThat(results.table()).contains("noisy: ").contains("load 1.50");
  }

  @Test
  void countsNoWarmup() throws Exception {
    List<String> order = new ArrayList<>();
    Operation one = Operation.bare("one", "one", () -> order.size() + (order.add("one") ? 1 : 0));
    Operation two =
        Operation.compared("two", "two", "one", () -> order.size() + (order.add("two") ? 1 : 0));

    List<Measured> measured =
        new Measurement(
                List.of(one), List.of(new Measurement.Group(List.of(two), 1, Duration.ZERO)), 3)
            .run();

    assertThat(order).hasSize(2 * one.warmups() + 6).endsWith("one", "two", "one", "two");
    assertThat(measured.getFirst().samples().nanos()).containsExactly(21L, 23L, 25L);
    assertThat(measured.getLast().samples().nanos()).containsExactly(22L, 24L, 26L);
    assertThat(measured.getLast().baseline()).contains(measured.getFirst().samples());
  }

  private static Measured measured(Operation operation, long... millis) {
    return new Measured(operation, samples(millis), Optional.empty());
  }

  private static Measured beside(Operation operation, long bare, long... millis) {
    return new Measured(operation, samples(millis), Optional.of(samples(bare)));
  }

  private static Samples samples(long... millis) {
    return new Samples(LongStream.of(millis).mapToObj(m -> m * 1_000_000).toList());
  }
}
