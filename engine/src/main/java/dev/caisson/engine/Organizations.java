package dev.caisson.engine;

import dev.caisson.domain.CaissonException.Conflict;
import dev.caisson.domain.CaissonException.InvalidRequest;
import dev.caisson.domain.CaissonException.NotFound;
import dev.caisson.domain.Organization;
import dev.caisson.domain.OrganizationId;
import dev.caisson.domain.OrganizationLimit;
import dev.caisson.domain.OrganizationLimits;
import dev.caisson.store.OrganizationStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Organizations and what each may have and do. Safe for use from many threads. */
public final class Organizations {
  private static final int MAX_NAME_CHARACTERS = 255;

  /** Another process may set a limit: it is in force here after this long at the latest. */
  private static final Duration REMEMBERED = Duration.ofSeconds(1);

  private final OrganizationLimits defaults;
  private final OrganizationStore store;
  private final InstantSource clock;
  private final Audit audit;
  private final ConcurrentHashMap<OrganizationId, Known> known = new ConcurrentHashMap<>();

  Organizations(
      OrganizationLimits defaults, OrganizationStore store, Audit audit, InstantSource clock) {
    this.defaults = defaults;
    this.store = store;
    this.clock = clock;
    this.audit = audit;
  }

  /** A further organization, without keys yet; throws Conflict when the name is taken. */
  public OrganizationId create(String name) {
    Names.check(name, MAX_NAME_CHARACTERS);
    if (name.startsWith("org_")) {
      throw new InvalidRequest("name: must not look like the id of an organization");
    }
    OrganizationId made =
        store
            .create(name, Instant.ofEpochMilli(clock.millis()))
            .orElseThrow(() -> new Conflict("There is an organization `" + name + "` already."));
    audit.log("organization_created organization=" + made + " name=" + Audit.quoted(name));
    return made;
  }

  /** Oldest first. */
  public List<Organization> list() {
    return store.list();
  }

  /** The organization of that name or id; throws NotFound when there is none. */
  public Organization find(String nameOrId) {
    return store.find(nameOrId).orElseThrow(() -> NotFound.organization(nameOrId));
  }

  /** The limits in force for an organization. */
  public OrganizationLimits limits(OrganizationId organization) {
    Instant now = clock.instant();
    Known last = known.get(organization);
    if (last != null && !now.isBefore(last.read()) && now.isBefore(last.read().plus(REMEMBERED))) {
      return last.limits();
    }
    OrganizationLimits limits = defaults.with(store.limits(organization));
    known.put(organization, new Known(limits, now));
    return limits;
  }

  /**
   * Changes limits, in force at once here and within a second in other processes.
   *
   * @param changes the new values; an empty one gives a limit back to the server's
   */
  public void set(OrganizationId organization, Map<OrganizationLimit, Optional<Long>> changes) {
    changes.forEach((limit, value) -> {
      if (value.isPresent() && value.get() < 0) {
        throw new InvalidRequest(limit.key() + ": must not be negative");
      }
      if (limit == OrganizationLimit.REQUESTS && value.filter(number -> number < 1).isPresent()) {
        throw new InvalidRequest("requests: must be at least 1; to shut it out revoke its keys");
      }
    });
    store.setLimits(organization, changes);
    known.remove(organization);
    changes.forEach((limit, value) ->
        audit.log(
            "limit_changed organization="
                + organization
                + " limit="
                + limit.key()
                + " value="
                + value.map(String::valueOf).orElse("default")));
  }

  private record Known(OrganizationLimits limits, Instant read) {}
}
