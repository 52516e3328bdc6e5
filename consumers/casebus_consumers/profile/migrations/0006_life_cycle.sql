-- What each party was sent, as the notifications topic has it.
CREATE TABLE notifications (
    notification_id uuid PRIMARY KEY,
    party_ref text NOT NULL,
    at timestamptz NOT NULL,
    value text NOT NULL
);
CREATE INDEX notifications_of_party ON notifications (party_ref, at DESC);
CREATE INDEX notifications_by_time ON notifications (at); -- to delete what is old

-- Parties that are one with another now: whoever logs in as the first sees what the second has.
CREATE TABLE aliases (
    party_ref text PRIMARY KEY,
    merged_into text NOT NULL
);
