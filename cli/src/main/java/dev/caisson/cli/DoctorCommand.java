package dev.caisson.cli;

import dev.caisson.sandbox.IsolationReport;
import dev.caisson.sandbox.IsolationReport.Wall;
import dev.caisson.sandbox.LocalSandboxes;
import dev.caisson.wire.Json;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Tells what this host can enforce, wall by wall, tried just now. */
@Command(
    name = "doctor",
    description = "Tries every wall of the sandbox on this host and says which stand.",
    footer = {"", "Exit code 3 when a wall that is required does not stand."})
final class DoctorCommand implements Callable<Integer> {
  @ParentCommand private @Nullable CaissonCommand root;

  @Override
  public Integer call() {
    CaissonCommand command = CommandContext.required(root);
    IsolationReport report;
    try (LocalSandboxes sandboxes = LocalSandboxes.open(Connections.sandbox(command.settings()))) {
      report = sandboxes.isolation();
    }
    if (command.json()) {
      command.console().line(Json.write(json(report)));
    } else {
      print(command.console(), report);
    }
    return report.fit() ? 0 : Main.HOST_UNFIT;
  }

  private static void print(Console console, IsolationReport report) {
    for (Wall wall : report.walls()) {
      String mark =
          wall.stands()
              ? console.green("stands ")
              : wall.required() ? console.red("MISSING") : "absent ";
      console.line(mark + "  " + console.bold(wall.name()) + "  " + console.dim(wall.evidence()));
      if (!wall.stands() && !wall.remedy().isEmpty()) {
        console.line("         → " + wall.remedy());
      }
    }
    console.line("");
    console.line(
        report.fit()
            ? "Every wall that Caisson requires stands on this host."
            : "A required wall does not stand: Caisson will not run code on this host.");
    String missing = String.join(", ", report.missing());
    console.line(
        "Level in force: "
            + console.bold(report.level().word())
            + (missing.isEmpty() ? "" : ", without " + missing)
            + ".");
  }

  private static ObjectNode json(IsolationReport report) {
    ObjectNode json = Json.object().put("fit", report.fit()).put("level", report.level().word());
    ArrayNode walls = json.putArray("walls");
    for (Wall wall : report.walls()) {
      walls
          .addObject()
          .put("name", wall.name())
          .put("required", wall.required())
          .put("stands", wall.stands())
          .put("evidence", wall.evidence())
          .put("remedy", wall.remedy());
    }
    return json;
  }
}
