package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A tool whose call is a cell: Python or bash. */
final class CodeSubTool implements SubTool {
  private final String name;
  private final String field;
  private final UnaryOperator<String> stdoutForm;
  private final Function<String, CellSpec> cell;

  private CodeSubTool(
      String name,
      String field,
      Function<String, CellSpec> cell,
      UnaryOperator<String> stdoutForm) {
    this.name = name;
    this.field = field;
    this.cell = cell;
    this.stdoutForm = stdoutForm;
  }

  /** Bash: every call a process of its own. */
  static CodeSubTool bash() {
    return new CodeSubTool(BASH, "command", CellSpec::bash, UnaryOperator.identity());
  }

  /** Python in the container's interpreter: what a call defines is there for the next. */
  static CodeSubTool persistentPython() {
    return new CodeSubTool(PYTHON, "code", CellSpec::python, UnaryOperator.identity());
  }

  /**
   * Python as the first version of the tool had it: a fresh process each time, and standard output
   * without its final newline, as recorded from the hosted service.
   */
  static CodeSubTool freshPython() {
    return new CodeSubTool(
        PYTHON,
        "code",
        code -> CellSpec.python(code).withMode(InterpreterMode.FRESH),
        stdout -> stdout.endsWith("\n") ? stdout.substring(0, stdout.length() - 1) : stdout);
  }

  @Override
  public String name() {
    return name;
  }

  /** The input that runs this text. */
  ObjectNode input(String code) {
    return Json.object().put(field, code);
  }

  @Override
  public ObjectNode inputSchema() {
    ObjectNode schema = Json.object().put("type", "object");
    schema.putObject("properties").putObject(field).put("type", "string");
    schema.putArray("required").add(field);
    return schema.put("additionalProperties", false);
  }

  @Override
  public ObjectNode run(JsonNode input, Workbench workbench) {
    String code;
    try {
      code = JsonFields.of(input, "input").requiredString(field);
    } catch (CaissonException.InvalidRequest e) {
      return error("invalid_tool_input", e.getMessage());
    }
    return result(workbench.run(cell.apply(code)));
  }

  private ObjectNode result(Cell ran) {
    if (ran.outcome() instanceof CellOutcome.Lost) {
      return error("unavailable", "");
    }
    ObjectNode content =
        Json.object()
            .put("type", name + "_result")
            .put("stdout", stdoutForm.apply(ran.stdout().text()))
            .put("stderr", ran.stderr().text())
            .put("return_code", ran.outcome().returnCode());
    ArrayNode files = content.putArray("content");
    ran.outputs()
        .forEach(output ->
            files
                .addObject()
                .put("type", name + "_output")
                .put("file_id", output.fileId().value()));
    return content;
  }
}
