package dev.caisson.domain;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A set of moments: intervals in order that neither touch nor overlap, none of them empty. Any list
 * of intervals makes one.
 */
public record Intervals(List<Interval> parts) {
  public static final Intervals NONE = new Intervals(List.of());

  public Intervals {
    parts = merged(parts);
  }

  public static Intervals of(Interval... parts) {
    return new Intervals(List.of(parts));
  }

  private static List<Interval> merged(List<Interval> parts) {
    List<Interval> sorted =
        parts.stream()
            .filter(part -> part.millis() > 0)
            .sorted(Comparator.comparingLong(Interval::from))
            .toList();
    List<Interval> merged = new ArrayList<>();
    for (Interval part : sorted) {
      if (merged.isEmpty() || merged.getLast().until() < part.from()) {
        merged.add(part);
      } else {
        Interval last = merged.removeLast();
        merged.add(new Interval(last.from(), Math.max(last.until(), part.until())));
      }
    }
    return List.copyOf(merged);
  }

  public boolean isEmpty() {
    return parts.isEmpty();
  }

  /** How much time it is. */
  public long millis() {
    return parts.stream().mapToLong(Interval::millis).sum();
  }

  /** The first moment; 0 when there is none. */
  public long from() {
    return isEmpty() ? 0 : parts.getFirst().from();
  }

  /** The end of the last; 0 when there is none. */
  public long until() {
    return isEmpty() ? 0 : parts.getLast().until();
  }

  public Intervals plus(Intervals other) {
    return new Intervals(Stream.concat(parts.stream(), other.parts.stream()).toList());
  }

  /** What is here and not in the other. */
  public Intervals minus(Intervals other) {
    List<Interval> left = new ArrayList<>();
    for (Interval part : parts) {
      long from = part.from();
      for (Interval gone : other.parts) {
        if (gone.from() > from && gone.from() < part.until()) {
          left.add(new Interval(from, gone.from()));
        }
        if (gone.from() < part.until()) {
          from = Math.max(from, gone.until());
        }
      }
      if (from < part.until()) {
        left.add(new Interval(from, part.until()));
      }
    }
    return new Intervals(left);
  }

  /** Such as {@code 0-1500,4000-4200}; {@link #parse} reads it. */
  public String text() {
    return parts.stream()
        .map(part -> part.from() + "-" + part.until())
        .collect(Collectors.joining(","));
  }

  /** Reads {@link #text}; throws IllegalArgumentException on any other form. */
  public static Intervals parse(String text) {
    if (text.isEmpty()) {
      return NONE;
    }
    List<Interval> parts = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      String[] ends = part.split("-", -1);
      if (ends.length != 2) {
        throw new IllegalArgumentException("not an interval: '" + part + "'");
      }
      parts.add(new Interval(Long.parseLong(ends[0]), Long.parseLong(ends[1])));
    }
    return new Intervals(parts);
  }
}
