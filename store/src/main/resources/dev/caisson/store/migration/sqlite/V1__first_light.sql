-- Times are epoch milliseconds, durations microseconds, sizes bytes, yes/no 1/0.
-- seq is the order of arrival: lists are paged by it, newest first, and stay stable under inserts.

CREATE TABLE organizations (
  seq        INTEGER PRIMARY KEY,
  id         TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
  seq             INTEGER PRIMARY KEY,
  id              TEXT   NOT NULL UNIQUE,
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  name            TEXT   NOT NULL,
  key_sha256      TEXT   NOT NULL UNIQUE,
  created_at      BIGINT NOT NULL,
  revoked_at      BIGINT
);

-- owner is the process that may touch the workspace, epoch its term: every change of owner adds one.
-- A row with ended_reason is a tombstone; 'unmade' is a container whose files are still being mounted.
CREATE TABLE containers (
  seq             INTEGER PRIMARY KEY,
  id              TEXT   NOT NULL UNIQUE,
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  image           TEXT   NOT NULL,
  labels          TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL,
  last_active_at  BIGINT NOT NULL,
  disk_bytes      BIGINT NOT NULL,
  owner           TEXT,
  epoch           BIGINT NOT NULL,
  ended_reason    TEXT,
  ended_at        BIGINT
);
CREATE INDEX containers_by_organization ON containers (organization_id, seq);
CREATE INDEX containers_owned ON containers (owner) WHERE owner IS NOT NULL;
CREATE INDEX containers_by_expiry ON containers (expires_at) WHERE ended_reason IS NULL;

CREATE TABLE mounts (
  container_id TEXT   NOT NULL REFERENCES containers (id),
  filename     TEXT   NOT NULL,
  file_id      TEXT   NOT NULL,
  size_bytes   BIGINT NOT NULL,
  sha256       TEXT   NOT NULL,
  mounted_at   BIGINT NOT NULL,
  PRIMARY KEY (container_id, filename)
);

-- A row is written when a cell starts ('running') and completed when it ends.
CREATE TABLE cells (
  seq              INTEGER PRIMARY KEY,
  id               TEXT   NOT NULL UNIQUE,
  container_id     TEXT   NOT NULL REFERENCES containers (id),
  epoch            BIGINT NOT NULL,
  language         TEXT   NOT NULL,
  status           TEXT   NOT NULL,
  reason           TEXT,
  return_code      BIGINT NOT NULL,
  limit_us         BIGINT NOT NULL,
  interpreter_lost BIGINT NOT NULL,
  stdout           TEXT   NOT NULL,
  stdout_dropped   BIGINT NOT NULL,
  stderr           TEXT   NOT NULL,
  stderr_dropped   BIGINT NOT NULL,
  started_at       BIGINT NOT NULL,
  wall_us          BIGINT NOT NULL,
  cpu_us           BIGINT NOT NULL
);
CREATE INDEX cells_by_container ON cells (container_id, seq);
CREATE INDEX cells_running ON cells (container_id) WHERE status = 'running';

-- What a cell left; stays when the file itself is deleted.
CREATE TABLE cell_outputs (
  cell_id    TEXT   NOT NULL REFERENCES cells (id),
  position   BIGINT NOT NULL,
  file_id    TEXT   NOT NULL,
  filename   TEXT   NOT NULL,
  size_bytes BIGINT NOT NULL,
  sha256     TEXT   NOT NULL,
  PRIMARY KEY (cell_id, position)
);

CREATE TABLE files (
  seq             INTEGER PRIMARY KEY,
  id              TEXT   NOT NULL UNIQUE,
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  filename        TEXT   NOT NULL,
  mime_type       TEXT   NOT NULL,
  size_bytes      BIGINT NOT NULL,
  sha256          TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  downloadable    BIGINT NOT NULL,
  expires_at      BIGINT
);
CREATE INDEX files_by_organization ON files (organization_id, seq);
CREATE INDEX files_by_content ON files (sha256);
CREATE INDEX files_by_expiry ON files (expires_at) WHERE expires_at IS NOT NULL;

-- Content that is about to be named by a row: counts as named, so that nobody deletes it meanwhile.
CREATE TABLE blob_reservations (
  id     TEXT NOT NULL PRIMARY KEY,
  sha256 TEXT NOT NULL,
  owner  TEXT NOT NULL
);
CREATE INDEX blob_reservations_by_content ON blob_reservations (sha256);

-- Content that lost a row that named it, and is deleted unless another one does.
CREATE TABLE blob_garbage (
  sha256 TEXT NOT NULL PRIMARY KEY
);
