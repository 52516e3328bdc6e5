-- Parties that were erased, by the SHA-256 of their reference and the topic that said so: what is older is not stored
-- when it is read late, and a tombstone that is read again does not erase what came after it.
CREATE TABLE sink_departures (
    topic text NOT NULL,
    party_digest bytea NOT NULL,
    departed_at timestamptz NOT NULL,
    PRIMARY KEY (topic, party_digest)
);
CREATE INDEX sink_departures_by_time ON sink_departures (departed_at); -- to forget what no record can concern any more
