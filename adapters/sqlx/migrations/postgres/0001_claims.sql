-- Claims of webhooks. Safe to run again.
CREATE TABLE IF NOT EXISTS twilio_sig_claims (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    -- That of the claim which holds the key, or has completed it.
    token bytea NOT NULL CHECK (octet_length(token) = 16),
    done boolean NOT NULL,
    -- What a completed key gives back.
    answer bytea NOT NULL,
    -- When the lease or the ttl ends. A row that is past it is vacant, and can be purged.
    until timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS twilio_sig_claims_until ON twilio_sig_claims (until);
