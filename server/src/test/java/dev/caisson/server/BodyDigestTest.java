package dev.caisson.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BodyDigestTest {
  private static final String FORM = "multipart/form-data; charset=utf-8; boundary=";

  @Test
  void leavesOutTheBoundaryWhereverTheBytesAreCut() {
    Random random = new Random(7);
    for (int round = 0; round < 500; round++) {
      String boundary = text(random, 1 + random.nextInt(6));
      StringBuilder body = new StringBuilder();
      for (int i = random.nextInt(20); i >= 0; i--) {
        body.append(text(random, random.nextInt(4))).append(random.nextBoolean() ? boundary : "");
      }
      String expected = digest(null, leftOut(body.toString(), boundary), 1000);
      assertThat(digest(FORM + boundary, body.toString(), 1 + random.nextInt(5)))
          .as(boundary + " in " + body)
          .isEqualTo(expected);
    }
  }

  @Test
  void takesAllOfWhatIsNoForm() {
    assertThat(digest("application/json; boundary=a", "aaa", 2)).isEqualTo(digest(null, "aaa", 3));
    assertThat(digest("multipart/form-data", "aaa", 2)).isEqualTo(digest(null, "aaa", 3));
    assertThat(digest(FORM + "\"a b\"", "xa bx", 2)).isEqualTo(digest(null, "xx", 3));
  }

  /** From left to right, as the digest does it. */
  private static String leftOut(String body, String boundary) {
    return body.replace(boundary, "");
  }

  private static String text(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }

  private static String digest(@Nullable String type, String body, int step) {
    BodyDigest digest = new BodyDigest(type);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i += step) {
      digest.update(bytes, i, Math.min(step, bytes.length - i));
    }
    return digest.hex();
  }
}
