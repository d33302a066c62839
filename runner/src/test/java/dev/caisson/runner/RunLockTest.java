package dev.caisson.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.CaissonException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path directory;

  @Test
  void saysWhoHoldsIt() throws Exception {
    try (RunLock _ = acquire("process 7 since noon", Duration.ZERO, new ArrayList<>())) {
      assertThatThrownBy(() -> acquire("me", Duration.ZERO, new ArrayList<>()))
          .isInstanceOf(CaissonException.Conflict.class)
          .hasMessage("pipeline p is being run by process 7 since noon; one run at a time");
    }
    acquire("me", Duration.ZERO, new ArrayList<>()).close();
  }

  @Test
  void waitsForTheHolderAndTellsOnceForWhom() throws Exception {
    List<String> waiting = new ArrayList<>();
    CountDownLatch told = new CountDownLatch(1);
    RunLock held = acquire("process 7", Duration.ZERO, List.of());
    Thread other =
        Thread.ofVirtual()
            .start(() -> {
              try {
                RunLock.acquire(
                        file(),
                        "p",
                        "me",
                        LONG,
                        holder -> {
                          waiting.add(holder);
                          told.countDown();
                        })
                    .close();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(other.isAlive()).isTrue();
    held.close();

    assertThat(other.join(LONG)).isTrue();
    assertThat(waiting).containsExactly("process 7");
  }

  @Test
  void isFreedByTheDeathOfItsHolder() throws Exception {
    acquire("seed", Duration.ZERO, new ArrayList<>()).close();
    // The same kernel lock, held by another process, which then dies without a word.
    Process holder =
        new ProcessBuilder(
                "/usr/bin/python3",
                "-c",
                "import fcntl, sys, time; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX);"
                    + " print('held', flush=True); time.sleep(60)",
                file().toString())
            .start();
    assertThat(holder.inputReader().readLine()).isEqualTo("held");
    assertThatThrownBy(() -> acquire("me", Duration.ZERO, new ArrayList<>()))
        .isInstanceOf(CaissonException.Conflict.class);

    holder.destroyForcibly().waitFor();

    acquire("me", Duration.ZERO, new ArrayList<>()).close();
  }

  private RunLock acquire(String me, Duration wait, List<String> waiting)
      throws InterruptedException {
    return RunLock.acquire(file(), "p", me, wait, waiting::add);
  }

  private Path file() {
    return directory.resolve("runs/p/lock");
  }
}
