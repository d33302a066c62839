package dev.caisson.domain;

import java.security.SecureRandom;
import java.util.regex.Pattern;

/** The kinds of public id, each with its prefix; the rest of an id is 22 random base-62 digits. */
public enum IdKind {
  CONTAINER("container_"),
  CELL("cell_"),
  FILE("file_"),
  REQUEST("req_"),
  KEY("key_"),
  ORGANIZATION("org_"),
  RUN("run_"),
  MESSAGE("msg_"),
  SERVER_TOOL_USE("srvtoolu_"),
  TOOL_USE("toolu_"),
  SKILL("skill_"),
  SKILL_VERSION("skver_"),
  BATCH("msgbatch_");

  private static final String DIGITS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  /** 62^22 is just over 2^130: an id cannot be guessed. */
  private static final int RANDOM_DIGITS = 22;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final String prefix;
  private final Pattern pattern;

  IdKind(String prefix) {
    this.prefix = prefix;
    this.pattern = Pattern.compile(prefix + "[0-9A-Za-z]{1,64}");
  }

  /** The prefix with its underscore, such as {@code container_}. */
  public String prefix() {
    return prefix;
  }

  /** A fresh id of this kind. */
  public String next() {
    StringBuilder id = new StringBuilder(prefix);
    for (int i = 0; i < RANDOM_DIGITS; i++) {
      id.append(DIGITS.charAt(RANDOM.nextInt(DIGITS.length())));
    }
    return id.toString();
  }

  /** Whether the text has the form of an id of this kind. */
  public boolean matches(String text) {
    return pattern.matcher(text).matches();
  }

  String check(String value) {
    if (!matches(value)) {
      throw new IllegalArgumentException("not a " + prefix + " id");
    }
    return value;
  }
}
