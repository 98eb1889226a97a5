#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod answer;
#[cfg(feature = "claims")]
mod claims;
mod event;
#[cfg(feature = "serde")]
mod extract;
mod gate;
mod head;
mod once;
mod refusal;
mod tenant;
mod webhook;

pub use answer::Answer;
#[cfg(feature = "claims")]
pub use claims::Dedup;
pub use event::{Event, Outcome};
#[cfg(feature = "serde")]
pub use extract::ExtractError;
pub use gate::{Admitted, DEFAULT_BODY_LIMIT, Decision, Gate, Opened};
pub use head::Head;
pub use refusal::Refusal;
pub use tenant::{Tenant, TenantError, TenantMap, Untrusted, VerifierSource};
pub use webhook::VerifiedWebhook;
