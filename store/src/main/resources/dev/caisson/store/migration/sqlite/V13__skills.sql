CREATE TABLE skills (
  seq             INTEGER PRIMARY KEY,
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
  seq         INTEGER PRIMARY KEY,
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
