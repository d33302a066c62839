-- Requests that came with an Idempotency-Key: 'running' from before they do anything, then 'kept' with
-- their reply, or 'unkept' where the reply is not there to be said again.
CREATE TABLE idempotent_requests (
  organization_id TEXT   NOT NULL REFERENCES organizations (id),
  idempotency_key TEXT   NOT NULL,
  request_id      TEXT   NOT NULL,
  request         TEXT   NOT NULL,
  body_sha256     TEXT,
  owner           TEXT   NOT NULL,
  state           TEXT   NOT NULL,
  status          BIGINT NOT NULL,
  content_type    TEXT   NOT NULL,
  reply           TEXT   NOT NULL,
  reply_bytes     BIGINT NOT NULL,
  begun_at        BIGINT NOT NULL,
  PRIMARY KEY (organization_id, idempotency_key)
);
CREATE INDEX idempotent_requests_by_age ON idempotent_requests (begun_at);
CREATE INDEX idempotent_requests_sizes ON idempotent_requests (organization_id, reply_bytes);
