package dev.caisson.domain;

import java.time.Duration;

/**
 * What one container may use.
 *
 * @param cellLimit wall clock of one cell
 * @param interruptGrace how long an interrupted cell may take to end before it is killed
 * @param memory of all its processes together
 * @param cpus cores' worth of time, such as 1.0
 * @param processes alive at once, threads included
 * @param disk of its workspace
 * @param outputPerStream kept of each of a cell's two streams: half from its head, half from its
 *     tail
 * @param state of its interpreter, as it is saved
 */
public record Limits(
    Duration cellLimit,
    Duration interruptGrace,
    ByteSize memory,
    double cpus,
    int processes,
    ByteSize disk,
    ByteSize outputPerStream,
    StateLimits state) {
  /**
   * The hosted service's published limits (90 s, 1 CPU, 5 GiB, 5 GiB); processes, grace and output
   * are ours: 256 holds a fork bomb and lets numpy start its threads; 2 s let a {@code finally}
   * run.
   */
  public static final Limits DEFAULT =
      new Limits(
          Duration.ofSeconds(90),
          Duration.ofSeconds(2),
          ByteSize.ofGibibytes(5),
          1.0,
          256,
          ByteSize.ofGibibytes(5),
          ByteSize.ofMebibytes(1),
          StateLimits.DEFAULT);

  public Limits withCellLimit(Duration limit) {
    return new Limits(limit, interruptGrace, memory, cpus, processes, disk, outputPerStream, state);
  }

  public Limits withInterruptGrace(Duration grace) {
    return new Limits(cellLimit, grace, memory, cpus, processes, disk, outputPerStream, state);
  }

  public Limits withMemory(ByteSize size) {
    return new Limits(
        cellLimit, interruptGrace, size, cpus, processes, disk, outputPerStream, state);
  }

  public Limits withProcesses(int count) {
    return new Limits(cellLimit, interruptGrace, memory, cpus, count, disk, outputPerStream, state);
  }

  public Limits withDisk(ByteSize size) {
    return new Limits(
        cellLimit, interruptGrace, memory, cpus, processes, size, outputPerStream, state);
  }

  public Limits withOutputPerStream(ByteSize size) {
    return new Limits(cellLimit, interruptGrace, memory, cpus, processes, disk, size, state);
  }

  public Limits withState(StateLimits limits) {
    return new Limits(
        cellLimit, interruptGrace, memory, cpus, processes, disk, outputPerStream, limits);
  }
}
