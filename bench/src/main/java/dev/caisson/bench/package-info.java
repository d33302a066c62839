/** Benchmarks against the bare operations. */
@NullMarked
package dev.caisson.bench;

import org.jspecify.annotations.NullMarked;
