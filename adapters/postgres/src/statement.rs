//! The statements: one for each call, so that each is atomic and one round trip.

use core::time::Duration;

use sqlx::PgConnection;
use twilio_sig::claim::{Answer, Claim, ClaimError, ClaimOutcome, whole_millis};

/// `$1` key, `$2` token, `$3` milliseconds of the lease.
///
/// A key that is held is only read: `DO NOTHING` and an `UPDATE` of no row take no lock and write
/// nothing. All parts see the state at the statement's start, so a row that was inserted since is in
/// none of them, and no row comes back.
const CLAIM: &str = "\
WITH inserted AS (
    INSERT INTO twilio_sig_claims (key, token, done, answer, until)
    VALUES ($1, $2, false, '', clock_timestamp() + $3 * interval '1 millisecond')
    ON CONFLICT (key) DO NOTHING RETURNING key
), taken_over AS (
    UPDATE twilio_sig_claims
    SET token = $2, done = false, answer = '',
        until = clock_timestamp() + $3 * interval '1 millisecond'
    WHERE key = $1 AND (until <= clock_timestamp() OR (token = $2 AND NOT done)) RETURNING key
)
SELECT true AS fresh, false AS done, 0::int8 AS millis, ''::bytea AS answer FROM inserted
UNION ALL
SELECT true, false, 0, '' FROM taken_over
UNION ALL
SELECT false, done, ceil(extract(epoch FROM until - clock_timestamp()) * 1000)::int8, answer
FROM twilio_sig_claims
WHERE key = $1 AND NOT EXISTS (SELECT FROM inserted) AND NOT EXISTS (SELECT FROM taken_over)";

/// `$1` key, `$2` token, `$3` milliseconds of the ttl, `$4` answer. A row, if the key is ours or vacant.
/// What is done stays as it is.
const COMPLETE: &str = "\
INSERT INTO twilio_sig_claims AS held (key, token, done, answer, until)
VALUES ($1, $2, true, $4, clock_timestamp() + $3 * interval '1 millisecond')
ON CONFLICT (key) DO UPDATE SET
    token = excluded.token,
    done = true,
    answer = CASE WHEN held.done AND held.until > clock_timestamp()
        THEN held.answer ELSE excluded.answer END,
    until = CASE WHEN held.done AND held.until > clock_timestamp()
        THEN held.until ELSE excluded.until END
WHERE held.token = excluded.token OR held.until <= clock_timestamp()";

/// `$1` key, `$2` token. Whether somebody else has the key, or it is done.
const RELEASE: &str = "\
WITH released AS (
    DELETE FROM twilio_sig_claims WHERE key = $1 AND token = $2 AND NOT done RETURNING key
)
SELECT EXISTS (
    SELECT FROM twilio_sig_claims
    WHERE key = $1 AND until > clock_timestamp() AND NOT EXISTS (SELECT FROM released)
)";

/// `$1` microseconds, `$2` rows.
pub(crate) const PURGE: &str = "\
DELETE FROM twilio_sig_claims WHERE key IN (
    SELECT key FROM twilio_sig_claims
    WHERE until < clock_timestamp() - $1 * interval '1 microsecond'
    LIMIT $2 FOR UPDATE SKIP LOCKED
) AND until < clock_timestamp() - $1 * interval '1 microsecond'";

/// How often a claim asks again when another one has come between. Each time somebody has claimed
/// the key, so the second answer is all but certain.
const ATTEMPTS: usize = 3;
/// When to try again if it is known that the key is held, and not for how long.
const SOON: Duration = Duration::from_secs(1);
/// The server waited for a lock for as long as it may: <https://www.postgresql.org/docs/15/errcodes-appendix.html>
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// No space on the disk, or no memory.
const INSUFFICIENT_RESOURCES: &str = "53";

/// [`ClaimStore::claim`](twilio_sig::claim::ClaimStore::claim) in a transaction of your own.
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
    let millis = millis(lease)?;
    for _ in 0..ATTEMPTS {
        let row: Option<(bool, bool, i64, Vec<u8>)> = sqlx::query_as(CLAIM)
            .bind(claim.key().as_bytes())
            .bind(claim.token())
            .bind(millis)
            .fetch_optional(&mut *connection)
            .await
            .map_err(claim_error)?;
        match row {
            Some((true, ..)) => return Ok(ClaimOutcome::Acquired),
            // Its time is over, and somebody else has just taken it over.
            None | Some((false, _, ..=0, _)) => {}
            Some((false, true, _, answer)) => {
                return Ok(ClaimOutcome::Done(Answer::new(&answer)?));
            }
            Some((false, false, millis, _)) => {
                let millis = u64::try_from(millis).unwrap_or_default();
                return Ok(ClaimOutcome::InProgress { retry_after: Duration::from_millis(millis) });
            }
        }
    }
    Ok(ClaimOutcome::InProgress { retry_after: SOON })
}

/// A claim outside of a transaction: who waits in vain for somebody's transaction knows that the key
/// is in progress.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    claim: &Claim,
    lease: Duration,
) -> Result<ClaimOutcome, ClaimError> {
    match claim_in(connection, claim, lease).await {
        Err(ClaimError::Unavailable(source)) if is_lock_timeout(&*source) => {
            Ok(ClaimOutcome::InProgress { retry_after: SOON })
        }
        outcome => outcome,
    }
}

/// [`ClaimStore::complete`](twilio_sig::claim::ClaimStore::complete) in a transaction of your own.
///
/// # Errors
/// As there.
pub async fn complete_in(
    connection: &mut PgConnection,
    claim: &Claim,
    ttl: Duration,
    answer: &Answer,
) -> Result<(), ClaimError> {
    let query = sqlx::query(COMPLETE).bind(claim.key().as_bytes()).bind(claim.token());
    let query = query.bind(millis(ttl)?).bind(answer.as_bytes());
    let result = query.execute(connection).await.map_err(claim_error)?;
    if result.rows_affected() == 0 { Err(ClaimError::Lost) } else { Ok(()) }
}

/// [`ClaimStore::release`](twilio_sig::claim::ClaimStore::release) in a transaction of your own.
/// Rolling it back does as well, if the claim was made in it.
///
/// # Errors
/// As there.
pub async fn release_in(connection: &mut PgConnection, claim: &Claim) -> Result<(), ClaimError> {
    let query = sqlx::query_scalar(RELEASE).bind(claim.key().as_bytes()).bind(claim.token());
    let lost: bool = query.fetch_one(connection).await.map_err(claim_error)?;
    if lost { Err(ClaimError::Lost) } else { Ok(()) }
}

fn millis(duration: Duration) -> Result<i64, ClaimError> {
    i64::try_from(whole_millis(duration)?).map_err(|_| ClaimError::OutOfRange)
}

fn claim_error(error: sqlx::Error) -> ClaimError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    let is_full = code.is_some_and(|code| code.starts_with(INSUFFICIENT_RESOURCES));
    if is_full { ClaimError::Full } else { ClaimError::unavailable(error) }
}

fn is_lock_timeout(error: &(dyn core::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    error.and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == LOCK_NOT_AVAILABLE)
}
