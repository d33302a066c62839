/** Ids, records, outcomes and the one error root; knows nothing else. */
@NullMarked
package dev.caisson.domain;

import org.jspecify.annotations.NullMarked;
