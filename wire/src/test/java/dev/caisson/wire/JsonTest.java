package dev.caisson.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "   ",
        "{",
        "{\"a\":1}x",
        "{\"a\":1,\"a\":2}",
        "nul",
        "{\"a\":NaN}",
        "{'a':1}",
        "{\"a\":1} {\"b\":2}",
        "\"\u0001\""
      })
  void refusesWhatIsNotOneJsonValue(String text) {
    assertThatThrownBy(() -> Json.parse(text.getBytes(StandardCharsets.UTF_8), "request body"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageStartingWith("request body: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{", "[", "[1,", "{\"a\":{\"b\":[1}", "{\"a\":[1,{", "\"abc", "{\"a\":1]", "]"})
  void tellsWhatIsWrongWithoutTheParsersOwnAffairs(String text) {
    assertThatThrownBy(() -> Json.parse(text, "request body"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .message()
        .startsWith("request body: not valid JSON at line 1, column ")
        .doesNotContain("Source", "REDACTED", "StreamReadFeature", "byte offset");
  }

  @Test
  void namesTheBracketThatIsMissing() {
    assertThatThrownBy(() -> Json.parse("{\"a\":[1}", "request body"))
        .hasMessageEndingWith(": Unexpected close marker '}': expected ']'");
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    byte[][] bodies = {
      {'"', (byte) 0xff, '"'},
      {'"', (byte) 0xc0, (byte) 0xaf, '"'},
      {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'},
      "{\"a\":1}".getBytes(StandardCharsets.UTF_16BE),
      "{\"a\":1}".getBytes(StandardCharsets.UTF_16),
    };
    for (byte[] body : bodies) {
      assertThatThrownBy(() -> Json.parse(body, "request body"))
          .isInstanceOf(CaissonException.InvalidRequest.class);
    }
  }

  @Test
  void refusesNestingOverTheLimit() {
    assertThat(Json.parse("[".repeat(200) + "]".repeat(200), "request body").isArray()).isTrue();
    assertThatThrownBy(() -> Json.parse("[".repeat(100_000), "request body"))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessageContaining("over a limit")
        .hasMessageContaining("256");
  }

  @Test
  void refusesNumbersOfThousandsOfDigits() {
    assertThatThrownBy(() -> Json.parse("1".repeat(5000), "request body"))
        .isInstanceOf(CaissonException.InvalidRequest.class);
  }

  @Test
  void givesBackNumbersAndUnknownFieldsAsTheyCame() {
    String text =
        "{\"temperature\":1.0,\"top_p\":0.1,\"n\":12345678901234567890,\"x\":{\"y\":[null,true]}}";
    assertThat(Json.write(Json.parse(text, "request body"))).isEqualTo(text);
  }
}
