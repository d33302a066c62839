package dev.caisson.engine;

import dev.caisson.domain.OutputListener;
import dev.caisson.domain.OutputStreamKind;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Keeps a cell apart from whoever listens to it: a listener that fails hears no more, and the cell
 * goes on. Used by one thread at a time.
 */
final class GuardedListener implements OutputListener {
  private static final Logger LOG = System.getLogger(GuardedListener.class.getName());

  private OutputListener listener;

  GuardedListener(OutputListener listener) {
    this.listener = listener;
  }

  @Override
  public void output(OutputStreamKind stream, String text) {
    try {
      listener.output(stream, text);
    } catch (RuntimeException e) {
      LOG.log(Level.DEBUG, "a listener failed and hears no more of its cell", e);
      listener = OutputListener.NONE;
    }
  }
}
