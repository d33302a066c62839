-- The limits that an organization has of its own; the others are the server's.
CREATE TABLE organization_limits (
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  name            TEXT   NOT NULL,
  value           BIGINT NOT NULL,
  PRIMARY KEY (organization_id, name)
);

-- Its name stands for an organization on the command line.
CREATE UNIQUE INDEX organizations_by_name ON organizations (name);

-- What is counted before one more is made, read from the indexes alone.
CREATE INDEX containers_alive ON containers (organization_id, expires_at) WHERE ended_reason IS NULL;
CREATE INDEX files_stored ON files (organization_id, size_bytes);
