-- Where each partition is to be read from: the offsets behind the rows, stored in the rows' own transaction.
CREATE TABLE sink_offsets (
    topic text NOT NULL,
    partition integer NOT NULL CHECK (partition >= 0),
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);
