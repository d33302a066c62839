package dev.caisson.domain;

/**
 * Proof that content arrived: its size and hash, read back at its destination. {@code sha256} is
 * lower-case hex.
 */
public record FileReceipt(String path, long sizeBytes, String sha256) {}
