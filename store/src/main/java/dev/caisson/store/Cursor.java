package dev.caisson.store;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CursorPage;
import dev.caisson.domain.CursorRequest;
import dev.caisson.domain.OrganizationId;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/**
 * Lists the rows of a table of an organization, newest first, from beside a row that the request
 * names by its id.
 *
 * @param forward whether the wanted rows come after that row in the list: are older
 * @param seq the order number of that row
 */
record Cursor(boolean forward, long seq) {
  /**
   * The page, in the consistent view of the handle.
   *
   * @param visible a condition of the rows that are listed at all
   */
  static <T> CursorPage<T> page(
      Handle handle,
      String table,
      String visible,
      OrganizationId organization,
      CursorRequest request,
      RowMapper<T> mapper) {
    Cursor cursor = of(handle, table, organization, request);
    List<T> rows =
        handle
            .createQuery(
                "SELECT * FROM "
                    + table
                    + " WHERE organization_id = :organization AND "
                    + visible
                    + " AND seq "
                    + (cursor.forward ? "<" : ">")
                    + " :seq ORDER BY seq "
                    + (cursor.forward ? "DESC" : "ASC")
                    + " LIMIT :limit")
            .bind("organization", organization.value())
            .bind("seq", cursor.seq)
            .bind("limit", request.limit() + 1)
            .map(mapper)
            .list();
    boolean hasMore = rows.size() > request.limit();
    List<T> shown = hasMore ? rows.subList(0, request.limit()) : rows;
    return new CursorPage<>(cursor.forward ? shown : shown.reversed(), hasMore);
  }

  private static Cursor of(
      Handle handle, String table, OrganizationId organization, CursorRequest request) {
    if (request.beforeId().isPresent()) {
      String id = request.beforeId().get();
      return new Cursor(false, seq(handle, table, organization, id, "before_id"));
    }
    if (request.afterId().isPresent()) {
      String id = request.afterId().get();
      return new Cursor(true, seq(handle, table, organization, id, "after_id"));
    }
    return new Cursor(true, Long.MAX_VALUE);
  }

  private static long seq(
      Handle handle, String table, OrganizationId organization, String id, String parameter) {
    return handle
        .createQuery(
            "SELECT seq FROM " + table + " WHERE id = :id AND organization_id = :organization")
        .bind("id", id)
        .bind("organization", organization.value())
        .mapTo(Long.class)
        .findOne()
        .orElseThrow(() -> new InvalidRequest(parameter + ": there is no such item in this list"));
  }
}
