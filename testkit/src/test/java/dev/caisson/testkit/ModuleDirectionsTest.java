package dev.caisson.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The house's rules of direction; the build's dependency check is their other half. */
class ModuleDirectionsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.caisson");

  /** The module table: each module and those that it may use. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          Map.entry("domain", Set.of()),
          Map.entry("wire", Set.of("domain")),
          Map.entry("sandbox", Set.of("domain")),
          Map.entry("store", Set.of("domain")),
          Map.entry("engine", Set.of("domain", "sandbox", "store")),
          Map.entry("messages", Set.of("domain", "wire", "engine")),
          Map.entry("server", Set.of("domain", "wire", "engine", "messages")),
          Map.entry("client", Set.of("domain", "wire")),
          Map.entry("embedded", Set.of("domain", "client", "engine", "sandbox", "store")),
          Map.entry("runner", Set.of("domain", "client")),
          Map.entry(
              "cli",
              Set.of(
                  "domain",
                  "wire",
                  "sandbox",
                  "store",
                  "engine",
                  "messages",
                  "server",
                  "client",
                  "embedded",
                  "runner")));

  static final List<String> MODULES = List.copyOf(new TreeSet<>(ALLOWED.keySet()));

  @ParameterizedTest
  @FieldSource("MODULES")
  void usesOnlyTheModulesOfTheTable(String module) {
    Set<String> forbidden = new TreeSet<>(ALLOWED.keySet());
    forbidden.addAll(Set.of("testkit", "bench"));
    forbidden.remove(module);
    forbidden.removeAll(ALLOWED.getOrDefault(module, Set.of()));
    String[] packages = forbidden.stream().map(ModuleDirectionsTest::inside).toArray(String[]::new);

    check(
        module,
        noClasses()
            .that()
            .resideInAPackage(inside(module))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(packages));
  }

  @Test
  void hasNoCycles() {
    assertThat(CLASSES.size()).isGreaterThan(100);
    slices().matching("dev.caisson.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void engineKnowsNoHttpNoJsonAndNoPath() {
    check(
        "engine",
        noClasses()
            .that()
            .resideInAPackage(inside("engine"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "io.javalin..",
                "tools.jackson..",
                "org.eclipse.jetty..",
                "java.net.http..",
                "java.nio.file.."));
  }

  @Test
  void messagesKnowsNoServerLibraryAndNoSql() {
    check(
        "messages",
        noClasses()
            .that()
            .resideInAPackage(inside("messages"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "java.sql..", "org.jdbi.."));
  }

  @Test
  void onlyTheCommandLineWritesToStandardOutput() {
    for (String module : MODULES) {
      if (!module.equals("cli")) {
        check(
            module,
            noClasses()
                .that()
                .resideInAPackage(inside(module))
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err"));
      }
    }
  }

  @Test
  void everyPackageIsNullMarked() {
    for (String module : MODULES) {
      check(
          module,
          classes()
              .that()
              .resideInAPackage(inside(module))
              .and()
              .haveSimpleName("package-info")
              .should()
              .beAnnotatedWith("org.jspecify.annotations.NullMarked"));
    }
  }

  /** Checks the rule, but only after seeing that the module has classes at all. */
  private static void check(String module, ArchRule rule) {
    assertThat(
            CLASSES.stream()
                .filter(type -> type.getPackageName().startsWith("dev.caisson." + module)))
        .as("classes of module " + module)
        .hasSizeGreaterThan(1);
    rule.check(CLASSES);
  }

  private static String inside(String module) {
    return "dev.caisson." + module + "..";
  }
}
