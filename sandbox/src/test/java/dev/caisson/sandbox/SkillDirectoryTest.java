package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.ContainerId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code /skills}: a part of the workspace, in containers from before there were skills as well.
 */
class SkillDirectoryTest {
  @ParameterizedTest
  @EnumSource
  void isKeptWithTheWorkspaceAndCannotBeRemoved(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls)) {
      ContainerId container = ContainerId.next();
      try (Sandbox sandbox = fixture.open(container)) {
        write(sandbox, "/skills/tides/SKILL.md");
        assertThatThrownBy(() -> sandbox.delete("/skills"))
            .isInstanceOf(CaissonException.InvalidRequest.class)
            .hasMessageContaining("belongs to the container");
        assertThat(sandbox.diskBytes()).isPositive();
      }
      try (Sandbox again = fixture.open(container)) {
        assertThat(SandboxFixture.bash(again, "cat /skills/tides/SKILL.md").stdout().text())
            .isEqualTo("text");
        again.delete("/skills/tides");
        assertThat(again.list("/skills")).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void isMadeInAWorkspaceThatHasNone(Walls walls) throws IOException {
    try (SandboxFixture fixture = new SandboxFixture(walls, DiskWall.WATCHDOG)) {
      ContainerId container = ContainerId.next();
      fixture.open(container).close();
      Files.delete(fixture.settings.data().resolve("containers/" + container).resolve("skills"));
      try (Sandbox again = fixture.open(container)) {
        write(again, "/skills/tides/SKILL.md");
        assertThat(SandboxFixture.bash(again, "stat -c %U /skills").stdout().text())
            .isEqualTo("user\n");
      }
    }
  }

  private static void write(Sandbox sandbox, String path) {
    sandbox.write(path, new ByteArrayInputStream("text".getBytes(StandardCharsets.UTF_8)));
  }
}
