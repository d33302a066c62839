package dev.caisson.testkit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What a client had been told of one of its containers. Used by one thread at a time. */
final class ToldContainer {
  /** What a request that was never answered leaves open. */
  enum Life {
    ALIVE,
    MAYBE_DELETED,
    DELETED
  }

  private final String id;
  private final Map<String, JsonNode> cells = new LinkedHashMap<>();
  private final Map<String, Optional<String>> files = new LinkedHashMap<>();
  private Life life = Life.ALIVE;

  ToldContainer(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  Life life() {
    return life;
  }

  void life(Life now) {
    life = now;
  }

  /** Cells by id, as their replies told of them. */
  Map<String, JsonNode> cells() {
    return cells;
  }

  /** By path: the content of files that are there, or empty for one that was deleted. */
  Map<String, Optional<String>> files() {
    return files;
  }

  /** Nothing is known of a path until the request that changes it has been answered. */
  void forget(String path) {
    files.remove(path);
  }
}
