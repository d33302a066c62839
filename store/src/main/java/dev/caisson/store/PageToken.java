package dev.caisson.store;

import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.Page;
import dev.caisson.domain.PageRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a part of a list ends: opaque text for the caller, the list's name and the order number of
 * the last item for us. Rows that come or go meanwhile neither repeat nor skip another.
 */
record PageToken(String list, long after) {
  private static final String PREFIX = "page_";
  private static final Pattern FORM = Pattern.compile("([a-z]+):(\\d{1,18})");

  /** The order number that the wanted part begins below. */
  static long before(String list, PageRequest request) {
    return request.page().map(text -> parse(list, text).after()).orElse(Long.MAX_VALUE);
  }

  private static PageToken parse(String list, String text) {
    if (text.startsWith(PREFIX)) {
      try {
        byte[] inner = Base64.getUrlDecoder().decode(text.substring(PREFIX.length()));
        Matcher matcher = FORM.matcher(new String(inner, StandardCharsets.UTF_8));
        if (matcher.matches() && matcher.group(1).equals(list)) {
          return new PageToken(list, Long.parseLong(matcher.group(2)));
        }
      } catch (IllegalArgumentException e) {
        // not base64: falls through to the one message
      }
    }
    throw new InvalidRequest("page: not a token of this list; use next_page of an earlier reply");
  }

  /** Makes a page of rows of which one more than the limit was asked for. */
  static <R, T> Page<T> page(
      String list,
      PageRequest request,
      List<R> rows,
      Function<R, Long> order,
      Function<R, T> item) {
    if (rows.size() <= request.limit()) {
      return new Page<>(rows.stream().map(item).toList(), Optional.empty());
    }
    List<R> shown = rows.subList(0, request.limit());
    PageToken next = new PageToken(list, order.apply(shown.getLast()));
    return new Page<>(shown.stream().map(item).toList(), Optional.of(next.text()));
  }

  private String text() {
    byte[] inner = (list + ":" + after).getBytes(StandardCharsets.UTF_8);
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(inner);
  }
}
