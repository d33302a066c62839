package dev.caisson.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.OutputStreamKind;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class StreamTextTest {
  private final StringBuilder heard = new StringBuilder();
  private final StreamText text =
      new StreamText(OutputStreamKind.STDOUT, (stream, piece) -> heard.append(piece));

  @RepeatedTest(20)
  void readsAnyBytesAsOneReadingWould() {
    Random random = new Random(heard.hashCode());
    byte[] bytes = new byte[random.nextInt(200)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (random.nextBoolean() ? 0xC0 + random.nextInt(64) : random.nextInt(256));
    }
    for (int from = 0; from < bytes.length; ) {
      int count = Math.min(bytes.length - from, 1 + random.nextInt(5));
      byte[] piece = new byte[count];
      System.arraycopy(bytes, from, piece, 0, count);
      text.accept(piece);
      from += count;
    }
    text.finish();
    assertThat(text.captured().text()).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
    assertThat(heard.toString()).isEqualTo(text.captured().text());
  }

  @Test
  void saysHowMuchWasDroppedOnALineOfItsOwn() {
    text.accept("head".getBytes(StandardCharsets.UTF_8));
    text.acceptTail("tail\n".getBytes(StandardCharsets.UTF_8), 12);
    text.finish();
    assertThat(text.captured().text())
        .isEqualTo("head\n[... 12 bytes of output dropped ...]\ntail\n");
    assertThat(text.captured().droppedBytes()).isEqualTo(12);
  }

  @Test
  void putsALineOfOursAfterAnUnfinishedOne() {
    text.accept("no end".getBytes(StandardCharsets.UTF_8));
    text.line("ours");
    text.line("again");
    assertThat(text.captured().text()).isEqualTo("no end\nours\nagain\n");
  }
}
