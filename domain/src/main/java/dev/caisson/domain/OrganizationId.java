package dev.caisson.domain;

/**
 * The id of a organization, such as {@code org_5fK...}; throws {@link IllegalArgumentException} on
 * any other form.
 */
public record OrganizationId(String value) {
  public OrganizationId {
    IdKind.ORGANIZATION.check(value);
  }

  /** A fresh random id. */
  public static OrganizationId next() {
    return new OrganizationId(IdKind.ORGANIZATION.next());
  }

  @Override
  public String toString() {
    return value;
  }
}
