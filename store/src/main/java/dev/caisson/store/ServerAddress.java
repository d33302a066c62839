package dev.caisson.store;

import java.net.URI;

/** Where the server of a data directory listens, and its process. */
public record ServerAddress(URI url, long pid) {}
