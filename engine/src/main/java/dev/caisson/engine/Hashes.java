package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Internal;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The one hash that content is known by. */
final class Hashes {
  private Hashes() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new Internal("this Java has no SHA-256", e);
    }
  }
}
