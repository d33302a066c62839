package dev.caisson.testkit;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a rule's texts can name: {@code {prompt}}, {@code {result}} and {@code {1}}. */
record DevGaps(DevTurn turn, MatchResult found) {
  private static final Pattern GAP = Pattern.compile("\\{(prompt|result|\\d)}");

  String fill(String text) {
    return GAP.matcher(text).replaceAll(gap -> Matcher.quoteReplacement(value(gap.group(1))));
  }

  private String value(String name) {
    return switch (name) {
      case "prompt" -> turn.prompt();
      case "result" -> turn.result();
      default -> group(Integer.parseInt(name));
    };
  }

  /** A group that the pattern does not have is empty, as one that took no part. */
  private String group(int number) {
    String text = number <= found.groupCount() ? found.group(number) : null;
    return text == null ? "" : text;
  }
}
