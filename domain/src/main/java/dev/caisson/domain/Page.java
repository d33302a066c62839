package dev.caisson.domain;

import java.util.List;
import java.util.Optional;

/**
 * A part of a list.
 *
 * @param next the opaque token that asks for the part after this one; empty at the end
 */
public record Page<T>(List<T> items, Optional<String> next) {
  public Page {
    items = List.copyOf(items);
  }
}
