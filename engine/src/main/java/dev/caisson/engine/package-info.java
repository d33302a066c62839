/** The life of containers, cells and files. */
@NullMarked
package dev.caisson.engine;

import org.jspecify.annotations.NullMarked;
