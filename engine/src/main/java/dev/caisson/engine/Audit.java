package dev.caisson.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Supplier;

/** One line for each change of who may do what: ids and numbers, never the text of a key. */
final class Audit {
  private static final Logger LOG = System.getLogger("dev.caisson.audit");

  private Audit() {}

  static void log(Supplier<String> line) {
    LOG.log(Level.INFO, line);
  }
}
