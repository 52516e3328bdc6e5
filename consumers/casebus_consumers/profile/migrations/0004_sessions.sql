-- Who is logged in to the page. The browser has a random key, the table only its SHA-256.
CREATE TABLE sessions (
    key_hash bytea PRIMARY KEY,
    party_ref text NOT NULL,
    display_name text NOT NULL,
    high_assurance boolean NOT NULL,
    form_token text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_party ON sessions (party_ref);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
-- A login on its way through the identity provider: for minutes only.
CREATE TABLE login_attempts (
    key_hash bytea PRIMARY KEY,
    state text NOT NULL,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    return_to text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX login_attempts_by_expiry ON login_attempts (expires_at);
