package dev.caisson.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import dev.caisson.domain.SkillManifest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SkillFrontMatterTest {
  @Test
  void readsNameAndDescriptionAndLooksAtNothingElse() {
    assertThat(
            read("---\nname: tides\ndescription: >\n  Two\n  lines.\nlicense: [a, b]\n---\nBody"))
        .isEqualTo(new SkillManifest("tides", "Two lines."));
  }

  @Test
  void readsAFileOfAnotherSystem() {
    assertThat(read("\uFEFF---\r\nname: tides\r\ndescription: 'With: colon'\r\n---\r\n"))
        .isEqualTo(new SkillManifest("tides", "With: colon"));
  }

  @Test
  void takesTheNameOfTheDirectoryWhereThereIsNone() {
    assertThat(read("---\ndescription: D.\n---\n").name()).isEqualTo("directory");
  }

  @Test
  void takesANumberForText() {
    assertThat(read("---\nname: 2048\ndescription: 1\n---\n"))
        .isEqualTo(new SkillManifest("2048", "1"));
  }

  @Test
  void namesTheLineThatIsNoYaml() {
    assertThatThrownBy(() -> read("---\nname: a\ndescription: b: c\n---\n"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageStartingWith("files: SKILL.md: line 3: not valid YAML");
  }

  @Test
  void refusesBytesThatAreNoText() {
    assertThatThrownBy(() -> SkillFrontMatter.read(new byte[] {(byte) 0xff}, "d"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("not UTF-8");
  }

  private static SkillManifest read(String text) {
    return SkillFrontMatter.read(text.getBytes(StandardCharsets.UTF_8), "directory");
  }
}
