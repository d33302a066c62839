package dev.caisson.cli;

import dev.caisson.sandbox.BuildRequest;
import dev.caisson.sandbox.BuildStep;
import dev.caisson.sandbox.Image;
import dev.caisson.sandbox.Images;
import java.util.function.Consumer;

/**
 * Builds an image and shows how it goes: one line that changes on a terminal, a line a step
 * elsewhere.
 */
final class ImageProgress {
  private ImageProgress() {}

  static Image build(Images images, BuildRequest request, Console console) {
    Status status = new Status(console);
    Image image;
    try {
      image = images.build(request, step -> show(step, request.name(), status, console));
    } finally {
      status.clear();
    }
    if (!image.description().missing().isEmpty()) {
      console.note(
          "caisson: image "
              + request.name()
              + " lacks "
              + String.join(", ", image.description().missing()));
    }
    return image;
  }

  private static void show(BuildStep step, String name, Status status, Console console) {
    Consumer<String> progress = text -> status.show("image " + name + ": " + text);
    switch (step) {
      case BuildStep.Probing probing -> progress.accept("looking for a package index");
      case BuildStep.Fetching fetching ->
          progress.accept(
              "package "
                  + fetching.number()
                  + " of "
                  + Math.max(fetching.expected(), fetching.number())
                  + "  "
                  + fetching.archive()
                  + (fetching.sizeBytes().isPresent()
                      ? " (" + Sizes.human(fetching.sizeBytes().getAsLong()) + ")"
                      : ""));
      case BuildStep.Installing installing ->
          progress.accept("unpacking " + installing.packages() + " packages");
      case BuildStep.Waiting waiting -> progress.accept("another process builds it; waiting");
      case BuildStep.Note note -> {
        status.clear();
        console.note("caisson: image " + name + ": " + note.text());
      }
    }
  }
}
