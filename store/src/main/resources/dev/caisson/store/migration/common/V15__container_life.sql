-- state is where the container is in its life, changed only along the arrows of ContainerStatus.
-- ended_reason 'unmade' stays beside it: such a container has not begun to live.
ALTER TABLE containers ADD COLUMN state TEXT NOT NULL DEFAULT 'released';
UPDATE containers SET state = ended_reason WHERE ended_reason IN ('expired', 'deleted');
UPDATE containers SET state = 'idle' WHERE owner IS NOT NULL AND ended_reason IS NULL;

-- Why the last sandbox was given up, and when; NULL while the container has had none.
ALTER TABLE containers ADD COLUMN release_reason TEXT;
ALTER TABLE containers ADD COLUMN released_at BIGINT;

-- The most that was ever measured.
ALTER TABLE containers ADD COLUMN peak_memory_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE containers ADD COLUMN peak_disk_bytes BIGINT NOT NULL DEFAULT 0;
UPDATE containers SET peak_disk_bytes = disk_bytes;

CREATE INDEX containers_ended ON containers (ended_at) WHERE ended_at IS NOT NULL;
