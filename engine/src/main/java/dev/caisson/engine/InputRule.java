package dev.caisson.engine;

import java.util.Optional;

/** Says what is wrong with the input of a tool that code has called. For use from many threads. */
@FunctionalInterface
public interface InputRule {
  /** Nothing is wrong. */
  InputRule ANY = input -> Optional.empty();

  /** The complaint that the code hears; empty when the call may go to the client. */
  Optional<String> complaint(String input);
}
