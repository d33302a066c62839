package dev.caisson.runner;

/**
 * Something wrong in a pipeline's definition.
 *
 * @param key where, such as {@code stages.clean.in.rows}; empty for the whole
 */
record Problem(String key, String message) {}
