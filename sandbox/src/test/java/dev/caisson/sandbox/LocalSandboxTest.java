package dev.caisson.sandbox;

import static dev.caisson.sandbox.SandboxFixture.bash;
import static dev.caisson.sandbox.SandboxFixture.code;
import static dev.caisson.sandbox.SandboxFixture.fresh;
import static dev.caisson.sandbox.SandboxFixture.python;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ContainerId;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LocalSandboxTest {
  @ParameterizedTest
  @EnumSource
  void runsPythonAndBash(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls);
        Sandbox sandbox = fixture.open()) {
      assertThat(python(sandbox, "x = 20\nprint(x + 1)").stdout().text()).isEqualTo("21\n");
      assertThat(python(sandbox, "print(x + 2)").stdout().text()).isEqualTo("22\n");
      assertThat(fresh(sandbox, "print('x' in globals())").stdout().text()).isEqualTo("False\n");
      CellRun run = bash(sandbox, "echo out; echo err >&2; exit 7");
      assertThat(run.stdout().text()).isEqualTo("out\n");
      assertThat(run.stderr().text()).isEqualTo("err\n");
      assertThat(code(run)).isEqualTo(7);
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsFilesAcrossCloseAndOpen(Walls walls) throws IOException {
    ContainerId container = ContainerId.next();
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      try (Sandbox sandbox = fixture.open(container)) {
        bash(sandbox, "echo 1 > /tmp/a; echo 2 > b; echo 3 > $INPUT_DIR/c");
      }
      try (Sandbox sandbox = fixture.open(container)) {
        assertThat(bash(sandbox, "cat /tmp/a ~/b /files/input/c").stdout().text())
            .isEqualTo("1\n2\n3\n");
      }
    }
  }
}
