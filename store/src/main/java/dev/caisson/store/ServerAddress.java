package dev.caisson.store;

/** Where the server of a data directory listens, and its process. */
public record ServerAddress(String url, long pid) {}
