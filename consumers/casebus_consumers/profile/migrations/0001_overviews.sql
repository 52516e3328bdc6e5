-- The materialized view of each party, as the overviews topic has it.
CREATE TABLE overviews (
    party_ref text PRIMARY KEY,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    value bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 85); -- room for updates in place
-- Compressing 2 kB values with pglz halves the sink's rate, and every read would have to undo it.
ALTER TABLE overviews ALTER COLUMN value SET STORAGE EXTERNAL;
