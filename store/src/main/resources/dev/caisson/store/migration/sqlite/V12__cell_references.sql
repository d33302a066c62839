-- A name that the caller gave to a cell, to find it again after the cell has waited for answers.
ALTER TABLE cells ADD COLUMN reference TEXT;
CREATE INDEX cells_by_reference ON cells (container_id, reference) WHERE reference IS NOT NULL;
