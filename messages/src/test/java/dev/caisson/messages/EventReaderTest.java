package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How events are cut is nobody's business: each text is read in pieces of several sizes. */
class EventReaderTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void takesTheDataOfEachEvent(int pieceBytes) throws Exception {
    assertThat(read("event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", pieceBytes))
        .containsExactly("1", "2");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void takesEveryKindOfLineEnd(int pieceBytes) throws Exception {
    assertThat(read("data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n\r\n", pieceBytes))
        .containsExactly("1", "2", "3");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void joinsLinesAndKeepsAllButOneSpace(int pieceBytes) throws Exception {
    assertThat(read("data:a\ndata:  b\ndata\ndata: \n\n", pieceBytes)).containsExactly("a\n b\n\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void passesOverCommentsOtherFieldsAndWhatIsCutShort(int pieceBytes) throws Exception {
    assertThat(read("\uFEFF: hi\nid: 1\nretry: 5\n\ndata: 1\n\ndatas: 2\n\ndata: 3\n", pieceBytes))
        .containsExactly("1");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void takesCharactersThatWereCutInTheMiddle(int pieceBytes) throws Exception {
    assertThat(read("data: Zażółć 🦊\u2028\u0085\n\n", pieceBytes))
        .containsExactly("Zażółć 🦊\u2028\u0085");
  }

  private static List<String> read(String text, int pieceBytes) throws Exception {
    ByteBuffer all = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    EventReader reader =
        new EventReader(() -> {
          if (!all.hasRemaining()) {
            return null;
          }
          ByteBuffer piece = all.slice(all.position(), Math.min(pieceBytes, all.remaining()));
          all.position(all.position() + piece.remaining());
          return piece;
        });
    List<String> events = new ArrayList<>();
    for (String event = reader.next(); event != null; event = reader.next()) {
      events.add(event);
    }
    return events;
  }
}
