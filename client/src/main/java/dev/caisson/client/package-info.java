/** What a program uses: one interface and its HTTP implementation. */
@NullMarked
package dev.caisson.client;

import org.jspecify.annotations.NullMarked;
