package dev.caisson.domain;

/**
 * A reply as it can be said again.
 *
 * @param status of HTTP
 * @param text the whole body
 */
public record KeptReply(int status, String contentType, String text) {}
