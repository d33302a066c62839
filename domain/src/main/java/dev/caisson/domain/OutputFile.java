package dev.caisson.domain;

/**
 * A file that a cell left in its output directory and that became a stored file. {@code sha256} is
 * lower-case hex.
 */
public record OutputFile(FileId fileId, String filename, long sizeBytes, String sha256) {}
