//! Each event once: its claim, its row in the inbox and the work are one transaction.
//!
//! So there is no moment in which the work is done and the claim is not. What the process was
//! killed in the middle of has not happened, and Twilio's retry finds the event unclaimed.

use core::fmt;
use core::time::Duration;

use axum::response::{IntoResponse, Response};
use sqlx::{Sqlite, SqliteConnection, Transaction};
use twilio_sig::claim::{Claim, ClaimKey, ClaimOutcome};
use twilio_sig::dedup::{DedupKey, Template};
use twilio_sig_sqlx::sqlite::{claim_in, complete_in};
use twilio_sig_tower::VerifiedWebhook;

use crate::attempts;
use crate::clock;
use crate::fault::Fault;
use crate::jobs::{Queue, Work};
use crate::reply::Reply;
use crate::store::Store;
use crate::tenants;

/// A claim and its completion are committed together, so no lease is ever seen.
const LEASE: Duration = Duration::from_secs(60);

/// Begins events. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Events {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    /// For how long an event and its answer are remembered.
    pub(crate) ttl: Duration,
}

/// Why there is no work to do.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is done, with this answer.
    Done {
        reply: Reply,
        /// Whether this very request was seen, and not only its event.
        is_replay: bool,
    },
    Fault(Fault),
}

impl Stop {
    /// On a route whose duplicates are told that they are one, and not what the first was told.
    pub(crate) fn told(self) -> Self {
        match self {
            Self::Done { is_replay, .. } => Self::Done { reply: Reply::duplicate(), is_replay },
            fault @ Self::Fault(_) => fault,
        }
    }
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::Done { reply, .. } => reply.again().into_response(),
            Self::Fault(fault) => fault.into_response(),
        }
    }
}

/// An event that is ours. Dropped before it is committed, nothing has happened.
pub(crate) struct OpenEvent {
    transaction: Transaction<'static, Sqlite>,
    claims: Vec<Claim>,
    id: String,
    key: String,
    tenant: String,
    webhook: VerifiedWebhook,
    has_job: bool,
    store: Store,
    queue: Queue,
    ttl: Duration,
}

impl Events {
    /// Claims the request and its event: Twilio does not sign where a name ends, so the same signature can
    /// be sent as another event. An event that nothing signed identifies is known by its request alone. `own`
    /// identifies it where the library does not. A duplicate stops here, with its answer.
    pub(crate) async fn begin(
        &self,
        webhook: &VerifiedWebhook,
        own: Option<&Template>,
    ) -> Result<OpenEvent, Stop> {
        let tenant = tenants::id_of(webhook)?;
        let identity = webhook.delivery(|delivery| match own {
            Some(template) => template.key(delivery).ok(),
            None => DedupKey::of(delivery).ok(),
        });
        let identity = identity.map_err(|error| Fault::Unavailable(error.to_string()))?;
        let mac = ClaimKey::new("mac", &[tenant.as_bytes(), webhook.signature().as_bytes()]);
        let event = identity.as_ref().map(DedupKey::claim_key);
        let id = format!("evt_{}", hex(event.as_ref().unwrap_or(&mac)));
        let name = identity.map_or_else(|| "request".to_owned(), |key| key.to_string());

        let mut transaction = self.store.begin().await?;
        let mut claims = Vec::new();
        for (key, is_replay) in [(Some(mac), true), (event, false)] {
            let Some(key) = key else { continue };
            let claim = Claim::random(key)?;
            match claim_in(&mut transaction, &claim, LEASE).await? {
                ClaimOutcome::Acquired => claims.push(claim),
                ClaimOutcome::Done(answer) => {
                    // It is answered as done, so it must be on the disk, though another request wrote it.
                    transaction.rollback().await?;
                    self.store.wait().await?;
                    return Err(Stop::Done { reply: Reply::decode(&answer), is_replay });
                }
                _ => {
                    return Err(Fault::Unavailable("the event is at work elsewhere".into()).into());
                }
            }
        }
        Ok(OpenEvent {
            transaction,
            claims,
            id,
            key: name,
            tenant: tenant.to_owned(),
            webhook: VerifiedWebhook::clone(webhook),
            has_job: false,
            store: self.store.clone(),
            queue: self.queue.clone(),
            ttl: self.ttl,
        })
    }
}

impl OpenEvent {
    /// What the work needs: the transaction, and the tenant that the event is of.
    pub(crate) fn work(&mut self) -> (&mut SqliteConnection, &str) {
        (&mut self.transaction, &self.tenant)
    }

    /// Its id: the same for every request that tells of it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What it is known by, in words.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The tenant that it is of.
    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Leaves work to a job, which exists if and only if the event is committed.
    pub(crate) async fn leave(&mut self, work: &Work) -> Result<(), Fault> {
        self.has_job = true;
        Queue::push(&mut self.transaction, &self.id, work).await
    }

    /// Commits all of it. From now on the event is done, and duplicates get this answer.
    pub(crate) async fn commit(mut self, reply: Reply) -> Result<Reply, Fault> {
        let answer = reply.encode()?;
        for claim in &self.claims {
            complete_in(&mut self.transaction, claim, self.ttl, &answer).await?;
        }
        self.keep().await?;
        self.store.commit(self.transaction).await?;
        attempts::note_event(&self.id);
        if self.has_job {
            self.queue.wake();
        }
        Ok(reply)
    }

    /// Puts it into the inbox.
    async fn keep(&mut self) -> Result<(), Fault> {
        // An event may come again after its claim's ttl: then it is told of anew.
        let query = sqlx::query(
            "INSERT INTO inbox (id, tenant, event_key, url, body, coverage, key_position,
                received_at, handled_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (id) DO UPDATE SET
                url = excluded.url, body = excluded.body, coverage = excluded.coverage,
                key_position = excluded.key_position, received_at = excluded.received_at,
                handled_at = excluded.handled_at",
        );
        let (webhook, now) = (&self.webhook, clock::now());
        let query = query.bind(&self.id).bind(&self.tenant).bind(&self.key).bind(webhook.url());
        let query = query.bind(&webhook.body()[..]).bind(webhook.coverage().to_string());
        let query = query.bind(i64::try_from(webhook.key()).unwrap_or(i64::MAX)).bind(now);
        let handled_at = (!self.has_job).then_some(now);
        query.bind(handled_at).execute(&mut *self.transaction).await?;
        Ok(())
    }
}

impl fmt::Debug for OpenEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenEvent").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The first half of a key, which is the hash of what it stands for.
fn hex(key: &ClaimKey) -> String {
    let half = key.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(half))
}
