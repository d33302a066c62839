package dev.caisson.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.ByteRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRangeTest {
  @ParameterizedTest
  @CsvSource({
    "bytes=0-0, 0, 1",
    "bytes=2-5, 2, 4",
    "bytes=7-, 7, 9223372036854775807",
    "bytes=-3, 7, 3",
    "bytes=-99, 0, 10",
    "bytes=0-999999999999999999, 0, 1000000000000000000"
  })
  void readsOneRange(String header, long offset, long length) {
    assertThat(HttpRange.parse(header).orElseThrow().in(10))
        .isEqualTo(new ByteRange(offset, length));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "bytes=0-1,3-4",
        "lines=1-2",
        "bytes=a-b",
        "bytes=99999999999999999999-",
        "bytes=--1"
      })
  void ignoresEverythingElse(String header) {
    assertThat(HttpRange.parse(header)).isEmpty();
  }

  @Test
  void aSuffixOfNothingStartsPastTheEnd() {
    assertThat(HttpRange.parse("bytes=-0").orElseThrow().in(10).offset()).isGreaterThan(10);
  }

  @Test
  void everyFilenameStaysInsideItsHeader() {
    assertThat(FileReply.disposition("a \"b\"\r\nx: y;ü.csv"))
        .isEqualTo("attachment; filename*=utf-8''a%20%22b%22%0D%0Ax%3A%20y%3B%C3%BC.csv");
  }
}
