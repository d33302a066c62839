package dev.caisson.sandbox;

import dev.caisson.domain.CaissonException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The images of this host, shared by all data directories. Safe for use from many threads and many
 * processes; survives the death of any of them at any instant.
 */
public final class Images {
  private final ImageDirectory directory;
  private final ImageBuilder builder;

  Images(Path images, Path python, Map<String, String> environment, InstantSource clock) {
    directory = ImageDirectory.open(images);
    builder = new ImageBuilder(directory, python, environment, clock);
  }

  /**
   * Opens the directory of images.
   *
   * @param images {@code $CAISSON_IMAGES}; made when it does not exist
   * @throws CaissonException.HostUnfit when it cannot be made
   */
  public static Images open(Path images) {
    return new Images(images, Interpreter.HOST, System.getenv(), InstantSource.system());
  }

  /** The image of that name; empty when there is none, or when its files are damaged. */
  public Optional<Image> find(String name) {
    return directory.named(name);
  }

  /** All images by name. */
  public List<Image> list() {
    return directory.names().stream().flatMap(name -> find(name).stream()).toList();
  }

  /**
   * Makes sure that there is an image of these requirements and that the name stands for it. Costs
   * a start of Python when it is there already. Where packages of a list that Caisson ships cannot
   * be had the image comes without them and its description says which; an operator's own
   * requirements are met whole or the name stands for what it stood for. An interrupt leaves
   * nothing behind.
   *
   * @throws CaissonException.InvalidRequest when the requirements cannot be met together, or when
   *     packages of an operator's own cannot be had; names them
   * @throws CaissonException.HostUnfit when there is no Python or no space, and for an operator's
   *     own requirements no pip or no package index
   */
  public Image build(BuildRequest request, BuildListener listener) {
    try {
      return builder.build(request, listener);
    } catch (IOException | UncheckedIOException e) {
      throw new CaissonException.HostUnfit(
          "image '" + request.name() + "' cannot be written: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CaissonException.Internal(
          "building image '" + request.name() + "' was cancelled", e);
    }
  }

  /**
   * Makes an unpacked root file system usable as an image, under a name of our own. It is not
   * copied; its digest hangs on the names, sizes and times of its files.
   *
   * @throws CaissonException.InvalidRequest when it lacks {@code /bin/bash} or Python 3.9 or newer;
   *     names the directory and what it lacks
   */
  public Image register(Path rootfs) {
    try {
      ImageDirectory.Manifest manifest = RootFileSystem.check(rootfs);
      return directory.register(manifest);
    } catch (IOException | UncheckedIOException e) {
      throw new CaissonException.HostUnfit(
          "root file system " + rootfs + " cannot be read: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CaissonException.Internal("looking at " + rootfs + " was cancelled", e);
    }
  }

  /**
   * Forgets a name and deletes the image when no other name stands for it. Containers that run on
   * it keep what they have imported.
   *
   * @throws CaissonException.NotFound when there is no such name
   */
  public void remove(String name) {
    ImageName.check(name);
    try {
      if (!directory.remove(name)) {
        throw new CaissonException.NotFound("Image `" + name + "` not found.");
      }
    } catch (IOException | UncheckedIOException e) {
      throw new CaissonException.Internal("image '" + name + "' cannot be removed", e);
    }
  }
}
