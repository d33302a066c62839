package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FileLinesTest {
  @Test
  void aFinalNewlineEndsTheLastLine() {
    assertThat(FileLines.of("a\nb\nc\n").count()).isEqualTo(3);
    assertThat(FileLines.of("a\nb\nc").count()).isEqualTo(3);
    assertThat(FileLines.of("").count()).isZero();
    assertThat(FileLines.of("\n").count()).isEqualTo(1);
    assertThat(FileLines.of("a\n\n").count()).isEqualTo(2);
  }

  @Test
  void givesBackTheWholeTextAndAnyPart() {
    for (String text : new String[] {"", "\n", "a", "a\n", "a\nb", "a\n\nb\n", "\r\n\r"}) {
      FileLines lines = FileLines.of(text);
      assertThat(lines.between(1, lines.count())).isEqualTo(text);
    }
    assertThat(FileLines.of("a\nb\nc").between(2, 2)).isEqualTo("b\n");
    assertThat(FileLines.of("a\nb\nc").between(3, 3)).isEqualTo("c");
  }
}
