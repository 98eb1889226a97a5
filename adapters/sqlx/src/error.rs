//! What went wrong.

use twilio_sig_claim::ClaimError;

pub(crate) fn unavailable(error: sqlx::Error) -> ClaimError {
    match error {
        // The pool tries to connect until its time is over, and does not say why it could not.
        sqlx::Error::PoolTimedOut => ClaimError::unavailable(
            "no connection in time: the database cannot be reached, or the pool is too small",
        ),
        error => ClaimError::unavailable(error),
    }
}

/// A database that has no room says so by one of these codes, or by one that begins so.
pub(crate) fn claim_error(error: sqlx::Error, full: &[&str]) -> ClaimError {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if code.is_some_and(|code| full.iter().any(|full| code.starts_with(full))) {
        ClaimError::Full
    } else {
        unavailable(error)
    }
}

pub(crate) fn no_answer() -> ClaimError {
    ClaimError::unavailable("the database gave no answer within 3 s")
}
