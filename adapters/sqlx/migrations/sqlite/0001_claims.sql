-- Claims of webhooks. Safe to run again.
CREATE TABLE IF NOT EXISTS twilio_sig_claims (
    key BLOB PRIMARY KEY CHECK (length(key) = 32),
    -- That of the claim which holds the key, or has completed it.
    token BLOB NOT NULL CHECK (length(token) = 16),
    done INTEGER NOT NULL,
    -- What a completed key gives back.
    answer BLOB NOT NULL,
    -- When the lease or the ttl ends, in milliseconds since 1970. A row that is past it is vacant, and can
    -- be purged.
    until INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS twilio_sig_claims_until ON twilio_sig_claims (until);
