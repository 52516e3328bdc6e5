-- What parties are to be told of their own notifications, until Kafka has it.
CREATE TABLE notifier_sent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_ref text NOT NULL,
    value bytea NOT NULL
);
CREATE INDEX notifier_sent_of_party ON notifier_sent (party_ref); -- to forget a party

-- What a correction took back, for the notice that tells of it.
ALTER TABLE notifier_notices ADD COLUMN correction bytea;

-- The trace of the event that a notice goes back to (W3C Trace Context), for the message that tells of it.
ALTER TABLE notifier_notices ADD COLUMN traceparent text;
