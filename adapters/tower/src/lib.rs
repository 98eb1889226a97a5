// Its code is axum's.
#![cfg_attr(any(feature = "axum", not(doctest)), doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod body;
#[cfg(feature = "axum")]
pub mod extract;
mod layer;
mod peer;
mod read;
mod service;

pub use body::{RequestBody, ResponseBody};
pub use layer::WebhookLayer;
pub use peer::PeerAddr;
pub use service::{ResponseFuture, VerifyWebhook};
pub use twilio_sig;
#[cfg(feature = "axum")]
pub use twilio_sig_gate::ExtractError;
#[cfg(feature = "claim")]
pub use twilio_sig_gate::{ClaimPolicy, Dedup};
pub use twilio_sig_gate::{
    DEFAULT_BODY_LIMIT, Event, Gate, GateResponse, Outcome, Refusal, Tenant, TenantError,
    TenantMap, Untrusted, Unverified, VerifiedWebhook, VerifierSource,
};
#[cfg(feature = "explain")]
pub use twilio_sig_gate::{ExplainPolicy, Explained};
