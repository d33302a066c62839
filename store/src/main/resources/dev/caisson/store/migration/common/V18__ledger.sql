-- What was billed, row by row, never changed and never deleted. Durations are milliseconds here.
-- hash covers the row and the hash of the row above it (position - 1) in the same organization.
-- interval_from and interval_until are moments of the clock that timeline names, not of the wall.
-- group_id is set when other requests may share the row's minimum as one request with it.
-- month_ms and month_cost are the sums of the row's month up to and with it, so that what a day
-- cost is the difference of two rows.
CREATE TABLE ledger (
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  position        BIGINT NOT NULL,
  recorded_at     BIGINT NOT NULL,
  request_id      TEXT   NOT NULL,
  key_id          TEXT,
  run_id          TEXT,
  group_id        TEXT,
  exempt          BIGINT NOT NULL,
  container_id    TEXT   NOT NULL,
  epoch           BIGINT NOT NULL,
  timeline        TEXT   NOT NULL,
  started_at      BIGINT NOT NULL,
  interval_from   BIGINT NOT NULL,
  interval_until  BIGINT NOT NULL,
  intervals       TEXT   NOT NULL,
  preload_ms      BIGINT NOT NULL,
  execution_ms    BIGINT NOT NULL,
  cpu_us          BIGINT NOT NULL,
  attached_files  BIGINT NOT NULL,
  attached_bytes  BIGINT NOT NULL,
  cells           BIGINT NOT NULL,
  alone_ms        BIGINT NOT NULL,
  tool_ran        BIGINT NOT NULL,
  minimum_ms      BIGINT NOT NULL,
  minimum_scope   TEXT   NOT NULL,
  free_limit_ms   BIGINT NOT NULL,
  hour_price      BIGINT NOT NULL,
  billing_rule    TEXT   NOT NULL,
  counted_ms      BIGINT NOT NULL,
  billed_ms       BIGINT NOT NULL,
  free_ms         BIGINT NOT NULL,
  month_ms        BIGINT NOT NULL,
  month_cost      BIGINT NOT NULL,
  hash            TEXT   NOT NULL,
  PRIMARY KEY (organization_id, position)
);
CREATE INDEX ledger_by_time ON ledger (organization_id, recorded_at, position);
CREATE INDEX ledger_by_container ON ledger (container_id, timeline, interval_until);
CREATE INDEX ledger_by_group ON ledger (group_id) WHERE group_id IS NOT NULL;

-- Where each chain ends: what the next row is written after, and how a cut end is noticed.
CREATE TABLE ledger_heads (
  organization_id TEXT   NOT NULL PRIMARY KEY REFERENCES organizations (id),
  position        BIGINT NOT NULL,
  recorded_at     BIGINT NOT NULL,
  month_ms        BIGINT NOT NULL,
  month_cost      BIGINT NOT NULL,
  hash            TEXT   NOT NULL
);

-- Requests that have no row yet, each with what is known of it (charge, as JSON). When owner dies,
-- whoever finds it writes the row, up to known_until. running_from is set while time runs, and
-- executing_from while code does.
CREATE TABLE ledger_open (
  id             TEXT   NOT NULL PRIMARY KEY,
  owner          TEXT   NOT NULL,
  known_until    BIGINT NOT NULL,
  running_from   BIGINT,
  executing_from BIGINT,
  charge         TEXT   NOT NULL
);
CREATE INDEX ledger_open_by_owner ON ledger_open (owner);

-- Whose bill the requests of a batch are on.
ALTER TABLE batches ADD COLUMN key_id TEXT;
