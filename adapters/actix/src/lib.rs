#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod extract;
mod middleware;
mod payload;
mod uncancelled;

pub use extract::{Proven, ProvenRejection};
pub use middleware::{VerifyWebhook, VerifyWebhookService};
pub use twilio_sig;
#[cfg(feature = "claim")]
pub use twilio_sig_gate::{ClaimPolicy, Dedup};
pub use twilio_sig_gate::{
    DEFAULT_BODY_LIMIT, Event, ExtractError, Gate, GateResponse, Outcome, Refusal, Tenant,
    TenantError, TenantMap, Untrusted, Unverified, VerifiedWebhook, VerifierSource,
};
#[cfg(feature = "explain")]
pub use twilio_sig_gate::{ExplainPolicy, Explained};
