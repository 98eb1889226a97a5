#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod answer;
mod event;
#[cfg(feature = "serde")]
mod extract;
mod gate;
mod head;
mod refusal;
mod tenant;
mod webhook;

pub use answer::Answer;
pub use event::{Event, Outcome};
#[cfg(feature = "serde")]
pub use extract::ExtractError;
pub use gate::{Admitted, DEFAULT_BODY_LIMIT, Decision, Gate, Opened};
pub use head::Head;
pub use refusal::Refusal;
pub use tenant::{Tenant, TenantError, TenantMap, Untrusted, VerifierSource};
pub use webhook::VerifiedWebhook;
