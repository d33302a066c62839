package dev.caisson.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelLockTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void isHeldByOneAtATimeWithinAProcessToo() {
    Path file = directory.resolve("lock");
    assertThat(KernelLock.isHeld(file)).isFalse();
    try (KernelLock _ = KernelLock.tryLock(file).orElseThrow()) {
      assertThat(KernelLock.tryLock(file)).isEmpty();
      assertThat(KernelLock.isHeld(file)).isTrue();
    }
    assertThat(KernelLock.isHeld(file)).isFalse();
    KernelLock.tryLock(file).orElseThrow().closeAndDelete();
    assertThat(file).doesNotExist();
  }

  @Test
  void waitsNoLongerThanItsPatienceAndSaysOnceThatItWaits() throws InterruptedException {
    Path file = directory.resolve("lock");
    AtomicInteger told = new AtomicInteger();
    try (KernelLock _ = KernelLock.tryLock(file).orElseThrow()) {
      assertThat(KernelLock.lock(file, Optional.of(Duration.ofMillis(120)), told::incrementAndGet))
          .isEmpty();
    }
    assertThat(told).hasValue(1);
    KernelLock.lock(file, Optional.empty(), told::incrementAndGet).orElseThrow().close();
    assertThat(told).hasValue(1);
  }

  @Test
  void anInterruptEndsTheWaitAndLeavesTheLockToItsHolder() {
    Path file = directory.resolve("lock");
    try (KernelLock _ = KernelLock.tryLock(file).orElseThrow()) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> KernelLock.lock(file, Optional.empty(), () -> {}))
          .isInstanceOf(InterruptedException.class);
      assertThat(KernelLock.isHeld(file)).isTrue();
    }
  }
}
