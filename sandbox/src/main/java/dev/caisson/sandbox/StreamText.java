package dev.caisson.sandbox;

import dev.caisson.domain.CapturedOutput;
import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Makes text of one output stream while it comes, and tells a listener. Bytes that are not UTF-8
 * become U+FFFD; a character cut in two by a read does not.
 */
final class StreamText {
  private final OutputStreamKind stream;
  private final OutputListener listener;
  private final StringBuilder text = new StringBuilder();
  private CharsetDecoder decoder = newDecoder();
  private byte[] rest = {};
  private long droppedBytes;

  StreamText(OutputStreamKind stream, OutputListener listener) {
    this.stream = stream;
    this.listener = listener;
  }

  void accept(byte[] bytes) {
    append(decode(bytes, false));
  }

  /** The last bytes of the stream, after a gap when something was dropped. */
  void acceptTail(byte[] bytes, long dropped) {
    if (dropped > 0) {
      finish();
      droppedBytes = dropped;
      line("[... " + dropped + " bytes of output dropped ...]");
    }
    append(decode(bytes, false));
  }

  /** Ends the text; what is left of a character becomes U+FFFD. */
  void finish() {
    append(decode(new byte[0], true));
    decoder = newDecoder();
  }

  /** Adds a line of our own, after the stream's end. */
  void line(String line) {
    boolean fresh = text.isEmpty() || text.charAt(text.length() - 1) == '\n';
    append((fresh ? "" : "\n") + line + "\n");
  }

  CapturedOutput captured() {
    return new CapturedOutput(text.toString(), droppedBytes);
  }

  private void append(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      listener.output(stream, piece);
    }
  }

  private String decode(byte[] bytes, boolean end) {
    ByteBuffer in = ByteBuffer.allocate(rest.length + bytes.length).put(rest).put(bytes).flip();
    // UTF-8 never makes more chars than it has bytes.
    CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
    decoder.decode(in, out, end);
    if (end) {
      decoder.flush(out);
    }
    rest = new byte[in.remaining()];
    in.get(rest);
    return out.flip().toString();
  }

  private static CharsetDecoder newDecoder() {
    return StandardCharsets.UTF_8
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPLACE)
        .onUnmappableCharacter(CodingErrorAction.REPLACE);
  }
}
