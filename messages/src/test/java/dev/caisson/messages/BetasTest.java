package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BetasTest {
  @Test
  void keepsWhatIsOursAndForwardsTheRest() {
    assertThat(
            Betas.forwarded(
                List.of(
                    "code-execution-2025-05-22, context-1m-2025-08-07",
                    "files-api-2025-04-14",
                    "interleaved-thinking-2025-05-14,context-1m-2025-08-07,")))
        .containsExactly("context-1m-2025-08-07", "interleaved-thinking-2025-05-14");
  }

  @Test
  void refusesWhatNobodyKnows() {
    assertThatThrownBy(() -> Betas.forwarded(List.of("made-up-2020-01-01")))
        .isInstanceOf(CaissonException.InvalidRequest.class)
        .hasMessage("Unexpected value(s) `made-up-2020-01-01` for the `anthropic-beta` header.");
  }

  @Test
  void requiresTheVersionOfTheApi() {
    assertThatThrownBy(() -> MessageHeaders.of(Optional.empty(), List.of()))
        .hasMessage("anthropic-version: header is required");
  }
}
