package dev.caisson.domain;

import java.util.Optional;

/**
 * Which part of a list is wanted, told by an item beside it: how the lists of models and batches
 * are paged, and those of the Files API with its beta header. At most one of the two ids is there.
 *
 * @param limit 1 to 1000 items
 * @param afterId the part that follows this item
 * @param beforeId the part that ends right before this item
 */
public record CursorRequest(int limit, Optional<String> afterId, Optional<String> beforeId) {
  public CursorRequest {
    PageRequest.checkLimit(limit);
    if (afterId.isPresent() && beforeId.isPresent()) {
      throw new CaissonException.InvalidRequest("after_id: cannot be combined with before_id");
    }
  }

  public static CursorRequest first() {
    return new CursorRequest(PageRequest.DEFAULT_LIMIT, Optional.empty(), Optional.empty());
  }
}
