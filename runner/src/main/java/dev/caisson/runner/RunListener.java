package dev.caisson.runner;

/** Hears what happens while a pipeline runs, so that somebody can be shown it. */
@FunctionalInterface
public interface RunListener {
  /** A listener that hears nothing. */
  RunListener NONE = event -> {};

  /** Takes the next event; called from one thread at a time. What it throws ends the run. */
  void on(RunEvent event);
}
