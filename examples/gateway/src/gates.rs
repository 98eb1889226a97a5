//! What a webhook must pass before a route sees it.

use core::time::Duration;

use twilio_sig::Origin;
use twilio_sig::claim::ClaimStore;
use twilio_sig::replay::{Freshness, Guard};
use twilio_sig_redis::RedisStore;
use twilio_sig_tower::{ClaimPolicy, Dedup, Event, Gate, GateResponse};

use crate::attempts;
use crate::exit::Failure;
use crate::routes::WHATSAPP;
use crate::seen::Recent;
use crate::settings::{Replay, Settings};
use crate::tenants::Directory;

/// One gate for each way in which duplicates are answered.
#[derive(Clone)]
pub(crate) struct Gates {
    /// A duplicate gets the TwiML that the first one got.
    pub(crate) twiml: Gate,
    /// A duplicate gets `{"success":true,"duplicate":true}`.
    pub(crate) json: Gate,
    /// A duplicate gets what the setting `REPLAY` says.
    pub(crate) whatsapp: Gate,
    /// An event that is at work is waited for, and its duplicates get its answer.
    pub(crate) forward: Gate,
    pub(crate) origins: Origins,
}

/// The public URL of each route.
#[derive(Clone)]
pub(crate) struct Origins {
    base: Origin,
    whatsapp: Origin,
}

impl Gates {
    /// Connects to Redis, if there is one.
    pub(crate) async fn new(settings: &Settings, tenants: &Directory) -> Result<Self, Failure> {
        match &settings.redis_url {
            Some(url) => {
                let redis = RedisStore::connect(url).await;
                let redis = redis.map_err(|error| format!("Redis, REDIS_URL: {error}"))?;
                Self::with(redis, settings, tenants)
            }
            None => Self::with(Recent::new()?, settings, tenants),
        }
    }

    fn with<S: ClaimStore + Clone + 'static>(
        seen: S,
        settings: &Settings,
        tenants: &Directory,
    ) -> Result<Self, Failure> {
        let origins = Origins::of(settings)?;
        let dedup = Dedup::new(seen.clone());
        let guard = Guard::new(seen)
            .freshness(freshness(settings)?)
            .ttl(Duration::from_millis(settings.twilio_nonce_window_ms))?;
        let gate = |origin, policy| {
            let tenants = tenants.clone();
            Gate::for_tenants(tenants.clone(), origin)
                .body_limit(settings.body_limit)
                .guard(guard.clone())
                .claim_policy(policy)
                .on_event(move |event| note(&tenants, event))
        };
        Ok(Self {
            forward: gate(origins.base.clone(), ClaimPolicy::new()).dedup(dedup),
            twiml: gate(origins.base.clone(), ClaimPolicy::new()),
            json: gate(origins.base.clone(), ClaimPolicy::new().without_answers())
                .duplicate_answer(|_| GateResponse::duplicate()),
            whatsapp: gate(
                origins.whatsapp.clone(),
                match settings.replay {
                    Replay::Reject => ClaimPolicy::new().refuse_replays(),
                    Replay::Answer => ClaimPolicy::new(),
                },
            ),
            origins,
        })
    }
}

impl Origins {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        let base = public_url(settings);
        let base = Origin::fixed(&base).map_err(|error| format!("PUBLIC_URL {base}: {error}"))?;
        let whatsapp = match &settings.webhook_url {
            Some(url) => {
                Origin::whole_url(url).map_err(|error| format!("WEBHOOK_URL {url}: {error}"))?
            }
            None => base.clone(),
        };
        Ok(Self { base, whatsapp })
    }

    /// That of the route with this path.
    pub(crate) fn of_path(&self, path: &str) -> &Origin {
        if path.ends_with(WHATSAPP) { &self.whatsapp } else { &self.base }
    }
}

/// The base of all routes.
pub(crate) fn public_url(settings: &Settings) -> String {
    settings.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.listen_addr))
}

/// The path of that base, without a slash at its end.
pub(crate) fn base_path(settings: &Settings) -> String {
    let url = public_url(settings);
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let path = after_scheme.split_once('/').map_or("", |(_, path)| path);
    if path.is_empty() { String::new() } else { format!("/{}", path.trim_end_matches('/')) }
}

fn freshness(settings: &Settings) -> Result<Freshness, Failure> {
    Ok(Freshness::new()
        .window(Duration::from_millis(settings.twilio_max_age_ms))?
        .skew(Duration::from_millis(settings.twilio_clock_skew_ms))?)
}

/// Notes what became of the request, and which key of the tenant is still in use.
fn note(tenants: &Directory, event: &Event<'_>) {
    attempts::note(event);
    if let twilio_sig_tower::Outcome::Verified { key, .. } = event.outcome
        && let Some(tenant) = event.tenant
    {
        tenants.used(tenant, key);
    }
}
