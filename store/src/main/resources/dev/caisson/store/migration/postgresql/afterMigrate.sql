-- Texts are compared byte by byte, as SQLite does, whatever language the database was made with:
-- names are listed and paged in that order. Touches only columns that are new.
DO $body$
DECLARE
  found RECORD;
BEGIN
  FOR found IN
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = 'text'
      AND COALESCE(collation_name, '') <> 'C' AND table_name <> 'flyway_schema_history'
  LOOP
    EXECUTE format(
      'ALTER TABLE %I ALTER COLUMN %I TYPE TEXT COLLATE "C"', found.table_name, found.column_name);
  END LOOP;
END
$body$;
