package dev.caisson.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The bill of materials that the build made of the application. */
class BillOfMaterialsTest {
  private static final Path TARGET = Path.of("..", "cli", "target");

  @Test
  void listsWhatTheApplicationIsMadeOf() throws IOException {
    assumeTrue(isPackaged(), "the application has not been packaged: run verify, not test");
    List<BillOfMaterials.Component> parts =
        BillOfMaterials.read(TARGET.resolve("caisson-sbom.json"));
    assertThat(parts)
        .extracting(BillOfMaterials.Component::name)
        .contains(
            "dev.caisson:caisson-server",
            "io.javalin:javalin",
            "org.eclipse.jetty:jetty-server",
            "org.xerial:sqlite-jdbc",
            "tools.jackson.core:jackson-databind",
            "ch.qos.logback:logback-classic")
        .doesNotContain("org.junit.jupiter:junit-jupiter", "dev.caisson:caisson-testkit");
    assertThat(parts)
        .allSatisfy(part ->
            assertThat(TARGET.resolve("lib"))
                .isDirectoryContaining(
                    "glob:**/"
                        + part.name().substring(part.name().indexOf(":") + 1)
                        + "-"
                        + part.version()
                        + ".jar"));
  }

  private static boolean isPackaged() throws IOException {
    try (Stream<Path> files = Files.list(TARGET)) {
      return files.anyMatch(file -> file.getFileName().toString().endsWith(".jar"));
    }
  }
}
