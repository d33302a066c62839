package dev.caisson.domain;

/** Who makes a request: a key and the organization that it belongs to. */
public record Principal(KeyId keyId, OrganizationId organizationId) {}
