-- maker is the process that is still reading the requests in; a batch with one is not seen.
CREATE TABLE batches (
  seq                 INTEGER PRIMARY KEY,
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
