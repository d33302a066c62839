package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.util.regex.Pattern;

/** The form of image names: it is a file name and stands in YAML and on command lines. */
final class ImageName {
  private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  private ImageName() {}

  static boolean fits(String name) {
    return FORM.matcher(name).matches();
  }

  static void check(String name) {
    if (!fits(name)) {
      throw new CaissonException.InvalidRequest(
          "image name '"
              + name
              + "' is not one: 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or"
              + " digit");
    }
  }
}
