package dev.caisson.messages;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * The web tools of the hosted service beside which code execution is free: {@code web_search} and
 * {@code web_fetch} from version 20260209 on
 * (https://platform.claude.com/docs/en/agents-and-tools/tool-use/code-execution-tool).
 */
final class WebTools {
  private static final Pattern TYPE = Pattern.compile("web_(?:search|fetch)_(\\d{8})");
  private static final String FIRST_FREE = "20260209";

  private WebTools() {}

  /** Whether a request lists one of them. */
  static boolean exempt(MessageRequest request) {
    for (JsonNode tool : request.tree().path("tools")) {
      Matcher type = TYPE.matcher(tool.path("type").asStringOpt().orElse(""));
      // Versions are dates, which compare as texts.
      if (type.matches() && type.group(1).compareTo(FIRST_FREE) >= 0) {
        return true;
      }
    }
    return false;
  }
}
