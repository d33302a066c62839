package dev.caisson.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {
  @Test
  void namesThePathOfWhatIsWrong() {
    assertComplains(
        () -> fields("[]", "").rejectUnknown(), "request body: Input should be an object");
    assertComplains(
        () -> fields("{}", "tools.0").requiredString("type"), "tools.0.type: Field required");
    assertComplains(
        () -> fields("{\"a\":1}", "tools.0").string("a"),
        "tools.0.a: Input should be a valid string");
    assertComplains(
        () -> fields("{\"a\":\"1\"}", "").integer("a", 0, 9), "a: Input should be a valid integer");
    assertComplains(
        () -> fields("{\"a\":1.5}", "").integer("a", 0, 9), "a: Input should be a valid integer");
    assertComplains(
        () -> fields("{\"a\":99999999999999999999}", "").integer("a", 0, 9),
        "a: Input should be between 0 and 9");
    assertComplains(
        () -> fields("{\"a\":\"true\"}", "").bool("a"), "a: Input should be a valid boolean");
    assertComplains(() -> fields("{\"a\":{}}", "").array("a"), "a: Input should be a valid list");
    assertComplains(
        () -> fields("{\"a\":[\"x\",2]}", "").strings("a"), "a.1: Input should be a valid string");
    assertComplains(
        () -> fields("{\"a\":{\"b\":2}}", "").stringMap("a"),
        "a.b: Input should be a valid string");
    assertComplains(
        () -> fields("{\"a\":0}", "").positiveNumber("a", 10),
        "a: Input should be a number greater than 0 and at most 10");
  }

  @Test
  void numbersOfAnySizeAreCompared() {
    assertThat(fields("{\"a\":0.25}", "").positiveNumber("a", 10)).contains(0.25);
    for (String number : new String[] {"1e999", "1e999999999", "-1", "10.0001", "\"1\""}) {
      assertComplains(
          () -> fields("{\"a\":" + number + "}", "").positiveNumber("a", 10),
          "a: Input should be a number greater than 0 and at most 10");
    }
  }

  @Test
  void takesNullForAbsent() {
    JsonFields fields = fields("{\"a\":null}", "");
    assertThat(fields.string("a")).isEmpty();
    assertThat(fields.integer("a", 0, 1)).isEmpty();
    assertThat(fields.array("a")).isEmpty();
    assertComplains(() -> fields.requiredString("a"), "a: Field required");
  }

  @Test
  void refusesFieldsThatNothingAskedFor() {
    JsonFields fields = fields("{\"a\":\"x\",\"b\":1}", "tools.0");
    assertThat(fields.requiredString("a")).isEqualTo("x");
    assertComplains(fields::rejectUnknown, "tools.0.b: Extra inputs are not permitted");
  }

  @Test
  void refusesTextThatNoFileCouldHold() {
    assertComplains(
        () -> fields("{\"code\":\"ab\\ud800\"}", "").string("code"),
        "code: not valid Unicode: unpaired surrogate at character 2");
    assertComplains(
        () -> fields("{\"code\":\"\\udc00\\ud800\"}", "").string("code"),
        "code: not valid Unicode: unpaired surrogate at character 0");
    assertThat(fields("{\"code\":\"\\ud83d\\ude00\"}", "").string("code")).contains("\uD83D\uDE00");
  }

  @Test
  void keepsLongNamesOutOfMessages() {
    assertThatThrownBy(() -> fields("{\"" + "n".repeat(5000) + "\":1}", "").rejectUnknown())
        .message()
        .hasSizeLessThan(200);
  }

  private static JsonFields fields(String json, String path) {
    return JsonFields.of(Json.parse(json, "request body"), path);
  }

  private static void assertComplains(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage(message);
  }
}
