package dev.caisson.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntervalsTest {
  @Test
  void mergesWhatTouchesAndDropsWhatIsEmpty() {
    Intervals intervals =
        Intervals.of(
            new Interval(5, 9), new Interval(7, 7), new Interval(0, 5), new Interval(11, 12));
    assertThat(intervals.text()).isEqualTo("0-9,11-12");
    assertThat(intervals.millis()).isEqualTo(10);
  }

  @Test
  void refusesTimeThatRunsBackwards() {
    assertThatThrownBy(() -> new Interval(2, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Intervals.parse("5-1")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Intervals.parse("1-2-3")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void agreesWithSetsOfMilliseconds() {
    Random random = new Random(1);
    for (int round = 0; round < 2000; round++) {
      List<Interval> left = some(random);
      List<Interval> right = some(random);
      BitSet minus = bits(left);
      minus.andNot(bits(right));
      BitSet plus = bits(left);
      plus.or(bits(right));
      Intervals a = new Intervals(left);
      Intervals b = new Intervals(right);
      assertThat(bits(a.minus(b).parts())).as("%s minus %s", a, b).isEqualTo(minus);
      assertThat(bits(a.plus(b).parts())).as("%s plus %s", a, b).isEqualTo(plus);
      assertThat(a.plus(b).millis()).isEqualTo(plus.cardinality());
      assertThat(Intervals.parse(a.text())).isEqualTo(a);
    }
  }

  private static List<Interval> some(Random random) {
    List<Interval> parts = new ArrayList<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      int from = random.nextInt(50);
      parts.add(new Interval(from, from + random.nextInt(15)));
    }
    return parts;
  }

  private static BitSet bits(List<Interval> parts) {
    BitSet bits = new BitSet();
    parts.forEach(part -> bits.set((int) part.from(), (int) part.until()));
    return bits;
  }
}
