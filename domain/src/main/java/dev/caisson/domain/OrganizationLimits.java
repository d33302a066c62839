package dev.caisson.domain;

import java.util.EnumMap;
import java.util.Map;

/**
 * The limits in force for one organization.
 *
 * @param values of every limit; those that are not given have their defaults
 */
public record OrganizationLimits(Map<OrganizationLimit, Long> values) {
  /** As Caisson ships. */
  public static final OrganizationLimits DEFAULT = new OrganizationLimits(Map.of());

  public OrganizationLimits {
    EnumMap<OrganizationLimit, Long> all = new EnumMap<>(OrganizationLimit.class);
    for (OrganizationLimit limit : OrganizationLimit.values()) {
      long value = values.getOrDefault(limit, limit.defaultValue());
      if (value < 0) {
        throw new IllegalArgumentException(limit.key() + " cannot be negative: " + value);
      }
      all.put(limit, value);
    }
    values = Map.copyOf(all);
  }

  /** The value of one limit. */
  public long of(OrganizationLimit limit) {
    return values.getOrDefault(limit, limit.defaultValue());
  }

  /** The same but for one limit. */
  public OrganizationLimits with(OrganizationLimit limit, long value) {
    return with(Map.of(limit, value));
  }

  /** The same but for some limits. */
  public OrganizationLimits with(Map<OrganizationLimit, Long> others) {
    EnumMap<OrganizationLimit, Long> changed = new EnumMap<>(OrganizationLimit.class);
    changed.putAll(values);
    changed.putAll(others);
    return new OrganizationLimits(changed);
  }
}
