/** Pipelines over the client interface. */
@NullMarked
package dev.caisson.runner;

import org.jspecify.annotations.NullMarked;
