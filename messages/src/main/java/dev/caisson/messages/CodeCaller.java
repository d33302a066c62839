package dev.caisson.messages;

import java.util.Set;

/**
 * How code of a version of the code execution tool calls tools of the client.
 *
 * @param type that stands in the {@code caller} of such a call
 * @param accepted types by which a tool may say in {@code allowed_callers} that it can be called
 * @param python what the code is a call of
 */
record CodeCaller(String type, Set<String> accepted, CodeSubTool python) {
  /** Every type that has ever been one. */
  static final Set<String> TYPES =
      Set.of("code_execution_20250825", "code_execution_20260120", "code_execution_20260521");

  CodeCaller {
    accepted = Set.copyOf(accepted);
  }

  /** Whether a {@code caller} of a block names code, and not the model itself. */
  static boolean isCode(String type) {
    return TYPES.contains(type);
  }
}
