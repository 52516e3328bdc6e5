-- News that the bus received before this database existed is never told: a new database repeats nothing.
CREATE TABLE notifier_start (started_at timestamptz NOT NULL);
INSERT INTO notifier_start VALUES (now());

-- What each party wants, as the preferences topic has it.
CREATE TABLE notifier_preferences (
    party_ref text PRIMARY KEY,
    updated_at timestamptz NOT NULL,
    value bytea NOT NULL
);

-- The latest state of each case as each party has it, to check a notice again before it is sent.
CREATE TABLE notifier_cases (
    party_ref text NOT NULL,
    agency text NOT NULL,
    case_id text NOT NULL,
    change_id text NOT NULL,
    event_id text NOT NULL,
    sequence bigint NOT NULL,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    is_told boolean NOT NULL,
    next_look_at timestamptz,
    state bytea NOT NULL,
    PRIMARY KEY (party_ref, agency, case_id)
) WITH (fillfactor = 85); -- room for updates in place
CREATE INDEX notifier_cases_to_look_at ON notifier_cases (next_look_at) WHERE next_look_at IS NOT NULL;

-- One row for each party and channel: what is due there is made into one message, by one sender.
CREATE TABLE notifier_mailboxes (
    party_ref text NOT NULL,
    channel text NOT NULL,
    due_at timestamptz, -- not later than that of any pending notice; null when nothing waits
    last_message_at timestamptz,
    PRIMARY KEY (party_ref, channel)
) WITH (fillfactor = 70);
CREATE INDEX notifier_mailboxes_due ON notifier_mailboxes (due_at) WHERE due_at IS NOT NULL;

-- Messages that were put together. next_attempt_at is also the end of the sender's lease: when it dies, another goes on.
CREATE TABLE notifier_messages (
    id uuid PRIMARY KEY,
    party_ref text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('sending', 'sent', 'failed', 'cancelled')),
    created_at timestamptz NOT NULL,
    give_up_at timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    claims integer NOT NULL, -- fences a sender whose lease has ended
    failures integer NOT NULL DEFAULT 0,
    reason text,
    finished_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX notifier_messages_due ON notifier_messages (next_attempt_at) WHERE state = 'sending';
CREATE INDEX notifier_messages_of_party ON notifier_messages (party_ref); -- to forget a party
CREATE INDEX notifier_messages_failed ON notifier_messages (finished_at) WHERE state = 'failed';
CREATE INDEX notifier_messages_finished ON notifier_messages (finished_at) WHERE finished_at IS NOT NULL;

-- pending: waits for its time; sending: in a message that is being sent; retrying: in one that could not be sent yet.
CREATE TABLE notifier_notices (
    id uuid PRIMARY KEY,
    party_ref text NOT NULL,
    channel text NOT NULL,
    agency text NOT NULL,
    case_id text NOT NULL,
    event_id text NOT NULL,
    sequence bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    is_urgent boolean NOT NULL,
    deadline timestamptz,
    due_at timestamptz NOT NULL,
    waits_for text,
    state text NOT NULL CHECK (state IN ('pending', 'sending', 'retrying', 'sent', 'failed', 'cancelled')),
    reason text,
    message_id uuid,
    created_at timestamptz NOT NULL,
    finished_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX notifier_notices_pending ON notifier_notices (party_ref, channel) WHERE state IN ('pending', 'retrying');
CREATE INDEX notifier_notices_of_party ON notifier_notices (party_ref); -- to forget a party
CREATE INDEX notifier_notices_of_message ON notifier_notices (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX notifier_notices_finished ON notifier_notices (finished_at) WHERE finished_at IS NOT NULL;

-- What the agencies are to be told, until Kafka has it.
CREATE TABLE notifier_outcomes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agency text NOT NULL,
    case_id text NOT NULL,
    value bytea NOT NULL
);
