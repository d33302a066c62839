package dev.caisson.testkit;

import dev.caisson.domain.CaissonException.HostUnfit;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code ./caisson dependencies [--database FILE]}: looks for the application's parts in a local
 * copy of the OSV database; speaks to no network. Exit code 0 when none is known to be weak, 1 when
 * some are, 2 for wrong usage, 3 when there is no database to look in.
 */
public final class DependenciesMain {
  private static final String HOW_TO_GET_ONE =
      """
      Nothing was checked. Get the database where there is a network, and name it with --database:
        curl -fLo osv-maven.zip https://osv-vulnerabilities.storage.googleapis.com/Maven/all.zip
      or lay it where it is looked for: $CAISSON_OSV, else ~/.cache/caisson/osv-maven.zip\
      """;

  private DependenciesMain() {}

  /** The first argument is the bill of materials, which the launcher names. */
  public static void main(String[] arguments) {
    System.exit(run(arguments, System.getenv(), System.out, System.err));
  }

  static int run(
      String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    Optional<Path> database = database(arguments, environment);
    if (database.isEmpty()) {
      err.println("usage: caisson dependencies [--database FILE]");
      return 2;
    }
    try {
      return check(
          BillOfMaterials.read(Path.of(arguments[0])), AdvisoryDatabase.read(database.get()), out);
    } catch (HostUnfit e) {
      err.println("caisson: " + e.getMessage());
      err.println(HOW_TO_GET_ONE);
      return 3;
    }
  }

  private static Optional<Path> database(String[] arguments, Map<String, String> environment) {
    if (arguments.length == 1) {
      String named = environment.get("CAISSON_OSV");
      return Optional.of(
          named == null
              ? Path.of(environment.getOrDefault("HOME", "/"), ".cache/caisson/osv-maven.zip")
              : Path.of(named));
    }
    boolean named = arguments.length == 3 && arguments[1].equals("--database");
    return named ? Optional.of(Path.of(arguments[2])) : Optional.empty();
  }

  private static int check(
      List<BillOfMaterials.Component> components, AdvisoryDatabase database, PrintStream out) {
    int found = 0;
    for (BillOfMaterials.Component component : components) {
      Map<String, Advisory> advisories = new TreeMap<>();
      database
          .matching(component.name(), component.version())
          .forEach(advisory -> advisories.put(advisory.id(), advisory));
      for (Advisory advisory : advisories.values()) {
        found++;
        out.println(line(component, advisory));
      }
    }
    out.println(
        components.size()
            + " dependencies, "
            + database.size()
            + " advisories (latest of "
            + (database.newest().isEmpty() ? "unknown date" : printable(database.newest()))
            + "): "
            + (found == 0 ? "none found" : found + " found"));
    return found == 0 ? 0 : 1;
  }

  private static String line(BillOfMaterials.Component component, Advisory advisory) {
    String mended =
        advisory.affected().stream()
            .filter(one -> one.name().equals(component.name()))
            .flatMap(one -> one.mendedAbove(component.version()).stream())
            .findFirst()
            .map(version -> "mended in " + version)
            .orElse("no mended version known");
    return printable(
        String.join(
            "  ",
            advisory.severity(),
            advisory.id(),
            component.name() + " " + component.version(),
            mended,
            advisory.summary()));
  }

  /** The database is written by many: what could steer a terminal is left out. */
  private static String printable(String text) {
    return text.replaceAll("\\p{C}", "?");
  }
}
