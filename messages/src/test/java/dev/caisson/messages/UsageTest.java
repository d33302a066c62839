package dev.caisson.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.wire.Json;
import org.junit.jupiter.api.Test;

class UsageTest {
  @Test
  void addsUpWhatItKnowsAndWhatItDoesNot() {
    Usage usage = new Usage();
    usage.add(
        Json.parse(
            """
            {"input_tokens":3,"output_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":1},
             "service_tier":"standard","new_counter":7,"server_tool_use":null,"price":0.5}
            """,
            "test"));
    usage.add(
        Json.parse(
            """
            {"input_tokens":10,"output_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":2},
             "service_tier":"priority","new_counter":1,
             "server_tool_use":{"web_search_requests":2},"price":0.25}
            """,
            "test"));
    assertThat(Json.parse(Json.bytes(usage.json()), "test"))
        .isEqualTo(
            Json.parse(
                """
                {"input_tokens":13,"output_tokens":25,
                 "cache_creation":{"ephemeral_5m_input_tokens":3},"service_tier":"priority",
                 "new_counter":8,"server_tool_use":{"web_search_requests":2,"web_fetch_requests":0},
                 "price":0.75,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}
                """,
                "test"));
  }

  @Test
  void givesTypedSdksTheFieldsTheyRequire() {
    assertThat(Json.parse(Json.bytes(new Usage().json()), "test"))
        .isEqualTo(
            Json.parse(
                """
                {"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,
                 "cache_read_input_tokens":0,
                 "server_tool_use":{"web_search_requests":0,"web_fetch_requests":0}}
                """,
                "test"));
  }
}
