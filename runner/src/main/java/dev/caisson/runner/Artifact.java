package dev.caisson.runner;

/**
 * A file that a stage made.
 *
 * @param filename its path in the stage's directory, patterns resolved
 * @param sha256 lower-case hex, computed inside the container
 */
public record Artifact(String name, String filename, long sizeBytes, String sha256) {}
