package dev.caisson.engine;

import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.sandbox.ImageDescription;
import dev.caisson.sandbox.Sandboxes;
import java.util.List;

/** The images that containers can be made of. Safe for use from many threads. */
public final class Images {
  private final Sandboxes sandboxes;

  Images(Sandboxes sandboxes) {
    this.sandboxes = sandboxes;
  }

  /** The image of that name; throws NotFound when there is none. */
  public Entry get(String name) {
    ImageDescription image =
        sandboxes.image(name).orElseThrow(() -> new NotFound("Image `" + name + "` not found."));
    return new Entry(image.name(), image.digest(), image.packages(), image.missing());
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
