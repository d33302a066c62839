/** Scripted upstream and whole-system tests. */
@NullMarked
package dev.caisson.testkit;

import org.jspecify.annotations.NullMarked;
