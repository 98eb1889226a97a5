//! How to use this crate, chapter by chapter. This module holds no code.
//!
//! | chapter | it answers |
//! |---|---|
//! | [Quick start](quick_start) | How do I verify webhooks in axum, actix-web, hyper, Lambda, Rocket, poem, salvo, Workers? |
//! | [The public URL](public_url) | Which URL did Twilio sign, and how do I know it behind a proxy? |
//! | [Several tenants](tenants) | How do I verify for many accounts? |
//! | [Rotating keys](rotation) | How do I change a token, or move to shared keys, and refuse no request? |
//! | [Replays and retries](once) | How do I handle each event once? |
//! | [WebSockets](websockets) | How do I bind a media stream to its call? |
//! | [Testing](testing) | How do I test a service that verifies? |
//! | [Reading a 403](refused) | Why was a request refused? |
//! | [Deploying](deploying) | What must be set up around the service? |
//! | [Moving here](moving) | What do I write instead of the code that I have? |
//! | [Index of errors](errors) | What does this error mean, and what do I do? |
//!
//! The package `docs/manual` compiles and runs every code block of these chapters.
#![cfg(all(
    doc,
    not(doctest),
    feature = "claim",
    feature = "dedup",
    feature = "diagnose",
    feature = "origin",
    feature = "replay",
    feature = "testing"
))]

#[doc = include_str!("manual/quick_start.md")]
pub mod quick_start {}

#[doc = include_str!("manual/public_url.md")]
pub mod public_url {}

#[doc = include_str!("manual/tenants.md")]
pub mod tenants {}

#[doc = include_str!("manual/rotation.md")]
pub mod rotation {}

#[doc = include_str!("manual/once.md")]
pub mod once {}

#[doc = include_str!("manual/websockets.md")]
pub mod websockets {}

#[doc = include_str!("manual/testing.md")]
pub mod testing {}

#[doc = include_str!("manual/refused.md")]
pub mod refused {}

#[doc = include_str!("manual/deploying.md")]
pub mod deploying {}

#[doc = include_str!("manual/moving.md")]
pub mod moving {}

#[doc = include_str!("manual/errors.md")]
pub mod errors {}
