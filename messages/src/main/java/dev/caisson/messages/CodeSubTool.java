package dev.caisson.messages;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.Cell;
import dev.caisson.domain.CellOutcome;
import dev.caisson.domain.CellSpec;
import dev.caisson.domain.InterpreterMode;
import dev.caisson.wire.Json;
import dev.caisson.wire.JsonFields;
import java.util.Optional;
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

  /** Python that calls tools, before it had a lasting interpreter: a fresh process each time. */
  static CodeSubTool programmaticPython() {
    return new CodeSubTool(PYTHON, "code", CodeSubTool::fresh, UnaryOperator.identity());
  }

  private static CellSpec fresh(String code) {
    return CellSpec.python(code).withMode(InterpreterMode.FRESH);
  }

  /**
   * Python as the first version of the tool had it: a fresh process each time, and standard output
   * without its final newline, as recorded from the hosted service.
   */
  static CodeSubTool freshPython() {
    return new CodeSubTool(
        PYTHON,
        "code",
        CodeSubTool::fresh,
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
    return complaint(input).orElseGet(() -> result(workbench.run(cell(input))));
  }

  /** The result of a call whose input is none; empty when it is one. */
  Optional<ObjectNode> complaint(JsonNode input) {
    try {
      JsonFields.of(input, "input").requiredString(field);
      return Optional.empty();
    } catch (CaissonException.InvalidRequest e) {
      return Optional.of(error("invalid_tool_input", e.getMessage()));
    }
  }

  /** The cell of a call whose input is good. */
  CellSpec cell(JsonNode input) {
    return cell.apply(JsonFields.of(input, "input").requiredString(field));
  }

  /** What became of the cell of a call. */
  ObjectNode result(Cell ran) {
    return switch (ran.outcome()) {
      // No word of the contract's says it; a model and a person can read it here.
      case CellOutcome.Lost lost -> serverEnded(lost.reason());
      case CellOutcome.Killed(String reason, _)
          when reason.equals(CellOutcome.Killed.SERVER_STOPPED) ->
          serverEnded(reason);
      case CellOutcome.Killed(String reason, _)
          when reason.equals(CellOutcome.Killed.OUT_OF_TIME) ->
          error(reason, "");
      case CellOutcome.Completed _, CellOutcome.TimedOut _, CellOutcome.Killed _ -> ended(ran);
    };
  }

  private ObjectNode serverEnded(String reason) {
    return error("unavailable", "")
        .put("error_message", reason + ": the server ended while the code ran; files are kept");
  }

  private ObjectNode ended(Cell ran) {
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
