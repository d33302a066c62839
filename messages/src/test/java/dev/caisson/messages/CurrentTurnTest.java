package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CurrentTurnTest {
  @Test
  void takesUploadsOfAFirstRequest() {
    assertThat(uploads(user(upload("file_a"), upload("file_b"), upload("file_a"))))
        .containsExactly("file_a", "file_b");
  }

  @Test
  void leavesUploadsOfFinishedTurnsAlone() {
    assertThat(uploads(user(upload("file_a")), assistant(text("ok")), user(upload("file_b"))))
        .containsExactly("file_b");
  }

  @Test
  void aToolResultDoesNotEndTheTurn() {
    assertThat(
            uploads(
                user(upload("file_a")),
                assistant("{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"x\",\"input\":{}}"),
                user("{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\"}")))
        .containsExactly("file_a");
  }

  @Test
  void aPausedReplyDoesNotEndTheTurn() {
    assertThat(uploads(user(upload("file_a")), assistant(text("so far"))))
        .containsExactly("file_a");
  }

  @Test
  void namesTheUploadsPlaceInTheRequest() {
    assertThat(CurrentTurn.uploads(messages(user(text("x"), upload("file_a")))))
        .containsExactly(new MessageRequest.Upload("file_a", "messages.0.content.1.file_id"));
  }

  @Test
  void findsTheCallsThatAMixedTurnLeftOpen() {
    String call =
        "{\"type\":\"server_tool_use\",\"id\":\"%s\",\"name\":\"bash_code_execution\",\"input\":{}}";
    String answered =
        "{\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"srvtoolu_1\",\"content\":{}}";
    List<JsonNode> messages =
        messages(
            user(text("go")),
            assistant(call.formatted("srvtoolu_1"), answered, call.formatted("srvtoolu_2")),
            user("{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\"}"));
    assertThat(CurrentTurn.openCalls(messages))
        .extracting(ToolCall::id)
        .containsExactly("srvtoolu_2");
    List<JsonNode> withText =
        messages(user(text("go")), assistant(call.formatted("srvtoolu_2")), user(text("stop")));
    assertThat(CurrentTurn.openCalls(withText)).isEmpty();
  }

  private static List<String> uploads(String... messages) {
    return CurrentTurn.uploads(messages(messages)).stream()
        .map(MessageRequest.Upload::fileId)
        .toList();
  }

  private static List<JsonNode> messages(String... messages) {
    return List.copyOf(Json.parse("[" + String.join(",", messages) + "]", "test").values());
  }

  private static String user(String... blocks) {
    return "{\"role\":\"user\",\"content\":[" + String.join(",", blocks) + "]}";
  }

  private static String assistant(String... blocks) {
    return "{\"role\":\"assistant\",\"content\":[" + String.join(",", blocks) + "]}";
  }

  private static String upload(String id) {
    return "{\"type\":\"container_upload\",\"file_id\":\"%s\"}".formatted(id);
  }

  private static String text(String text) {
    return "{\"type\":\"text\",\"text\":\"" + text + "\"}";
  }
}
