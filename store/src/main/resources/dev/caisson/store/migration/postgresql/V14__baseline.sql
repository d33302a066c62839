-- What the migrations 1 to 14 of SQLite add up to. Later ones are in ../common, for both.
--
-- Times are epoch milliseconds, durations microseconds, sizes bytes, yes/no 1/0.
-- seq is the order of arrival: lists are paged by it, newest first, and stay stable under inserts.

CREATE TABLE organizations (
  seq        ${seq},
  id         TEXT   NOT NULL UNIQUE,
  name       TEXT   NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
  seq             ${seq},
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
  seq             ${seq},
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

-- What code printed is kept as bytes: TEXT refuses the character NUL.
-- A row is written when a cell starts ('running') and completed when it ends.
CREATE TABLE cells (
  seq              ${seq},
  id               TEXT   NOT NULL UNIQUE,
  container_id     TEXT   NOT NULL REFERENCES containers (id),
  epoch            BIGINT NOT NULL,
  language         TEXT   NOT NULL,
  status           TEXT   NOT NULL,
  reason           TEXT,
  return_code      BIGINT NOT NULL,
  limit_us         BIGINT NOT NULL,
  interpreter_lost BIGINT NOT NULL,
  stdout           BYTEA  NOT NULL,
  stdout_dropped   BIGINT NOT NULL,
  stderr           BYTEA  NOT NULL,
  stderr_dropped   BIGINT NOT NULL,
  started_at       BIGINT NOT NULL,
  wall_us          BIGINT NOT NULL,
  cpu_us           BIGINT NOT NULL,
  -- A name that the caller gave to a cell, to find it again after the cell has waited for answers.
  reference        TEXT
);
CREATE INDEX cells_by_container ON cells (container_id, seq);
CREATE INDEX cells_by_reference ON cells (container_id, reference) WHERE reference IS NOT NULL;
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
  seq             ${seq},
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

CREATE TABLE skills (
  seq             ${seq},
  id              TEXT   NOT NULL UNIQUE,
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  name            TEXT   NOT NULL,
  display_name    TEXT   NOT NULL,
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL
);
CREATE INDEX skills_by_organization ON skills (organization_id, seq);

-- number is the time of creation in microseconds, by which the API's beta names versions.
CREATE TABLE skill_versions (
  seq         ${seq},
  id          TEXT   NOT NULL UNIQUE,
  skill_id    TEXT   NOT NULL REFERENCES skills (id),
  number      BIGINT NOT NULL,
  description TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  UNIQUE (skill_id, number)
);
CREATE INDEX skill_versions_by_skill ON skill_versions (skill_id, seq);

CREATE TABLE skill_files (
  version_id TEXT   NOT NULL REFERENCES skill_versions (id),
  path       TEXT   NOT NULL,
  size_bytes BIGINT NOT NULL,
  sha256     TEXT   NOT NULL,
  PRIMARY KEY (version_id, path)
);
CREATE INDEX skill_files_by_content ON skill_files (sha256);

-- Which version stands under /skills/<name> of a container; outlives the version itself.
CREATE TABLE skill_mounts (
  container_id TEXT   NOT NULL REFERENCES containers (id),
  name         TEXT   NOT NULL,
  version_id   TEXT   NOT NULL,
  mounted_at   BIGINT NOT NULL,
  PRIMARY KEY (container_id, name)
);

-- maker is the process that is still reading the requests in; a batch with one is not seen.
CREATE TABLE batches (
  seq                 ${seq},
  id                  TEXT   NOT NULL UNIQUE,
  organization_id     TEXT   NOT NULL REFERENCES organizations (id),
  maker               TEXT,
  api_version         TEXT   NOT NULL,
  betas               TEXT   NOT NULL,
  created_at          BIGINT NOT NULL,
  expires_at          BIGINT NOT NULL,
  cancel_initiated_at BIGINT,
  ended_at            BIGINT,
  archived_at         BIGINT
);
CREATE INDEX batches_by_organization ON batches (organization_id, seq);
CREATE INDEX batches_open ON batches (seq) WHERE ended_at IS NULL;
CREATE INDEX batches_kept ON batches (created_at) WHERE archived_at IS NULL;

-- state is pending, running (by runner), or an outcome. A request is claimed by one conditional
-- statement that is committed before it runs: what was running when its runner died never runs again.
CREATE TABLE batch_requests (
  batch_id  TEXT   NOT NULL REFERENCES batches (id),
  position  BIGINT NOT NULL,
  custom_id TEXT   NOT NULL,
  state     TEXT   NOT NULL,
  runner    TEXT,
  params    TEXT   NOT NULL,
  result    TEXT   NOT NULL,
  PRIMARY KEY (batch_id, position)
);
CREATE INDEX batch_requests_by_state ON batch_requests (batch_id, state, position);
CREATE INDEX batch_requests_running ON batch_requests (runner) WHERE runner IS NOT NULL;

-- Here only: a process on another machine cannot be asked whether it lives. It lives as long as it
-- renews its lease by the clock of the database; whoever needs what it held deletes the row of a
-- lease that has run out, and from then on it is dead for everybody, itself included.
CREATE TABLE owner_leases (
  owner      TEXT        NOT NULL PRIMARY KEY,
  pid        BIGINT      NOT NULL,
  boot_id    TEXT        NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL
);

-- Here only, one row: the data directory that holds the content and the workspaces.
CREATE TABLE data_directory (
  one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  id   TEXT   NOT NULL,
  path TEXT   NOT NULL
);
