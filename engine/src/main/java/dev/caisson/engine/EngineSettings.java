package dev.caisson.engine;

import dev.caisson.domain.ByteSize;
import dev.caisson.domain.Limits;
import dev.caisson.domain.OrganizationLimits;
import dev.caisson.domain.Tariff;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.time.Duration;

/**
 * What an engine allows.
 *
 * @param limits of every container
 * @param retention how long a container lives, from its creation
 * @param tombstones how long it is remembered why a container ended, and what it held
 * @param idle how long an unused container keeps its sandbox
 * @param waitingCells that may wait for their turn in one container
 * @param uploadLimit of one stored file, uploaded or made by a cell
 * @param organizations what an organization may have and do that has no limits of its own
 * @param outputFiles that one cell may make
 * @param defaultImage used when none is named
 * @param ownerWait how long to wait for a container that another living process owns
 * @param calls how long cells may wait for tools that they call
 * @param tariff what is billed for the time of containers
 * @param disk how disks are kept from filling up
 * @param sweepEvery how often idle, expired and orphaned things are looked for
 * @param clockGrace how long nothing is deleted for its age after the wall clock has jumped
 */
@RecordBuilder
public record EngineSettings(
    Limits limits,
    Duration retention,
    Duration tombstones,
    Duration idle,
    int waitingCells,
    ByteSize uploadLimit,
    OrganizationLimits organizations,
    int outputFiles,
    String defaultImage,
    Duration ownerWait,
    CallLimits calls,
    Tariff tariff,
    DiskSettings disk,
    Duration sweepEvery,
    Duration clockGrace)
    implements EngineSettingsBuilder.With {
  /**
   * The hosted service's published figures (30 days, about 5 minutes, 500 MB); the others are ours:
   * 32 waiting cells of 90 s are as long as anybody's patience; a living owner gives an unused
   * container back after {@code idle}, so twice that is a wait that can succeed.
   */
  public static final EngineSettings DEFAULT =
      new EngineSettings(
          Limits.DEFAULT,
          Duration.ofDays(30),
          Duration.ofDays(365),
          Duration.ofMinutes(5),
          32,
          ByteSize.ofMebibytes(500),
          OrganizationLimits.DEFAULT,
          1000,
          "default",
          Duration.ofMinutes(10),
          CallLimits.DEFAULT,
          Tariff.DEFAULT,
          DiskSettings.DEFAULT,
          Duration.ofSeconds(5),
          Duration.ofHours(1));

  public EngineSettings {
    if (retention.isNegative() || tombstones.isNegative()) {
      throw new IllegalArgumentException("a duration cannot be negative");
    }
    if (idle.isNegative() || ownerWait.isNegative()) {
      throw new IllegalArgumentException("a duration cannot be negative");
    }
    if (clockGrace.isNegative()) {
      throw new IllegalArgumentException("a duration cannot be negative");
    }
    if (waitingCells < 0 || outputFiles < 0) {
      throw new IllegalArgumentException("a count cannot be negative");
    }
    if (!sweepEvery.isPositive()) {
      throw new IllegalArgumentException("sweepEvery must be positive: " + sweepEvery);
    }
  }
}
