package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Busy;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The cells of each organization that are under way in this process: they run, wait for their turn,
 * or wait for tools of the client. Held in memory, since none of them outlives the process. Safe
 * for use from many threads.
 */
final class CellPlaces {
  private final ConcurrentHashMap<OrganizationId, Long> taken = new ConcurrentHashMap<>();
  private final Organizations organizations;

  CellPlaces(Organizations organizations) {
    this.organizations = organizations;
  }

  /** Takes a place for one cell, until it is closed; throws Busy when all are taken. */
  Place take(OrganizationId organization) {
    long most = organizations.limits(organization).of(OrganizationLimit.CELLS);
    long now = taken.merge(organization, 1L, Long::sum);
    Place place = new Place(organization);
    if (now > most) {
      place.close();
      throw new Busy(
          "organization "
              + organization
              + ": "
              + most
              + " cells are under way already, which is its limit (cells)",
          Duration.ofSeconds(1));
    }
    return place;
  }

  /** Of all organizations. */
  long underWay() {
    return taken.values().stream().mapToLong(Long::longValue).sum();
  }

  /** One cell under way. */
  final class Place implements AutoCloseable {
    private final OrganizationId organization;

    private Place(OrganizationId organization) {
      this.organization = organization;
    }

    @Override
    public void close() {
      taken.computeIfPresent(organization, (_, count) -> count == 1 ? null : count - 1);
    }
  }
}
