-- The files of each workspace as they were last seen; those of a dead container as it left them.
-- inode and changed_ns are what a file is recognized by; 0 where that is not known.
CREATE TABLE container_files (
  container_id TEXT   NOT NULL REFERENCES containers (id),
  path         TEXT   NOT NULL,
  size_bytes   BIGINT NOT NULL,
  sha256       TEXT,
  inode        BIGINT NOT NULL,
  changed_ns   BIGINT NOT NULL,
  PRIMARY KEY (container_id, path)
);

-- Whether container_files has all files. Of workspaces that are older than it, it has none.
ALTER TABLE containers ADD COLUMN files_known BIGINT NOT NULL DEFAULT 0;

-- What a cell did to files. A cell without a row: nobody knows.
CREATE TABLE cell_changes (
  cell_id    TEXT   NOT NULL REFERENCES cells (id) PRIMARY KEY,
  files      TEXT   NOT NULL,
  omitted    BIGINT NOT NULL,
  incomplete TEXT
);

-- Everything that was done to a container, in order: what a rebuild does again. kind is cell, write,
-- delete, mount or skill. kept: whether the content of sha256 is held for this row.
CREATE TABLE container_journal (
  seq              ${seq},
  container_id     TEXT   NOT NULL REFERENCES containers (id),
  kind             TEXT   NOT NULL,
  at               BIGINT NOT NULL,
  subject          TEXT   NOT NULL,
  name             TEXT   NOT NULL,
  size_bytes       BIGINT NOT NULL,
  sha256           TEXT,
  kept             BIGINT NOT NULL,
  code             TEXT,
  language         TEXT,
  mode             TEXT,
  timeout_ms       BIGINT,
  environment      BIGINT NOT NULL,
  tools            BIGINT NOT NULL
);
CREATE INDEX container_journal_by_container ON container_journal (container_id, seq);
CREATE INDEX container_journal_by_content ON container_journal (sha256) WHERE kept = 1;
