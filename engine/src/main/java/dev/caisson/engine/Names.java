package dev.caisson.engine;

import dev.caisson.domain.CaissonException.InvalidRequest;

/** What keys and organizations may be called. */
final class Names {
  private Names() {}

  /** Throws InvalidRequest for a name that could not be shown in one line. */
  static void check(String name, int maxCharacters) {
    if (name.isBlank()
        || name.length() > maxCharacters
        || Text.hasControlCharacter(name)
        || Text.hasLoneSurrogate(name)) {
      throw new InvalidRequest(
          "name: must have 1 to " + maxCharacters + " characters, none a control character");
    }
  }
}
