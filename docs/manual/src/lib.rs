//! The manual of `twilio_sig`, as code to compile and run: `cargo test -p twilio_sig_manual`.
//!
//! The pages are `src/manual/*.md`, which `twilio_sig::manual` shows. Their code uses the adapters, on
//! which the crate cannot depend, so it is tested here.

#![forbid(unsafe_code)]
#![allow(
    clippy::doc_markdown,
    reason = "the pages are prose, in which GitHub and WebSockets are words"
)]

macro_rules! pages {
    ($($name:ident $path:literal)+) => {
        $(
            #[doc = include_str!($path)]
            pub mod $name {}
        )+

        /// Every page: its name and its text.
        pub const PAGES: &[(&str, &str)] = &[$((stringify!($name), include_str!($path))),+];
    };
}

pages! {
    quick_start "../../../src/manual/quick_start.md"
    public_url "../../../src/manual/public_url.md"
    tenants "../../../src/manual/tenants.md"
    rotation "../../../src/manual/rotation.md"
    once "../../../src/manual/once.md"
    websockets "../../../src/manual/websockets.md"
    testing "../../../src/manual/testing.md"
    refused "../../../src/manual/refused.md"
    deploying "../../../src/manual/deploying.md"
    moving "../../../src/manual/moving.md"
    errors "../../../src/manual/errors.md"
}

/// The pages that the registry shows.
pub const PUBLISHED: [&str; 8] = [
    "README.md",
    "adapters/actix/README.md",
    "adapters/claim/README.md",
    "adapters/cli/README.md",
    "adapters/gate/README.md",
    "adapters/redis/README.md",
    "adapters/sqlx/README.md",
    "adapters/tower/README.md",
];
