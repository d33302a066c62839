package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.Limits;
import dev.caisson.engine.CallLimits;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ToolGuideTest {
  @Test
  void everyToolOfEveryVersionIsDescribedWithoutAGap() {
    ToolGuide.Facts facts =
        ToolGuide.Facts.of(
            Limits.DEFAULT.withCellLimit(Duration.ofSeconds(7)),
            CallLimits.DEFAULT,
            List.of("numpy 1.2.3"));
    for (ToolVersion version : ToolVersions.all()) {
      for (SubTool tool : version.subTools()) {
        String text = version.guide().describe(tool, facts);
        assertThat(text).as(version.type() + " " + tool.name()).isNotBlank().doesNotContain("{");
        if (tool instanceof CodeSubTool) {
          assertThat(text).contains("7 seconds", "numpy 1.2.3", "INPUT_DIR", "OUTPUT_DIR");
        }
      }
    }
  }
}
