package dev.caisson.domain;

/** Hears how a rebuild goes on; called on the thread that rebuilds. */
public interface RebuildListener {
  RebuildListener NONE = (step, done, all) -> {};

  /**
   * A step has been taken, or skipped.
   *
   * @param done how many have been by now
   * @param all how many there are
   */
  void step(Rebuild.Step step, int done, int all);
}
