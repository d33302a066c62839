/** Real database servers for tests. */
@NullMarked
package dev.caisson.store.testing;

import org.jspecify.annotations.NullMarked;
