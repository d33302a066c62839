package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class UpstreamBodyTest {
  private final Connection connection = new Connection();
  private final UpstreamBody body = body(Duration.ofSeconds(10), 100);

  @Test
  void asksForMoreOnlyWhenAllHasBeenRead() throws Exception {
    assertThat(connection.asked).isEqualTo(1);
    body.onNext(List.of(bytes("a"), bytes("b")));
    assertThat(text(body.next())).isEqualTo("a");
    assertThat(text(body.next())).isEqualTo("b");
    assertThat(connection.asked).isEqualTo(1);
    connection.answer = () -> body.onNext(List.of(bytes("c")));
    assertThat(text(body.next())).isEqualTo("c");
    assertThat(connection.asked).isEqualTo(2);
  }

  @Test
  void endsWhenTheConnectionSaysSo() throws Exception {
    body.onNext(List.of(bytes("all")));
    body.onComplete();
    assertThat(body.rest()).isEqualTo("all".getBytes(StandardCharsets.UTF_8));
    assertThat(body.next()).isNull();
    body.close();
    assertThat(connection.cancelled).isFalse();
  }

  @Test
  void aBrokenConnectionIsAFailure() {
    body.onError(new IOException("reset"));
    assertThatThrownBy(body::next).isInstanceOf(IOException.class).hasMessageContaining("reset");
  }

  @Test
  void silenceIsATimeout() {
    UpstreamBody hasty = body(Duration.ofMillis(1), 100);
    assertThatThrownBy(hasty::next).isInstanceOf(HttpTimeoutException.class);
  }

  @Test
  void moreThanTheLimitIsRefused() throws Exception {
    connection.answer = () -> body.onNext(List.of(bytes("x")));
    body.onNext(List.of(bytes("x".repeat(100))));
    assertThat(text(body.next())).hasSize(100);
    assertThatThrownBy(body::next)
        .isInstanceOf(CaissonException.Upstream.class)
        .hasMessageContaining("over the limit of 100");
  }

  @Test
  void interruptingTheReaderEndsItsWait() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(body::next).isInstanceOf(InterruptedException.class);
  }

  @Test
  void closingItHangsUp() {
    body.onNext(List.of(bytes("unread")));
    body.close();
    assertThat(connection.cancelled).isTrue();
  }

  @Test
  void aTailThatDoesNotMatterIsLetComeSoThatTheConnectionCanBeUsedAgain() throws Exception {
    body.ignoreRest();
    assertThat(connection.asked).isEqualTo(Long.MAX_VALUE);
    body.onNext(List.of(bytes("tail")));
    assertThat(body.next()).isNull();
    body.close();
    assertThat(connection.cancelled).isFalse();
  }

  private UpstreamBody body(Duration silence, long limit) {
    UpstreamBody made = new UpstreamBody(silence, new ByteSize(limit));
    made.onSubscribe(connection);
    return made;
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String text(@Nullable ByteBuffer bytes) {
    assertThat(bytes).isNotNull();
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }

  private static final class Connection implements Flow.Subscription {
    private long asked;
    private boolean cancelled;
    private Runnable answer = () -> {};

    @Override
    public void request(long count) {
      asked = count == Long.MAX_VALUE ? count : asked + count;
      answer.run();
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }
}
