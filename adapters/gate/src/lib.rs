#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod admitted;
#[cfg(feature = "claim")]
mod claims;
mod deadline;
#[cfg(feature = "claim")]
mod dedup;
mod event;
#[cfg(feature = "explain")]
mod explain;
#[cfg(feature = "serde")]
mod extract;
#[cfg(feature = "serde")]
mod form;
mod gate;
mod head;
#[cfg(feature = "claim")]
mod held;
#[cfg(feature = "claim")]
mod once;
mod owned_webhook;
#[cfg(feature = "claim")]
mod policy;
mod refusal;
#[cfg(feature = "claim")]
mod renewals;
mod response;
#[cfg(feature = "claim")]
mod slot;
#[cfg(feature = "claim")]
mod stored;
mod tenant;
#[cfg(feature = "tracing")]
mod trace;
mod uncancelled;

pub use admitted::Admitted;
#[cfg(feature = "claim")]
pub use dedup::{DEFAULT_TTL, Dedup};
pub use event::{Event, Outcome};
#[cfg(feature = "explain")]
pub use explain::{ExplainPolicy, Explained};
#[cfg(feature = "serde")]
pub use extract::ExtractError;
pub use gate::{DEFAULT_BODY_LIMIT, DEFAULT_DEADLINE, Decision, Gate, Opened};
pub use head::Head;
pub use owned_webhook::{Unverified, VerifiedWebhook};
#[cfg(feature = "claim")]
pub use policy::{ClaimPolicy, DEFAULT_LEASE, DEFAULT_LONGEST, DEFAULT_WAIT};
pub use refusal::Refusal;
pub use response::{GateResponse, MAX_STORED_BODY_LEN};
pub use tenant::{Tenant, TenantError, TenantMap, Untrusted, VerifierSource};
pub use uncancelled::Uncancelled;
