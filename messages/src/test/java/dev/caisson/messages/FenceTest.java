package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.domain.Language;
import org.junit.jupiter.api.Test;

class FenceTest {
  @Test
  void findsPythonAndBashBlocksInOrder() {
    assertThat(
            Fence.in(
                "Do\n```bash\necho 1\n```\nthen\n```python\nprint(2)\n\n```\n```json\n{}\n```\n"))
        .containsExactly(
            new Fence(Language.BASH, "echo 1\n"), new Fence(Language.PYTHON, "print(2)\n\n"));
  }

  @Test
  void aLongerFenceHoldsAShorterOne() {
    assertThat(Fence.in("````python\nx = '''\n```bash\n'''\n````"))
        .containsExactly(new Fence(Language.PYTHON, "x = '''\n```bash\n'''\n"));
  }

  @Test
  void aBlockThatIsNeverClosedEndsWithTheText() {
    assertThat(Fence.in("```python\nprint(1)"))
        .containsExactly(new Fence(Language.PYTHON, "print(1)\n"));
  }

  @Test
  void textWithoutFencesHasNone() {
    assertThat(Fence.in("print(1) ``python``")).isEmpty();
    assertThat(Fence.in("")).isEmpty();
  }
}
