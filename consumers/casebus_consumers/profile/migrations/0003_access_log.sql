-- Who looked at what of a party, for that party to read. Each entry's hash covers the one before it, in a chain of
-- its own for each party, so that erasing one party breaks nobody else's chain.
CREATE TABLE access_log (
    party_ref text NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    client text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (party_ref, sequence)
);

CREATE FUNCTION append_access(the_party text, the_time timestamptz, the_action text, the_client text) RETURNS void AS $$
DECLARE
    last access_log%ROWTYPE;
    next_sequence bigint;
    content text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(the_party, 0));
    SELECT * INTO last FROM access_log WHERE party_ref = the_party ORDER BY sequence DESC LIMIT 1;
    next_sequence := coalesce(last.sequence, 0) + 1;
    content := concat_ws(
        E'\n', next_sequence, to_char(the_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), the_action, the_client
    );
    INSERT INTO access_log VALUES (
        the_party, next_sequence, the_time, the_action, the_client,
        sha256(coalesce(last.hash, ''::bytea) || convert_to(content, 'UTF8'))
    );
END
$$ LANGUAGE plpgsql;

CREATE FUNCTION refuse_change_of_access_log() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('casebus.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the access log is append-only';
END
$$ LANGUAGE plpgsql;

CREATE TRIGGER access_log_is_append_only BEFORE UPDATE OR DELETE ON access_log
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_access_log();
