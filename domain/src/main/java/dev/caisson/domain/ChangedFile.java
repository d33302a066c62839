package dev.caisson.domain;

import java.util.Optional;

/**
 * A file that a cell created, changed or deleted.
 *
 * @param path absolute inside the container. One that is no UTF-8 begins with a backslash, and has
 *     {@code \xNN} for each byte that is none and {@code \\} for a backslash
 * @param sizeBytes when the cell had ended; of a deleted file, as last known
 * @param sha256 lower-case hex; empty when the content could not be hashed, since it was being
 *     written on or could not be read
 */
public record ChangedFile(String path, long sizeBytes, Optional<String> sha256) {}
