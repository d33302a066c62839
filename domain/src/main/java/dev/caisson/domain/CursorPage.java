package dev.caisson.domain;

import java.util.List;

/**
 * A part of a list that was asked for by {@link CursorRequest}.
 *
 * @param hasMore whether there is more in the direction that was asked for
 */
public record CursorPage<T>(List<T> items, boolean hasMore) {
  public CursorPage {
    items = List.copyOf(items);
  }
}
