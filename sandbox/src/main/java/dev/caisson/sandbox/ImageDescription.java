package dev.caisson.sandbox;

import java.util.List;

/**
 * An image as a user sees it.
 *
 * @param digest what its content hangs on; part of cache keys
 * @param packages installed Python packages, {@code name==version}
 * @param missing packages that were wanted and could not be had
 */
public record ImageDescription(
    String name, String digest, List<String> packages, List<String> missing) {
  /** The image that is used when none is named. */
  public static final String DEFAULT_NAME = "default";

  public ImageDescription {
    packages = List.copyOf(packages);
    missing = List.copyOf(missing);
  }
}
