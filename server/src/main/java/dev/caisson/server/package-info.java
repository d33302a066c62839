/** HTTP routes, keys, limits. */
@NullMarked
package dev.caisson.server;

import org.jspecify.annotations.NullMarked;
