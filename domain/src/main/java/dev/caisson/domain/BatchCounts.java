package dev.caisson.domain;

/** How many requests of a batch stand how; {@code processing} have not ended. */
public record BatchCounts(
    long processing, long succeeded, long errored, long canceled, long expired) {}
