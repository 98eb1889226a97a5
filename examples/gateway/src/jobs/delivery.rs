//! Hands an event on to the app, until it says 2xx.

use axum::body::Bytes;

use super::table::{self, Job};
use crate::fault::Fault;
use crate::forward::{Envelope, Forwarder};
use crate::store::Store;

/// Sends it once. The app knows it by its id, if it gets it twice.
pub(super) async fn run(
    mut envelope: Envelope,
    forwarder: Option<&Forwarder>,
    store: &Store,
    job: &Job,
) -> Result<(), Fault> {
    let nowhere = || Fault::Unavailable("FORWARD_TO is not set any more".into());
    let forwarder = forwarder.ok_or_else(nowhere)?;
    let query = sqlx::query_scalar::<_, Vec<u8>>("SELECT body FROM inbox WHERE id = $1");
    let body = query.bind(&job.inbox_id).fetch_one(store.reader()).await?;
    envelope.proof.duplicate = job.attempts > 1;
    let reply = forwarder.send(&envelope, Bytes::from(body)).await?;
    if !(200..300).contains(&reply.status) {
        return Err(Fault::Unavailable(format!("the app answered {}", reply.status)));
    }
    let mut transaction = store.begin().await?;
    table::done(&mut transaction, job).await?;
    Ok(transaction.commit().await?)
}
