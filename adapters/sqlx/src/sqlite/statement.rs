//! The statements. Each is a transaction of its own, unless it is in one of yours.

use core::time::Duration;

use sqlx::{SqliteConnection, SqlitePool};
use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimOutcome, whole_millis};

use crate::reply::{Reply, Row};
use crate::{ATTEMPTS, SOON};

/// Milliseconds since 1970, by the clock of the machine.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER)"
    };
}

/// `?1` key, `?2` token. What the key is, if another has it or it is done; nothing is written.
const LOOK: &str = concat!(
    "SELECT CASE WHEN done THEN 'done' ELSE 'held' END AS reply, until - ",
    now!(),
    " AS millis, answer FROM twilio_sig_claims
    WHERE key = ?1 AND until > ",
    now!(),
    " AND (done OR token <> ?2)"
);

/// `?1` key, `?2` token, `?3` milliseconds of the lease. A row, if the key is vacant or ours.
const PUT: &str = concat!(
    "INSERT INTO twilio_sig_claims (key, token, done, answer, until)
    VALUES (?1, ?2, 0, x'', ",
    now!(),
    " + ?3) ON CONFLICT (key) DO UPDATE SET
        token = excluded.token, done = 0, answer = excluded.answer, until = excluded.until
    WHERE until <= ",
    now!(),
    " OR (token = excluded.token AND NOT done)
    RETURNING 'acquired' AS reply, 0 AS millis, x'' AS answer"
);

/// `?1` key, `?2` token, `?3` milliseconds of the ttl, `?4` answer. A row, if the key is vacant or ours.
/// What is done stays as it is.
const COMPLETE: &str = concat!(
    "INSERT INTO twilio_sig_claims AS held (key, token, done, answer, until)
    VALUES (?1, ?2, 1, ?4, ",
    now!(),
    " + ?3) ON CONFLICT (key) DO UPDATE SET
        token = excluded.token,
        done = 1,
        answer = CASE WHEN held.done AND held.until > ",
    now!(),
    " THEN held.answer ELSE excluded.answer END,
        until = CASE WHEN held.done AND held.until > ",
    now!(),
    " THEN held.until ELSE excluded.until END
    WHERE held.token = excluded.token OR held.until <= ",
    now!(),
    " RETURNING 'completed' AS reply, 0 AS millis, x'' AS answer"
);

/// `?1` key, `?2` token.
const RELEASE: &str = "\
DELETE FROM twilio_sig_claims WHERE key = ?1 AND token = ?2 AND NOT done
RETURNING 'released' AS reply, 0 AS millis, x'' AS answer";

/// `?1` key. Whether another has it, or it is done.
const HELD: &str = concat!(
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM twilio_sig_claims WHERE key = ?1 AND until > ",
    now!(),
    ") THEN 'not_released' ELSE 'released' END AS reply, 0 AS millis, x'' AS answer"
);

/// `?1` milliseconds, `?2` rows.
const PURGE: &str = concat!(
    "DELETE FROM twilio_sig_claims WHERE key IN (
        SELECT key FROM twilio_sig_claims WHERE until < ",
    now!(),
    " - ?1 LIMIT ?2)"
);

/// The database or the disk is full: <https://www.sqlite.org/rescode.html#full>
const FULL: &str = "13";

/// [`ClaimStore::claim`](twilio_sig_claim::ClaimStore::claim) in a transaction of your own.
///
/// The claim is made when the transaction is committed, and never if it is not. Until then every other
/// write waits. Complete it in the same transaction.
///
/// Begin the transaction with `BEGIN IMMEDIATE`, or let this be its first statement: one that has read
/// before, while another has written, cannot write any more.
///
/// # Errors
/// As there.
pub async fn claim_in(
    connection: &mut SqliteConnection,
    claim: &Claim,
    lease: Duration,
) -> Result<ClaimOutcome, ClaimError> {
    let lease = millis(lease)?;
    for _ in 0..ATTEMPTS {
        let put = sqlx::query_as::<_, Row>(PUT)
            .bind(&claim.key().as_bytes()[..])
            .bind(&claim.token()[..])
            .bind(lease);
        let reply = match put.fetch_optional(&mut *connection).await.map_err(claim_error)? {
            Some(row) => Some(Reply::from(row)),
            None => look(connection, claim).await?,
        };
        if let Some(reply) = reply
            && let Some(outcome) = reply.outcome()?
        {
            return Ok(outcome);
        }
    }
    Ok(ClaimOutcome::InProgress { retry_after: SOON })
}

/// Outside of a transaction, a key that is held or done is only read, so that it waits for no writer.
pub(crate) async fn claim(
    connection: &mut SqliteConnection,
    claim: &Claim,
    lease: Duration,
) -> Result<ClaimOutcome, ClaimError> {
    millis(lease)?;
    if let Some(reply) = look(connection, claim).await?
        && let Some(outcome) = reply.outcome()?
    {
        return Ok(outcome);
    }
    claim_in(connection, claim, lease).await
}

async fn look(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Option<Reply>, ClaimError> {
    let look =
        sqlx::query_as::<_, Row>(LOOK).bind(&claim.key().as_bytes()[..]).bind(&claim.token()[..]);
    Ok(look.fetch_optional(connection).await.map_err(claim_error)?.map(Reply::from))
}

/// [`ClaimStore::renew`](twilio_sig_claim::ClaimStore::renew) in a transaction of your own.
///
/// # Errors
/// As there.
pub async fn renew_in(
    connection: &mut SqliteConnection,
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
    connection: &mut SqliteConnection,
    claim: &Claim,
    ttl: Duration,
    answer: &Answer,
) -> Result<(), ClaimError> {
    let complete = sqlx::query_as::<_, Row>(COMPLETE)
        .bind(&claim.key().as_bytes()[..])
        .bind(&claim.token()[..])
        .bind(millis(ttl)?)
        .bind(answer.as_bytes());
    match complete.fetch_optional(connection).await.map_err(claim_error)? {
        Some(row) => Reply::from(row).completed(),
        None => Err(ClaimError::Lost),
    }
}

/// [`ClaimStore::release`](twilio_sig_claim::ClaimStore::release) in a transaction of your own.
/// Rolling it back does as well, if the claim was made in it.
///
/// # Errors
/// As there.
pub async fn release_in(
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<(), ClaimError> {
    let key = &claim.key().as_bytes()[..];
    let release = sqlx::query_as::<_, Row>(RELEASE).bind(key).bind(&claim.token()[..]);
    let released = release.fetch_optional(&mut *connection).await.map_err(claim_error)?;
    if let Some(row) = released {
        return Reply::from(row).released();
    }
    let held = sqlx::query_as::<_, Row>(HELD).bind(key);
    Reply::from(held.fetch_one(connection).await.map_err(claim_error)?).released()
}

pub(crate) async fn purge(
    pool: &SqlitePool,
    older_than: Duration,
    rows: i64,
) -> Result<u64, ClaimError> {
    let millis = i64::try_from(older_than.as_millis()).map_err(|_| ClaimError::OutOfRange)?;
    let purge = sqlx::query(PURGE).bind(millis).bind(rows);
    Ok(purge.execute(pool).await.map_err(claim_error)?.rows_affected())
}

fn millis(duration: Duration) -> Result<i64, ClaimError> {
    i64::try_from(whole_millis(duration)?).map_err(|_| ClaimError::OutOfRange)
}

fn claim_error(error: sqlx::Error) -> ClaimError {
    crate::error::claim_error(error, &[FULL])
}
