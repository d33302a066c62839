/** The isolation contract, its local implementation, keeper and guest. */
@NullMarked
package dev.caisson.sandbox;

import org.jspecify.annotations.NullMarked;
