-- How far a party has read each case: how many of the case's events they have seen.
CREATE TABLE seen_cases (
    party_ref text NOT NULL,
    agency text NOT NULL,
    case_id text NOT NULL,
    events bigint NOT NULL CHECK (events > 0),
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (party_ref, agency, case_id)
);
-- What a party chose, as it is published; a row without value is a tombstone that has yet to be published.
CREATE TABLE preferences (
    party_ref text PRIMARY KEY,
    value text,
    revision bigint NOT NULL DEFAULT 1,
    published_revision bigint NOT NULL DEFAULT 0
);
CREATE INDEX preferences_to_publish ON preferences (party_ref) WHERE published_revision < revision;
