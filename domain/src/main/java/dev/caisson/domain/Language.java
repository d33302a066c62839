package dev.caisson.domain;

/** What a cell is written in. */
public enum Language {
  PYTHON("python"),
  BASH("bash");

  private final String wireName;

  Language(String wireName) {
    this.wireName = wireName;
  }

  /** The name in requests, replies and commands. */
  public String wireName() {
    return wireName;
  }

  /** The language of that name; throws {@link IllegalArgumentException} that lists the names. */
  public static Language parse(String text) {
    for (Language language : values()) {
      if (language.wireName.equals(text)) {
        return language;
      }
    }
    throw new IllegalArgumentException("language '" + text + "' is not one of python, bash");
  }
}
