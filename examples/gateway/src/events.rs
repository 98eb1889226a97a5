//! Each event once: its row in the inbox is the claim, and is written in one transaction with the work.
//!
//! So there is no moment in which the work is done and the event is not known. What the process was
//! killed in the middle of has not happened, and Twilio's retry finds no row.

use axum::response::{IntoResponse, Response};
use twilio_sig::claim::{Answer, ClaimKey};
use twilio_sig::dedup::{DedupKey, Template};
use twilio_sig_tower::VerifiedWebhook;

use crate::attempts;
use crate::clock;
use crate::fault::Fault;
use crate::jobs::{self, Queue, Work};
use crate::reply::Reply;
use crate::store::{Row, Sql, Store};
use crate::tenants;

/// Records events. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Events {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
}

/// Why there is no work to do.
#[derive(Debug)]
pub(crate) enum Stop {
    Done(Done),
    Fault(Fault),
}

/// An event is done.
#[derive(Debug)]
pub(crate) struct Done {
    reply: Reply,
    /// Whether this very request was seen, and not only its event.
    pub(crate) is_replay: bool,
}

impl Stop {
    /// On a route whose duplicates are told that they are one, and not what the first was told.
    pub(crate) fn told(self) -> Self {
        match self {
            Self::Done(done) => Self::Done(Done { reply: Reply::duplicate(), ..done }),
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
            Self::Done(done) => done.reply.again().into_response(),
            Self::Fault(fault) => fault.into_response(),
        }
    }
}

/// What a webhook tells of.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The same for every request that tells of it.
    pub(crate) id: String,
    /// What it is known by, in words.
    pub(crate) key: String,
    /// The tenant that it is of.
    pub(crate) tenant: String,
    /// What the very request is known by.
    mac: [u8; 16],
    webhook: VerifiedWebhook,
}

impl Event {
    /// An event that nothing signed identifies is known by its request alone. `own` identifies it where the
    /// library does not.
    pub(crate) fn of(webhook: &VerifiedWebhook, own: Option<&Template>) -> Result<Self, Fault> {
        let tenant = tenants::id_of(webhook)?;
        let identity = webhook.delivery(|delivery| match own {
            Some(template) => template.key(delivery).ok(),
            None => DedupKey::of(delivery).ok(),
        });
        let identity = identity.map_err(|error| Fault::Unavailable(error.to_string()))?;
        let mac = ClaimKey::new("mac", &[tenant.as_bytes(), webhook.signature().as_bytes()]);
        let mac = half(&mac);
        let id = identity.as_ref().map_or(mac, |key| half(&key.claim_key()));
        Ok(Self {
            id: format!("evt_{:032x}", u128::from_be_bytes(id)),
            key: identity.map_or_else(|| "request".to_owned(), |key| key.to_string()),
            tenant: tenant.to_owned(),
            mac,
            webhook: VerifiedWebhook::clone(webhook),
        })
    }

    /// Puts it into the inbox, unless it is there, or the same request has told of another event: Twilio does
    /// not sign where a name ends, so the same signature can be sent as another event.
    fn claim(&self, sql: &mut dyn Sql, answer: &Answer) -> Result<Option<Done>, Fault> {
        let further = "SELECT 1 FROM further_requests WHERE mac = ?1";
        let is_further = !sql.query(further, &[self.mac[..].into()])?.is_empty();
        if !is_further && self.insert(sql, answer)? {
            return Ok(None);
        }
        // A retry that came days after its event is known for so much longer.
        let gone = Fault::Forbidden("a repetition of what is forgotten");
        let done = self.seen(sql)?.ok_or(gone)?;
        if !done.is_replay {
            self.remember(sql)?;
        }
        Ok(Some(done))
    }

    /// False if there is a row of the event or of the request.
    fn insert(&self, sql: &mut dyn Sql, answer: &Answer) -> Result<bool, Fault> {
        let webhook = &self.webhook;
        // With a SELECT in place of VALUES, SQLite would copy each page before it changes it.
        let inserted = sql.execute(
            "INSERT INTO inbox (id, mac, tenant, event_key, url, body, coverage, key_position, answer,
                received_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            &[
                (&self.id).into(),
                self.mac[..].into(),
                (&self.tenant).into(),
                (&self.key).into(),
                webhook.url().into(),
                webhook.body()[..].into(),
                (&webhook.coverage().to_string()).into(),
                i64::try_from(webhook.key()).unwrap_or(i64::MAX).into(),
                answer.as_bytes().into(),
                clock::now().into(),
            ],
        )?;
        Ok(inserted == 1)
    }

    /// Remembers the request as one more that told of the event.
    fn remember(&self, sql: &mut dyn Sql) -> Result<(), Fault> {
        let remembered = sql.execute(
            "INSERT INTO further_requests (mac, inbox_id, received_at) VALUES (?1, ?2, ?3)
            ON CONFLICT DO NOTHING",
            &[self.mac[..].into(), (&self.id).into(), clock::now().into()],
        );
        remembered.map(drop)
    }

    /// What is in the inbox of it.
    fn seen(&self, sql: &mut dyn Sql) -> Result<Option<Done>, Fault> {
        let rows = sql.query(
            "SELECT answer, mac FROM inbox WHERE id = ?1 OR mac = ?2
            UNION ALL SELECT answer, further_requests.mac FROM further_requests
                JOIN inbox ON inbox.id = inbox_id WHERE further_requests.mac = ?2",
            &[(&self.id).into(), self.mac[..].into()],
        )?;
        let done = |row: &Row| {
            let is_replay = row.get::<Vec<u8>>(1)? == self.mac;
            Ok(Done { reply: Reply::decode(&row.get::<Vec<u8>>(0)?), is_replay })
        };
        let mut all = rows.iter().map(done).collect::<Result<Vec<_>, Fault>>()?;
        // There may be several, of which that of the very request says most.
        all.sort_by_key(|done| done.is_replay);
        Ok(all.pop())
    }
}

impl Events {
    /// Stops if the event is done.
    pub(crate) async fn begin(&self, event: Event) -> Result<Event, Stop> {
        let looked = event.clone();
        let Some(done) = self.store.read(move |sql| looked.seen(sql)).await? else {
            return Ok(event);
        };
        if !done.is_replay {
            self.store.write(move |sql| event.remember(sql)).await?;
        }
        Err(Stop::Done(done))
    }

    /// Records the event, changes what it changes, and leaves `work` to a job: all in one transaction. From then on
    /// it is done, and duplicates get this answer.
    pub(crate) async fn record(
        &self,
        event: Event,
        reply: Reply,
        work: Option<Work>,
        change: impl Fn(&mut dyn Sql, &Event) -> Result<(), Fault> + Send + 'static,
    ) -> Result<Reply, Stop> {
        let answer = reply.encode()?;
        let slot = work.as_ref().and_then(|_| self.queue.slot());
        let is_ours = slot.is_some();
        let recorded = self.store.write(move |sql| {
            if let Some(done) = event.claim(sql, &answer)? {
                return Ok(Err(done));
            }
            change(sql, &event)?;
            let push = |work| jobs::push(sql, &event.id, work, is_ours);
            Ok(Ok((event.id.clone(), work.as_ref().map(push).transpose()?)))
        });
        let (id, job) = recorded.await?.map_err(Stop::Done)?;
        attempts::note_event(&id);
        if let Some(job) = job {
            self.queue.begin(job, slot);
        }
        Ok(reply)
    }
}

/// The first half of a key, which is the hash of what it stands for.
fn half(key: &ClaimKey) -> [u8; 16] {
    key.as_bytes().first_chunk().copied().unwrap_or_default()
}
