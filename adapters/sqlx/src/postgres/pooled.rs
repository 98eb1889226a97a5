//! A statement on a connection of a pool, some of which may be dead.

use sqlx::pool::PoolConnection;
use sqlx::{Error, PgConnection, PgPool, Postgres};
use tokio::time::{Instant, timeout_at};
use twilio_sig_claim::ClaimError;

use super::statement::{self, claim_error};
use crate::TIMEOUT;
use crate::error::{no_answer, unavailable};
use crate::reply::Reply;

/// Says a statement. A connection that is found dead, as all are after the server was restarted, is
/// discarded, and the statement said on another: every call can be repeated.
pub(crate) async fn ask(pool: &PgPool, statement: &str) -> Result<Option<Reply>, ClaimError> {
    let Some(deadline) = Instant::now().checked_add(TIMEOUT) else { return Err(no_answer()) };
    // As many as may be dead, and one that is new.
    let mut left = pool.options().get_max_connections();
    loop {
        let connection = timeout_at(deadline, pool.acquire()).await.map_err(|_| no_answer())?;
        let mut connection = Borrowed(Some(connection.map_err(unavailable)?));
        let answer = timeout_at(deadline, connection.ask(statement)).await;
        match answer.map_err(|_| no_answer())? {
            Err(error) if is_broken(&error) && left > 0 => left = left.saturating_sub(1),
            Err(error) if is_broken(&error) => return Err(unavailable(error)),
            answer => {
                connection.give_back();
                return answer.map_err(claim_error);
            }
        }
    }
}

/// A connection that is closed when it is dropped, and not given back: a call that is given up, because
/// its time is over or nothing waits for it, would keep its place in the pool until the server answers.
struct Borrowed(Option<PoolConnection<Postgres>>);

impl Borrowed {
    async fn ask(&mut self, statement: &str) -> Result<Option<Reply>, Error> {
        let Some(connection) = &mut self.0 else { return Err(Error::PoolClosed) };
        let connection: &mut PgConnection = connection;
        statement::ask(connection, statement).await
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// Whether the connection is dead, and another may not be.
fn is_broken(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Protocol(_) => true,
        // The server, or a pooler, says that the connection ends: classes 08 and 57P.
        Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P"))
        }
        _ => false,
    }
}
