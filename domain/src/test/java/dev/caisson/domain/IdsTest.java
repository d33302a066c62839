package dev.caisson.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdsTest {
  @ParameterizedTest
  @EnumSource
  void makesIdsOfItsOwnFormThatDiffer(IdKind kind) {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      ids.add(kind.next());
    }
    assertThat(ids)
        .hasSize(1000)
        .allMatch(kind::matches)
        .allMatch(id -> id.startsWith(kind.prefix()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "container_",
        "file_abc",
        "container_a/b",
        "container_../x",
        "container_a\n",
        "xcontainer_a"
      })
  void refusesWhatIsNoContainerId(String text) {
    assertThatThrownBy(() -> new ContainerId(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesAnIdThatIsTooLong() {
    assertThatThrownBy(() -> new ContainerId("container_" + "a".repeat(65)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
