package dev.caisson.testkit;

import java.util.List;

/**
 * A request that is right, to be made wrong.
 *
 * @param json whether the body is JSON and not some other bytes
 */
record FuzzTarget(
    String name, String method, String path, String contentType, boolean json, String body) {
  private static final String MULTIPART = "multipart/form-data; boundary=edge";

  private static FuzzTarget json(String name, String path, String body) {
    return new FuzzTarget(name, "POST", path, "application/json", true, body);
  }

  /** One of each kind; those that run code use the container. */
  static List<FuzzTarget> all(String container) {
    String message = message(container);
    return List.of(
        json("message of caisson-direct", "/v1/messages", message),
        json("message", "/v1/messages", message.replace("caisson-direct", "scripted-model")),
        json(
            "streamed message",
            "/v1/messages?beta=true",
            message
                .replace("caisson-direct", "scripted-model")
                .replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"")),
        json(
            "message with code callers",
            "/v1/messages",
            message
                .replace("caisson-direct", "scripted-model")
                .replace("20250825", "20260120")
                .replace("\"name\":\"look\"", CALLERS + "\"name\":\"look\"")),
        json("count_tokens", "/v1/messages/count_tokens", message),
        json("batch", "/v1/messages/batches", batch()),
        json("container", "/v1/containers", CONTAINER),
        json("cell", "/v1/containers/" + container + "/cells", CELL),
        json(
            "streamed cell",
            "/v1/containers/" + container + "/cells",
            CELL.replace("{", "{\"stream\":true,").replace("\"A\"", "\"B\"")),
        new FuzzTarget("file", "POST", "/v1/files", MULTIPART, false, upload("data.csv")),
        new FuzzTarget("skill", "POST", "/v1/skills", MULTIPART, false, skill()),
        new FuzzTarget(
            "workspace file",
            "PUT",
            "/v1/containers/" + container + "/files/tmp/a/b.txt",
            "application/octet-stream",
            false,
            "some text\n"),
        new FuzzTarget(
            "listing",
            "GET",
            "/v1/containers/" + container + "/files?path=/tmp&limit=3",
            "application/json",
            true,
            "{\"a\":\"b\",\"c\":1}"));
  }

  private static final String CALLERS = "\"allowed_callers\":[\"code_execution_20260120\"],";

  private static final String CONTAINER =
      "{\"files\":[\"file_x\"],\"labels\":{\"a\":\"b\"},\"image\":\"default\"}";

  private static final String CELL =
      "{\"language\":\"bash\",\"code\":\"true\",\"env\":{\"A\":\"b\"},\"timeout_seconds\":1}";

  private static String message(String container) {
    return """
    {"model":"caisson-direct","max_tokens":100,"container":{"id":"%s","skills":[]},
     "system":[{"type":"text","text":"s"}],"tool_choice":{"type":"auto"},
     "tools":[{"type":"code_execution_20250825","name":"code_execution",
               "allowed_callers":["direct"],"cache_control":{"type":"ephemeral"}},
              {"name":"look","input_schema":{"type":"object","properties":{}}}],
     "messages":[
      {"role":"user","content":[{"type":"text","text":"hi"},
        {"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}]},
      {"role":"assistant","content":[
        {"type":"server_tool_use","id":"srvtoolu_1","name":"bash_code_execution",
         "input":{"command":"ls"},"caller":{"type":"direct"}},
        {"type":"bash_code_execution_tool_result","tool_use_id":"srvtoolu_1","content":
         {"type":"bash_code_execution_result","stdout":"","stderr":"","return_code":0,
          "content":[]}},
        {"type":"text","text":"ok"}]},
      {"role":"user","content":"```bash\\necho 1\\n```"}]}
    """
        .formatted(container);
  }

  private static String batch() {
    return """
    {"requests":[{"custom_id":"one","params":{"model":"caisson-direct","max_tokens":10,
      "messages":[{"role":"user","content":"nothing to run"}]}}]}
    """;
  }

  private static String upload(String filename) {
    return part("file", filename, "a,b\r\n1,2") + "--edge--\r\n";
  }

  private static String skill() {
    return "--edge\r\nContent-Disposition: form-data; name=\"display_title\"\r\n\r\nA skill\r\n"
        + part("files[]", "greet/SKILL.md", "---\nname: greet\ndescription: says hello\n---\nHi.")
        + "--edge--\r\n";
  }

  private static String part(String name, String filename, String content) {
    return "--edge\r\nContent-Disposition: form-data; name=\""
        + name
        + "\"; filename=\""
        + filename
        + "\"\r\nContent-Type: text/plain\r\n\r\n"
        + content
        + "\r\n";
  }
}
