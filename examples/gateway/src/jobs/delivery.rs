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
    let (number, body) = (job.number, "SELECT body FROM inbox WHERE number = ?1");
    let rows = store.read(move |sql| sql.query(body, &[number.into()]));
    let gone = || Fault::Unavailable("its event is not in the inbox".into());
    let body: Vec<u8> = rows.await?.first().ok_or_else(gone)?.get(0)?;
    envelope.proof.duplicate = job.attempts > 1;
    let reply = forwarder.send(&envelope, Bytes::from(body)).await?;
    if !(200..300).contains(&reply.status) {
        return Err(Fault::Unavailable(format!("the app answered {}", reply.status)));
    }
    let job = job.clone();
    store.write(move |sql| table::done(sql, &job)).await
}
