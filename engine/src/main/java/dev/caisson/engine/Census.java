package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.ContainerStatus;
import java.util.Map;

/**
 * How many there are of what at one moment.
 *
 * @param containers that live, by state, of all organizations
 * @param cellsUnderWay in this process: those that run, wait for their turn, or for tools
 * @param sandboxes open in this process
 * @param sandboxesInUse those of them that somebody uses
 * @param storedFiles of all organizations
 * @param storedBytes of these files, each counted where its content is shared as well
 * @param diskFree where the data directory lies
 * @param disk all of it
 * @param diskFloor of free space, under which nothing new is taken in
 */
public record Census(
    Map<ContainerStatus, Long> containers,
    long cellsUnderWay,
    long sandboxes,
    long sandboxesInUse,
    long storedFiles,
    long storedBytes,
    ByteSize diskFree,
    ByteSize disk,
    ByteSize diskFloor) {
  public Census {
    containers = Map.copyOf(containers);
  }
}
