package dev.caisson.sandbox;

/** Hears how an image build goes on. Called from one thread at a time. */
@FunctionalInterface
public interface BuildListener {
  /** Hears nothing. */
  BuildListener SILENT = step -> {};

  void on(BuildStep step);
}
