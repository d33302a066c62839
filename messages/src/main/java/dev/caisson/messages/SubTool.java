package dev.caisson.messages;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One of the tools that the code execution tool consists of. A model calls it by its name; each
 * call ends in a block of the family's own result type. Safe for use from many threads.
 */
interface SubTool {
  String PYTHON = "code_execution";
  String BASH = "bash_code_execution";
  String EDITOR = "text_editor_code_execution";

  /** All names, offered or not: nobody else's tool may bear one. */
  List<String> NAMES = List.of(PYTHON, BASH, EDITOR);

  /** The name that the model calls, and that the family's types begin with. */
  String name();

  /** The JSON schema of the input. */
  ObjectNode inputSchema();

  /**
   * Runs a call and gives the {@code content} of its result block. What goes wrong with the call is
   * a result as well.
   */
  ObjectNode run(JsonNode input, Workbench workbench);

  /** The {@code content} of a result block that is an error. */
  default ObjectNode error(String code, String message) {
    return ResultBlocks.error(name(), code, message);
  }
}
