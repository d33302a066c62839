package dev.caisson.engine;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.Durations;
import dev.caisson.domain.FunctionName;
import dev.caisson.domain.Language;
import dev.caisson.domain.Limits;
import java.time.Duration;
import java.util.regex.Pattern;

/** What a cell must look like, before it waits for its turn. */
final class CellRules {
  /** POSIX.1-2017, 8.1 Environment Variable Definition. */
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private CellRules() {}

  /** Throws InvalidRequest that names what is wrong and the rule. */
  static void check(CellSpec spec, Limits limits) {
    checkCode(spec.code());
    spec.timeout().ifPresent(timeout -> checkTimeout(timeout, limits.cellLimit()));
    spec.environment().forEach(CellRules::checkVariable);
    checkFunctions(spec);
  }

  private static void checkCode(String code) {
    int nul = code.indexOf('\0');
    if (nul >= 0) {
      throw new InvalidRequest(
          "code: must not contain NUL (U+0000), found at character " + (nul + 1));
    }
    if (Text.hasLoneSurrogate(code)) {
      throw new InvalidRequest("code: must be whole Unicode characters");
    }
  }

  // The API calls it timeout_seconds, the command line --timeout: no prefix would fit all.
  private static void checkTimeout(Duration timeout, Duration limit) {
    if (!timeout.isPositive()) {
      throw new InvalidRequest("a timeout must be positive, not " + Durations.format(timeout));
    }
    if (timeout.compareTo(limit) > 0) {
      throw new InvalidRequest(
          "a timeout of "
              + Durations.format(timeout)
              + " is over the cell limit of "
              + Durations.format(limit));
    }
  }

  private static void checkVariable(String name, String value) {
    if (!VARIABLE.matcher(name).matches()) {
      throw new InvalidRequest(
          "env: '"
              + printable(name)
              + "' is no name of a variable; use letters, digits and underscores");
    }
    if (value.indexOf('\0') >= 0 || Text.hasLoneSurrogate(value)) {
      throw new InvalidRequest(
          "env: the value of '" + name + "' must be text without NUL (U+0000)");
    }
  }

  private static void checkFunctions(CellSpec spec) {
    if (!spec.functions().isEmpty() && spec.language() != Language.PYTHON) {
      throw new InvalidRequest("functions: only Python cells can call tools");
    }
    for (String name : spec.functions()) {
      FunctionName.complaint(name)
          .ifPresent(complaint -> {
            throw new InvalidRequest("functions: '" + printable(name) + "': " + complaint);
          });
    }
  }

  private static String printable(String name) {
    return name.codePoints()
        .limit(60)
        .mapToObj(c -> Character.isISOControl(c) ? "?" : Character.toString(c))
        .reduce("", String::concat);
  }
}
