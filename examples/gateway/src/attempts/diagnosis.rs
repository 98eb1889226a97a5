//! Why a signature is wrong, in words: for some refused requests a minute, and off the way of any.

use alloc::sync::Arc;

use axum::http::{HeaderMap, Uri};
use tokio::sync::Semaphore;
use twilio_sig::{Hints, RequestHead, Verifier, VerifyError, Webhook, diagnose};
use twilio_sig_tower::Refusal;

use super::{Log, Record};
use crate::budget::Budget;
use crate::gates::Origins;
use crate::tenants::Directory;

/// How many are made in a minute, one at a time. The sender of forged requests chooses when, and
/// must not choose how busy we are.
const PER_MINUTE: i64 = 20;
/// How many MACs one may take: a few milliseconds.
const MAX_MACS: u32 = 2_000;
/// The longest text that is kept, in characters.
const MAX_TEXT: usize = 4_000;

/// Makes diagnoses. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Diagnosis(Arc<Shared>);

struct Shared {
    tenants: Directory,
    origins: Origins,
    one_at_a_time: Semaphore,
    budget: Budget,
}

impl Diagnosis {
    pub(crate) fn new(tenants: Directory, origins: Origins) -> Self {
        Self(Arc::new(Shared {
            tenants,
            origins,
            one_at_a_time: Semaphore::new(1),
            budget: Budget::new(PER_MINUTE),
        }))
    }

    /// Whether a diagnosis may find more to say than the refusal does.
    pub(super) const fn explains(refusal: Refusal) -> bool {
        matches!(refusal, Refusal::Verify(error) if !matches!(error, VerifyError::MissingSignature))
    }

    /// Logs the attempt, after a diagnosis if there is room for one.
    pub(super) fn explain(
        &self,
        log: Log,
        mut record: Record,
        uri: Uri,
        headers: HeaderMap,
        body: Vec<u8>,
    ) {
        let verifier = record.tenant.as_deref().and_then(|id| self.0.tenants.verifier(id));
        let (Some(verifier), true) = (verifier, self.0.budget.take()) else {
            return log.push(record);
        };
        let this = self.clone();
        tokio::spawn(async move {
            let _turn = this.0.one_at_a_time.acquire().await;
            let tenant = record.tenant.clone().unwrap_or_default();
            let made = tokio::task::spawn_blocking({
                let this = this.clone();
                move || this.text(&tenant, &verifier, &uri, &headers, &body)
            });
            record.diagnosis = made.await.ok().flatten();
            log.push(record);
        });
    }

    fn text(
        &self,
        tenant: &str,
        verifier: &Verifier,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Option<String> {
        let target = uri.path_and_query()?.as_str();
        let url = self.0.origins.of_path(uri.path()).url(&RequestHead::new(target)).ok()?;
        let signature = headers.get("x-twilio-signature")?;
        let webhook = Webhook::post(&url, body).signature(signature.as_bytes());
        let mut hints = Hints::new().max_macs(MAX_MACS).configured_url(&url);
        for (name, value) in headers {
            if let Ok(value) = value.to_str() {
                hints = hints.header(name.as_str(), value);
            }
        }
        for (id, other) in self.0.tenants.verifiers() {
            if id != tenant {
                hints = hints.other_verifier(&format!("tenant {id}"), &other);
            }
        }
        let text = diagnose(verifier, &webhook, &hints).to_string();
        Some(text.chars().take(MAX_TEXT).collect())
    }
}
