-- Times are milliseconds since 1970. The tables of PostgreSQL are these, with BYTEA for BLOB and BIGINT for
-- INTEGER; the queries are the same. A table WITHOUT ROWID has its rows in its primary key, and not beside it.

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    account_sid TEXT,
    active INTEGER NOT NULL,
    -- Sealed under the key file, bound to the id.
    primary_token BLOB NOT NULL,
    secondary_token BLOB,
    -- When a webhook was last verified with it.
    primary_used_at INTEGER,
    secondary_used_at INTEGER,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER
);
CREATE TABLE tenant_numbers (
    number TEXT PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id)
);
-- One row, which counts the changes to the tenants, so that a running service sees them.
CREATE TABLE tenant_changes (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL);
INSERT INTO tenant_changes (id, count) VALUES (1, 0);

-- What was received and proven, one row for each event. The row is the claim: an event that has one is done,
-- and its duplicates get its answer.
CREATE TABLE inbox (
    id TEXT PRIMARY KEY,
    -- The signature of the request that was the first to tell of it, hashed: sent again, it is a duplicate
    -- whatever event it seems to tell of.
    mac BLOB NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    -- The identity of the event, or `request` where nothing signed identifies the event.
    event_key TEXT NOT NULL,
    url TEXT NOT NULL,
    body BLOB NOT NULL,
    coverage TEXT NOT NULL,
    key_position INTEGER NOT NULL,
    answer BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    -- When the work on it was done; NULL while a job has yet to do it.
    handled_at INTEGER
);
CREATE INDEX inbox_received_at ON inbox (received_at);
-- The signatures of further requests that told of an event, such as Twilio's retries, hashed.
CREATE TABLE further_requests (
    mac BLOB PRIMARY KEY,
    inbox_id TEXT NOT NULL,
    received_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX further_requests_received_at ON further_requests (received_at);

CREATE TABLE messages (
    tenant TEXT NOT NULL,
    sid TEXT NOT NULL,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The place of the status in its life. It only grows.
    status_rank INTEGER NOT NULL,
    error_code TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, sid)
) WITHOUT ROWID;

CREATE TABLE calls (
    tenant TEXT NOT NULL,
    -- The id that the caller of Twilio's API gave it: `?callId=`.
    call_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    state TEXT NOT NULL,
    state_rank INTEGER NOT NULL,
    duration_s INTEGER,
    completed_at INTEGER,
    consent_given INTEGER,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, call_id)
) WITHOUT ROWID;

CREATE TABLE recordings (
    tenant TEXT NOT NULL,
    sid TEXT NOT NULL,
    call_id TEXT NOT NULL,
    media_url TEXT NOT NULL,
    duration_s INTEGER,
    -- How often the work was done: once, unless an operator had it done again.
    stored INTEGER NOT NULL,
    PRIMARY KEY (tenant, sid)
) WITHOUT ROWID;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    inbox_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- ready, running, done or dead.
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- Ready: when to start. Running: when its lease ends. Otherwise: when it ended.
    due_at INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs (state, due_at);

-- The webhook log: every attempt that was answered.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    event_type TEXT NOT NULL,
    -- success, error, unauthorized or duplicate.
    status TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    reason TEXT,
    tenant TEXT,
    ip TEXT,
    url TEXT NOT NULL,
    sid TEXT,
    -- The event that it was the first to tell of, in the inbox.
    inbox_id TEXT,
    headers TEXT NOT NULL,
    payload TEXT NOT NULL,
    duration_us INTEGER NOT NULL,
    -- Why the signature is wrong, in words.
    diagnosis TEXT
);
CREATE INDEX attempts_at ON attempts (at);
