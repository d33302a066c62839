package dev.caisson.client;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Text in its percent-encoded form (RFC 3986, section 2). */
final class UrlText {
  private UrlText() {}

  /** The value of a query's parameter. */
  static String value(String text) {
    // The encoder is that of HTML forms: there a blank is a plus.
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** One segment of a path; dots that would climb are kept from being read as such. */
  static String segment(String text) {
    return text.equals(".") || text.equals("..") ? text.replace(".", "%2E") : value(text);
  }

  /** A path whose slashes separate. */
  static String path(String path) {
    return Arrays.stream(path.split("/", -1))
        .map(UrlText::segment)
        .collect(Collectors.joining("/"));
  }
}
