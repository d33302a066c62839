package dev.caisson.store;

import dev.caisson.domain.FileId;

/** A stored file that stands under a container's {@code $INPUT_DIR}. */
public record MountRow(String filename, FileId fileId, long sizeBytes, String sha256) {}
