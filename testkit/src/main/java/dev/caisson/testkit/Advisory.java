package dev.caisson.testkit;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.maven.artifact.versioning.ComparableVersion;
import tools.jackson.databind.JsonNode;

/**
 * A known weakness of Maven artifacts, as the <a href="https://ossf.github.io/osv-schema/">OSV
 * format</a> writes it down.
 *
 * @param severity a word such as {@code HIGH}, else the vector of a score, else {@code UNKNOWN}
 */
record Advisory(String id, String summary, String severity, List<Affected> affected) {
  private static final String MAVEN = "Maven";

  /** Ranges by commit cannot be compared with a version. */
  private static final Set<String> VERSION_RANGES = Set.of("ECOSYSTEM", "SEMVER");

  Advisory {
    affected = List.copyOf(affected);
  }

  /**
   * One artifact and what of it is weak.
   *
   * @param name {@code group:artifact}
   * @param versions that are weak whatever the ranges say
   */
  record Affected(String name, Set<String> versions, List<Range> ranges) {
    Affected {
      versions = Set.copyOf(versions);
      ranges = List.copyOf(ranges);
    }

    boolean has(String version) {
      return versions.contains(version)
          || ranges.stream().anyMatch(range -> range.has(new ComparableVersion(version)));
    }

    /** The first version above the given one that is said to be mended. */
    Optional<String> mendedAbove(String version) {
      ComparableVersion present = new ComparableVersion(version);
      return ranges.stream()
          .flatMap(range -> range.events().stream())
          .filter(event -> event.kind().equals("fixed") && present.compareTo(event.version()) < 0)
          .map(Event::version)
          .min(ComparableVersion::compareTo)
          .map(ComparableVersion::toString);
    }
  }

  /** Where weakness begins and ends; the latest event at or below a version says how it stands. */
  record Range(List<Event> events) {
    Range {
      // At one version an end counts before a beginning: it is mended and broken again.
      events =
          events.stream()
              .sorted(
                  java.util.Comparator.comparing(Event::version)
                      .thenComparing(event -> event.kind().equals("introduced")))
              .toList();
    }

    boolean has(ComparableVersion version) {
      boolean weak = false;
      for (Event event : events) {
        int order = version.compareTo(event.version());
        switch (event.kind()) {
          case "introduced" -> weak = weak || event.isBeginning() || order >= 0;
          case "fixed" -> weak = weak && order < 0;
          case "last_affected" -> weak = weak && order <= 0;
          default -> {}
        }
      }
      return weak;
    }
  }

  record Event(String kind, ComparableVersion version) {
    /** The schema's word for "before any version", also those that sort below 0. */
    boolean isBeginning() {
      return version.toString().equals("0");
    }
  }

  /**
   * Reads an entry of the database; empty when it was withdrawn or concerns no Maven artifact.
   *
   * @throws IllegalArgumentException when it is no OSV entry
   */
  static Optional<Advisory> read(JsonNode json) {
    if (!json.path("id").isString() || !(json.path("affected").isArray() || isWithdrawn(json))) {
      throw new IllegalArgumentException("no entry of the OSV format (id, affected)");
    }
    List<Affected> affected =
        json.path("affected")
            .valueStream()
            .filter(one -> one.at("/package/ecosystem").asString("").equals(MAVEN))
            .map(Advisory::affected)
            .toList();
    return affected.isEmpty() || isWithdrawn(json)
        ? Optional.empty()
        : Optional.of(
            new Advisory(
                json.path("id").asString(),
                json.path("summary").asString(""),
                severity(json),
                affected));
  }

  private static boolean isWithdrawn(JsonNode json) {
    return json.path("withdrawn").isString();
  }

  private static String severity(JsonNode json) {
    String word = json.at("/database_specific/severity").asString("");
    return word.isEmpty() ? json.at("/severity/0/score").asString("UNKNOWN") : word;
  }

  private static Affected affected(JsonNode json) {
    return new Affected(
        json.at("/package/name").asString(""),
        Set.copyOf(json.path("versions").valueStream().map(JsonNode::asString).distinct().toList()),
        json.path("ranges")
            .valueStream()
            .filter(range -> VERSION_RANGES.contains(range.path("type").asString("")))
            .map(range ->
                new Range(
                    range
                        .path("events")
                        .valueStream()
                        .flatMap(event -> event.propertyStream())
                        .map(event ->
                            new Event(
                                event.getKey(), new ComparableVersion(event.getValue().asString())))
                        .toList()))
            .toList());
  }
}
