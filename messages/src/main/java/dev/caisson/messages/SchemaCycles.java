package dev.caisson.messages;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Finds out whether a JSON schema refers to itself. */
final class SchemaCycles {
  /** Deeper than any schema that a person or a program of good will has written. */
  private static final int MAX_DEPTH = 600;

  private final JsonNode root;
  private final Set<JsonNode> onTheWay = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<JsonNode> done = Collections.newSetFromMap(new IdentityHashMap<>());

  private SchemaCycles(JsonNode root) {
    this.root = root;
  }

  /** Whether following its references from the root never ends, or goes too deep to tell. */
  static boolean has(JsonNode schema) {
    return new SchemaCycles(schema).visit(schema, 0);
  }

  /** Depth first; a part that is met again while it is being visited closes a circle. */
  private boolean visit(JsonNode part, int depth) {
    if (!part.isContainer() || done.contains(part)) {
      return false;
    }
    if (depth > MAX_DEPTH || !onTheWay.add(part)) {
      return true;
    }
    String reference = part.path("$ref").asStringOpt().orElse("");
    if (reference.startsWith("#") && visit(target(reference.substring(1)), depth + 1)) {
      return true;
    }
    for (JsonNode child : part) {
      if (visit(child, depth + 1)) {
        return true;
      }
    }
    onTheWay.remove(part);
    done.add(part);
    return false;
  }

  private JsonNode target(String pointer) {
    try {
      return root.at(JsonPointer.compile(pointer));
    } catch (IllegalArgumentException e) {
      return MissingNode.getInstance();
    }
  }
}
