package dev.caisson.engine;

import java.util.List;

/** The images that containers can be made of. Safe for use from many threads. */
public final class Images {

  /** The image of that name; throws NotFound when there is none. */
  public Entry get(String name) {
    throw new UnsupportedOperationException();
  }

  /**
   * An image as a caller sees it.
   *
   * @param digest what its content hangs on; part of cache keys
   * @param packages installed Python packages, {@code name==version}
   * @param missing packages that were wanted and could not be had
   */
  public record Entry(String name, String digest, List<String> packages, List<String> missing) {
    public Entry {
      packages = List.copyOf(packages);
      missing = List.copyOf(missing);
    }
  }
}
