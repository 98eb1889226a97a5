#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod extract;
mod middleware;
mod payload;
mod uncancelled;

pub use extract::{Verified, VerifiedRejection};
pub use middleware::{VerifyWebhook, VerifyWebhookService};
pub use twilio_sig;
pub use twilio_sig_gate::{
    Answer, DEFAULT_BODY_LIMIT, Event, ExtractError, Gate, Outcome, Refusal, Tenant, TenantError,
    TenantMap, Untrusted, Unverified, VerifiedWebhook, VerifierSource,
};
#[cfg(feature = "claim")]
pub use twilio_sig_gate::{ClaimPolicy, Dedup};
#[cfg(feature = "explain")]
pub use twilio_sig_gate::{ExplainPolicy, Explained};
