package dev.caisson.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
  @ParameterizedTest
  @CsvSource({"0,0", "17,17", "17B,17", "1KiB,1024", "5 GiB,5368709120", "2TiB,2199023255552"})
  void readsTheWrittenForm(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GiB", "-1", "5GB", "1.5GiB", "5gib", "9999999999999999999", "٣"})
  void refusesOtherForms(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text);
  }

  @Test
  void refusesASizeThatOverflows() {
    assertThatThrownBy(() -> ByteSize.parse("99999999999TiB"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("99999999999TiB");
  }

  @ParameterizedTest
  @CsvSource({"0,0B", "1023,1023B", "1024,1KiB", "1536,1.5KiB", "5368709120,5GiB"})
  void writesTheLargestUnit(long bytes, String text) {
    assertThat(new ByteSize(bytes)).hasToString(text);
  }
}
