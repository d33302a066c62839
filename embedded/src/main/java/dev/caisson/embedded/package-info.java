/** The engine wired for one process. */
@NullMarked
package dev.caisson.embedded;

import org.jspecify.annotations.NullMarked;
