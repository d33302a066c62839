/** The Messages API over the engine. */
@NullMarked
package dev.caisson.messages;

import org.jspecify.annotations.NullMarked;
