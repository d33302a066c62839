package dev.caisson.testkit;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.caisson.sandbox.BuildListener;
import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.Image;
import dev.caisson.sandbox.Images;
import java.nio.file.Path;
import java.util.Optional;

/** The images that tests share with each other and with this user's own Caisson. */
final class SharedImages {
  private SharedImages() {}

  /** As {@code CAISSON_IMAGES} says, or where it is by default. */
  static Path directory() {
    return Optional.ofNullable(System.getenv("CAISSON_IMAGES"))
        .map(Path::of)
        .orElseGet(() ->
            Path.of(
                System.getenv().getOrDefault("HOME", System.getProperty("user.home")),
                ".cache",
                "caisson",
                "images"));
  }

  /** The default image, built when it is not there yet; skips the test where it cannot be whole. */
  static Image standard(Images images) {
    Image image = images.build(BuildRequest.standard(), BuildListener.SILENT);
    assumeThat(image.description().missing())
        .as("packages of the default image that no index here has")
        .isEmpty();
    return image;
  }
}
