#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod admitted;
mod answer;
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
#[cfg(feature = "claim")]
mod policy;
mod refusal;
#[cfg(feature = "claim")]
mod slot;
#[cfg(feature = "claim")]
mod stored;
mod tenant;
#[cfg(feature = "tracing")]
mod trace;
mod uncancelled;
mod webhook;

pub use admitted::Admitted;
pub use answer::{Answer, MAX_STORED_BODY_LEN};
#[cfg(feature = "claim")]
pub use dedup::{DEFAULT_TTL, Dedup};
pub use event::{Event, Outcome};
#[cfg(feature = "explain")]
pub use explain::{ExplainPolicy, Explained};
#[cfg(feature = "serde")]
pub use extract::ExtractError;
pub use gate::{DEFAULT_BODY_LIMIT, DEFAULT_DEADLINE, Decision, Gate, Opened};
pub use head::Head;
#[cfg(feature = "claim")]
pub use policy::{ClaimPolicy, DEFAULT_LEASE, DEFAULT_LONGEST, DEFAULT_WAIT};
pub use refusal::Refusal;
pub use tenant::{Tenant, TenantError, TenantMap, Untrusted, VerifierSource};
pub use uncancelled::Uncancelled;
pub use webhook::{Unverified, VerifiedWebhook};
