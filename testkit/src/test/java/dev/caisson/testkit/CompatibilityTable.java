package dev.caisson.testkit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What became of every field of the contract, as observed. */
final class CompatibilityTable {
  /** What the server does with a field. */
  enum Verdict {
    SUPPORTED("supported"),
    PASSED_THROUGH("passed through"),
    ACCEPTED("accepted"),
    REFUSED("refused"),
    NOT_SENT("not sent");

    private final String words;

    Verdict(String words) {
      this.words = words;
    }
  }

  private record Row(Verdict verdict, String remark) {}

  private final Map<String, Map<String, Row>> sections = new LinkedHashMap<>();

  CompatibilityTable(List<String> sectionsInOrder) {
    sectionsInOrder.forEach(section -> sections.put(section, new TreeMap<>()));
  }

  void add(String section, String field, Verdict verdict, String remark) {
    Row before =
        sections
            .computeIfAbsent(section, _ -> new TreeMap<>())
            .put(field, new Row(verdict, remark));
    if (before != null) {
      throw new IllegalStateException("two rows for " + section + " " + field);
    }
  }

  /** The page, the same for the same observations. */
  String markdown() {
    StringBuilder page =
        new StringBuilder(
            """
            # Compatibility

            What this server does with every field of the code execution contract. The table is written by
            `CompatibilityTest` from what it sees of the running server, with a scripted upstream behind it; the build
            fails when this page says anything else. **Supported**: the server itself acts on it, and a test has seen
            the effect. **Passed through**: it reaches the upstream, or comes back from it, unchanged. **Refused**: a
            4xx, with the reason shown. **Accepted**: taken, and without effect here. **Not sent**: in the contract's types, but never in this server's replies.
            """);
    sections.forEach((section, rows) -> {
      page.append("\n## ").append(section).append("\n\n| field | | |\n|---|---|---|\n");
      rows.forEach((field, row) ->
          page.append("| `")
              .append(field.replace("|", "\\|"))
              .append("` | ")
              .append(row.verdict().words)
              .append(" | ")
              .append(row.remark().replace("|", "\\|").replace("\n", " "))
              .append(" |\n"));
    });
    return page.toString();
  }
}
