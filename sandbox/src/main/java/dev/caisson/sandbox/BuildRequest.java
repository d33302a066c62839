package dev.caisson.sandbox;

import java.nio.file.Path;

/**
 * What image is wanted.
 *
 * @param name what containers and pipelines call it; an earlier image of that name is replaced
 */
public record BuildRequest(String name, Requirements requirements, Retry retry) {
  /** Whether an image that could not be had lately is tried for again. */
  public enum Retry {
    /** An operator asked for it: try now. */
    NOW,
    /**
     * It is wanted in passing: what an operator let the name stand for stays, and a start must not
     * wait for a dead index each time, so an attempt that failed a short while ago is taken for the
     * answer.
     */
    WHEN_DUE
  }

  public BuildRequest {
    ImageName.check(name);
  }

  /** The default image, for a start that needs one. */
  public static BuildRequest standard() {
    return new BuildRequest(ImageDescription.DEFAULT_NAME, Requirements.standard(), Retry.WHEN_DUE);
  }

  /** An image of a requirements file, at an operator's request. */
  public static BuildRequest of(String name, Path requirementsFile) {
    return new BuildRequest(name, Requirements.of(requirementsFile), Retry.NOW);
  }

  public BuildRequest named(String newName) {
    return new BuildRequest(newName, requirements, retry);
  }

  public BuildRequest withRetry(Retry when) {
    return new BuildRequest(name, requirements, when);
  }
}
