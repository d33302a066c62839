package dev.caisson.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource({
    "postgres://u:secret@db.example:6432/caisson,                  postgres://u@db.example:6432/caisson",
    "postgresql://u:secret@db.example/caisson,                     postgres://u@db.example:5432/caisson",
    "postgres://db.example/caisson,                                postgres://db.example:5432/caisson",
    "jdbc:postgresql://db:1/caisson?user=u&password=secret,        postgres://u@db:1/caisson",
    "postgres://u:secret@[::1]:7/caisson,                          postgres://u@[::1]:7/caisson",
    "'jdbc:postgresql://a:1,b:2/caisson?user=u&password=secret',   'postgres://u@a:1,b:2/caisson'",
    "postgres://u:s%40c%2Fr%3Aet@db/caisson?sslmode=require,       postgres://u@db:5432/caisson"
  })
  void understandsBothSpellingsAndShowsNoPassword(String text, String shown) {
    assertThat(DatabaseUrl.parse(text)).hasToString(shown);
  }

  @Test
  void takesEscapesAndParametersAsTheyAreMeant() {
    PGSimpleDataSource source =
        DatabaseUrl.parse(
                "postgres://me%40home:a+b%20%25@db/caisson?application_name=x&connect_timeout=7")
            .dataSource();
    assertThat(source.getUser()).isEqualTo("me@home");
    assertThat(source.getPassword()).isEqualTo("a+b %");
    assertThat(source.getApplicationName()).isEqualTo("x");
    assertThat(source.getConnectTimeout()).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "secret",
        "mysql://u:secret@db/caisson",
        "postgres://u:secret@db",
        "postgres://u:secret@db/",
        "postgres://u:secret@/caisson",
        "postgres://u:sec/secret@db/caisson",
        "postgres://u:secret@db:port/caisson",
        "postgres://u:secret@db:99999/caisson",
        "postgres://u:secret/caisson",
        "postgres://u:%zzsecret@db/caisson",
        "postgres://u:secret@db/caisson?sslmod=require",
        "postgres://u:secret@db/caisson?host=/run/postgresql",
        "postgres://u:secret@db/caisson?&&",
        "postgres://u:secret@db/cai\nsson",
        "jdbc:sqlite:secret"
      })
  void refusesWhatItDoesNotUnderstandWithoutRepeatingIt(String text) {
    assertThatThrownBy(() -> DatabaseUrl.parse(text).dataSource().getConnectTimeout())
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .isNotEmpty()
        .doesNotContain("secret");
  }
}
