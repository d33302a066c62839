package dev.caisson.sandbox;

import java.nio.file.Path;

/** A process of its own that builds an image, for tests that kill it. */
final class ImageBuilderProcess {
  private ImageBuilderProcess() {}

  /** Arguments: images directory, name, requirements file. */
  public static void main(String[] arguments) {
    Image image =
        Images.open(Path.of(arguments[0]))
            .build(
                BuildRequest.of(arguments[1], Path.of(arguments[2])),
                step -> System.out.println(step));
    System.out.println("built " + image.description().digest());
  }
}
