/** Metadata in SQL and content-addressed blobs. */
@NullMarked
package dev.caisson.store;

import org.jspecify.annotations.NullMarked;
