-- Events are numbered in the order in which they came, which needs no index of their time; and a job has the number
-- of its event, which needs no tree of ids, of which each job would change a page of its own.

DROP INDEX inbox_received_at;
ALTER TABLE inbox RENAME TO old_inbox;
CREATE TABLE inbox (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- The signature of the request that was the first to tell of it, hashed: sent again, it is a duplicate
    -- whatever event it seems to tell of.
    mac BYTEA NOT NULL UNIQUE,
    received_at BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    -- The identity of the event, or `request` where nothing signed identifies the event.
    event_key TEXT NOT NULL,
    url TEXT NOT NULL,
    body BYTEA NOT NULL,
    coverage TEXT NOT NULL,
    key_position BIGINT NOT NULL,
    answer BYTEA NOT NULL
);
INSERT INTO inbox (id, mac, tenant, event_key, url, body, coverage, key_position, answer, received_at)
    SELECT id, mac, tenant, event_key, url, body, coverage, key_position, answer, received_at
    FROM old_inbox ORDER BY received_at;
DROP TABLE old_inbox;

-- The work that an event leaves: at most one job.
DROP INDEX jobs_due;
ALTER TABLE jobs RENAME TO old_jobs;
CREATE TABLE jobs (
    -- That of its event.
    number BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    -- ready, running, done or dead.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Ready: when to start. Running: when its lease ends. Otherwise: when it ended.
    due_at BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
-- Of an event that came again after it was forgotten, an old job may be there beside the one to be done.
INSERT INTO jobs (number, kind, payload, state, attempts, due_at, last_error, created_at)
    SELECT number, kind, payload, state, attempts, due_at, last_error, created_at
    FROM old_jobs JOIN inbox ON inbox.id = inbox_id
    ORDER BY CASE state WHEN 'done' THEN 1 ELSE 0 END, created_at DESC
    ON CONFLICT DO NOTHING;
DROP TABLE old_jobs;
CREATE INDEX jobs_due ON jobs (state, due_at);

-- Rows in the order in which they came: the further states of a message or of a call come soon after its first,
-- and change pages that have just been changed. Sorted by their ids, each would change a page of its own.

ALTER TABLE messages RENAME TO old_messages;
CREATE TABLE messages (
    tenant TEXT NOT NULL,
    sid TEXT NOT NULL,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The place of the status in its life. It only grows.
    status_rank BIGINT NOT NULL,
    error_code TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, sid)
);
INSERT INTO messages SELECT * FROM old_messages ORDER BY updated_at;
DROP TABLE old_messages;

ALTER TABLE calls RENAME TO old_calls;
CREATE TABLE calls (
    tenant TEXT NOT NULL,
    -- The id that the caller of Twilio's API gave it: `?callId=`.
    call_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    state TEXT NOT NULL,
    state_rank BIGINT NOT NULL,
    duration_s BIGINT,
    completed_at BIGINT,
    consent_given BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, call_id)
);
INSERT INTO calls SELECT * FROM old_calls ORDER BY updated_at;
DROP TABLE old_calls;
