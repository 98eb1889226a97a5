//! The statements: one for each call, so that each is atomic and one round trip. A value is hexadecimal
//! digits or a number, so nothing can be smuggled into one.

use core::fmt::{self, Display};
use core::time::Duration;

use sqlx::{Executor, FromRow, PgConnection};
use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimOutcome, whole_millis};

use crate::reply::Reply;
use crate::{ATTEMPTS, SOON};

/// How long the server may wait for a lock, and how long it may work; and that a call which had to
/// wait for another sees what that one has done. Whatever the defaults of the database are, and for this
/// statement alone, since a pooler may give the connection to others.
const SETTINGS: &str = "\
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '2s';
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
";

/// The server waited for a lock for as long as it may: <https://www.postgresql.org/docs/15/errcodes-appendix.html>
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// No space on the disk, or no memory.
const INSUFFICIENT_RESOURCES: &str = "53";

/// A statement in a transaction of its own: all of one message is one.
pub(crate) fn alone(statement: &str) -> String {
    format!("{SETTINGS}{statement}")
}

/// A key that is held is only read: `DO NOTHING` and an `UPDATE` of no row take no lock and write
/// nothing. All parts see the state at the statement's start, so a row that was inserted since is in
/// none of them, and no row comes back.
pub(crate) fn claim(claim: &Claim, lease: Duration) -> Result<String, ClaimError> {
    let (key, token, until) =
        (Bytes(claim.key().as_bytes()), Bytes(claim.token()), Until::new(lease)?);
    Ok(format!(
        "\
WITH inserted AS (
    INSERT INTO twilio_sig_claims (key, token, done, answer, until)
    VALUES ({key}, {token}, false, '', {until})
    ON CONFLICT (key) DO NOTHING RETURNING key
), taken AS (
    UPDATE twilio_sig_claims SET token = {token}, done = false, answer = '', until = {until}
    WHERE key = {key} AND (until <= clock_timestamp() OR (token = {token} AND NOT done))
    RETURNING key
)
SELECT 'acquired'::text AS reply, 0::int8 AS millis, ''::text AS answer FROM inserted
UNION ALL
SELECT 'acquired', 0, '' FROM taken
UNION ALL
SELECT CASE WHEN done THEN 'done' ELSE 'held' END,
    ceil(extract(epoch FROM until - clock_timestamp()) * 1000)::int8, encode(answer, 'hex')
FROM twilio_sig_claims
WHERE key = {key} AND NOT EXISTS (SELECT FROM inserted) AND NOT EXISTS (SELECT FROM taken)"
    ))
}

/// What is done stays as it is.
pub(crate) fn complete(
    claim: &Claim,
    ttl: Duration,
    answer: &Answer,
) -> Result<String, ClaimError> {
    let (key, token, until) =
        (Bytes(claim.key().as_bytes()), Bytes(claim.token()), Until::new(ttl)?);
    let answer = Bytes(answer.as_bytes());
    Ok(format!(
        "\
WITH completed AS (
    INSERT INTO twilio_sig_claims AS held (key, token, done, answer, until)
    VALUES ({key}, {token}, true, {answer}, {until})
    ON CONFLICT (key) DO UPDATE SET
        token = excluded.token,
        done = true,
        answer = CASE WHEN held.done AND held.until > clock_timestamp()
            THEN held.answer ELSE excluded.answer END,
        until = CASE WHEN held.done AND held.until > clock_timestamp()
            THEN held.until ELSE excluded.until END
    WHERE held.token = excluded.token OR held.until <= clock_timestamp()
    RETURNING key
)
SELECT CASE WHEN EXISTS (SELECT FROM completed) THEN 'completed' ELSE 'not_completed' END AS reply,
    0::int8 AS millis, ''::text AS answer"
    ))
}

pub(crate) fn release(claim: &Claim) -> String {
    let (key, token) = (Bytes(claim.key().as_bytes()), Bytes(claim.token()));
    format!(
        "\
WITH released AS (
    DELETE FROM twilio_sig_claims WHERE key = {key} AND token = {token} AND NOT done RETURNING key
)
SELECT CASE WHEN EXISTS (
    SELECT FROM twilio_sig_claims
    WHERE key = {key} AND until > clock_timestamp() AND NOT EXISTS (SELECT FROM released)
) THEN 'not_released' ELSE 'released' END AS reply, 0::int8 AS millis, ''::text AS answer"
    )
}

pub(crate) fn purge(older_than: Duration, rows: i64) -> String {
    let over = format!(
        "until < clock_timestamp() - {} * interval '1 microsecond'",
        older_than.as_micros()
    );
    format!(
        "\
DELETE FROM twilio_sig_claims WHERE key IN (
    SELECT key FROM twilio_sig_claims WHERE {over} LIMIT {rows} FOR UPDATE SKIP LOCKED
) AND {over}"
    )
}

/// Says a statement, and hears all of the answer: an error may come after the row.
pub(crate) async fn ask(
    connection: &mut PgConnection,
    statement: &str,
) -> Result<Option<Reply>, sqlx::Error> {
    // Text without arguments goes by the simple protocol.
    let rows = connection.fetch_all(statement).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (word, millis, answer) = <(String, i64, String)>::from_row(row)?;
    let answer = read_hex(&answer).ok_or_else(|| sqlx::Error::Decode("no digits".into()))?;
    Ok(Some(Reply::from((word, millis, answer))))
}

/// [`ClaimStore::claim`](twilio_sig_claim::ClaimStore::claim) in a transaction of your own.
///
/// The claim is made when the transaction is committed, and never if it is not. Until then another
/// claim of the same key waits. Complete it in the same transaction.
///
/// # Errors
/// As there. After an error, PostgreSQL takes no more statements in the transaction: roll it back.
/// Two transactions that claim the same keys in different orders may wait for each other, and one of
/// them gets an error.
/// Where the isolation is `REPEATABLE READ` or stricter, a key that was claimed since the
/// transaction began is an error too.
pub async fn claim_in(
    connection: &mut PgConnection,
    claim: &Claim,
    lease: Duration,
) -> Result<ClaimOutcome, ClaimError> {
    let statement = self::claim(claim, lease)?;
    for _ in 0..ATTEMPTS {
        let reply = ask(connection, &statement).await.map_err(claim_error)?;
        if let Some(reply) = reply
            && let Some(outcome) = reply.outcome()?
        {
            return Ok(outcome);
        }
    }
    Ok(ClaimOutcome::InProgress { retry_after: SOON })
}

/// [`ClaimStore::renew`](twilio_sig_claim::ClaimStore::renew) in a transaction of your own.
///
/// # Errors
/// As there.
pub async fn renew_in(
    connection: &mut PgConnection,
    claim: &Claim,
    lease: Duration,
) -> Result<(), ClaimError> {
    match claim_in(connection, claim, lease).await? {
        ClaimOutcome::Acquired => Ok(()),
        _ => Err(ClaimError::Lost),
    }
}

/// [`ClaimStore::complete`](twilio_sig_claim::ClaimStore::complete) in a transaction of your own.
///
/// # Errors
/// As there.
pub async fn complete_in(
    connection: &mut PgConnection,
    claim: &Claim,
    ttl: Duration,
    answer: &Answer,
) -> Result<(), ClaimError> {
    let statement = complete(claim, ttl, answer)?;
    let reply = ask(connection, &statement).await.map_err(claim_error)?;
    reply.unwrap_or_default().completed()
}

/// [`ClaimStore::release`](twilio_sig_claim::ClaimStore::release) in a transaction of your own.
/// Rolling it back does as well, if the claim was made in it.
///
/// # Errors
/// As there.
pub async fn release_in(connection: &mut PgConnection, claim: &Claim) -> Result<(), ClaimError> {
    let reply = ask(connection, &release(claim)).await.map_err(claim_error)?;
    reply.unwrap_or_default().released()
}

pub(crate) fn claim_error(error: sqlx::Error) -> ClaimError {
    crate::error::claim_error(error, &[INSUFFICIENT_RESOURCES])
}

pub(crate) fn is_lock_timeout(error: &ClaimError) -> bool {
    let ClaimError::Unavailable(reason) = error else { return false };
    let error = reason.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    error.and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}

/// Bytes as PostgreSQL reads them, without a backslash: what one means is a setting.
struct Bytes<'b>(&'b [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
        let digits = self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]);
        write!(f, "decode('{}', 'hex')", digits.collect::<String>())
    }
}

/// An answer comes in digits too: how PostgreSQL writes bytes is a setting.
fn read_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

/// So many milliseconds from now, by the server's clock.
struct Until(u64);

impl Until {
    fn new(duration: Duration) -> Result<Self, ClaimError> {
        whole_millis(duration).map(Self)
    }
}

impl Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clock_timestamp() + {} * interval '1 millisecond'", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_and_read_in_digits() {
        let every: Vec<u8> = (0..=u8::MAX).collect();
        let text = Bytes(&every).to_string();
        let digits = text.strip_prefix("decode('").and_then(|text| text.strip_suffix("', 'hex')"));
        assert_eq!(digits.and_then(read_hex), Some(every));
        assert_eq!(read_hex(""), Some(Vec::new()));
        for bad in ["0", "0g", "\\x00", "0é", "+1"] {
            assert_eq!(read_hex(bad), None, "{bad}");
        }
    }
}
