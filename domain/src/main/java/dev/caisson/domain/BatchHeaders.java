package dev.caisson.domain;

/**
 * The headers that every request of a batch is made with.
 *
 * @param version of the API
 * @param betas a comma list; may be empty
 */
public record BatchHeaders(String version, String betas) {}
