/** JSON shapes of the public API. */
@NullMarked
package dev.caisson.wire;

import org.jspecify.annotations.NullMarked;
