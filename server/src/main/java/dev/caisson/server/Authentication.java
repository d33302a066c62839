package dev.caisson.server;

import dev.caisson.domain.CaissonException;
import dev.caisson.engine.Keys;
import io.javalin.http.Context;

/** Finds out whose request it is: {@code x-api-key}, or {@code Authorization: Bearer}. */
final class Authentication {
  private static final String BEARER = "Bearer ";

  private final Keys keys;

  Authentication(Keys keys) {
    this.keys = keys;
  }

  void check(Context context) {
    new Exchange(context).authenticated(keys.authenticate(key(context)));
  }

  private static String key(Context context) {
    String key = context.header("x-api-key");
    if (key != null && !key.isBlank()) {
      return key.strip();
    }
    String authorization = context.header("authorization");
    if (authorization != null && authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return authorization.substring(BEARER.length()).strip();
    }
    throw new CaissonException.Unauthenticated(
        "x-api-key: header is required (or Authorization: Bearer)");
  }
}
