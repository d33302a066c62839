package dev.caisson.bench;

/** An operation and the times it took. */
record Measured(Operation operation, Samples samples) {}
