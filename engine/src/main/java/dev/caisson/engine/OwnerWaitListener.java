package dev.caisson.engine;

import dev.caisson.domain.ContainerId;
import java.util.OptionalLong;

/** Hears, once for each wait, that another living process owns a container that is wanted here. */
@FunctionalInterface
public interface OwnerWaitListener {
  /** A listener that hears nothing. */
  OwnerWaitListener NONE = (container, pid) -> {};

  /**
   * A wait begins.
   *
   * @param pid of the owner; empty when it left no trace
   */
  void waiting(ContainerId container, OptionalLong pid);
}
