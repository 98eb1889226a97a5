//! No heap block that is given back holds a token, or a keyed state that could sign in its place.
//!
//! The allocator of this test looks through every block that the watching thread frees.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]
#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

mod oracle;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::hint::black_box;
use core::mem::ManuallyDrop;
use std::alloc::System;

use oracle::TOKEN;
use twilio_sig::{Algorithm, AuthToken, KeyError, MAX_KEYS, SharedKey, Signer, Verifier, Webhook};

struct Watch;

#[global_allocator]
static WATCH: Watch = Watch;

thread_local! {
    static NEEDLE: Cell<&'static [u8]> = const { Cell::new(&[]) };
    static FOUND: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every block comes from `System` and goes back to it with the same layout. A block that
// grows is a new one and a freed one: `realloc` is the trait's own.
unsafe impl GlobalAlloc for Watch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that all of a block can be read when it is freed.
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is `layout.size()` bytes long, and is not used any more.
        let bytes = unsafe { core::slice::from_raw_parts(block, layout.size()) };
        let _ = NEEDLE.try_with(|needle| {
            let needle = needle.get();
            if !needle.is_empty() && bytes.windows(needle.len()).any(|window| window == needle) {
                let _ = FOUND.try_with(|found| found.set(found.get().saturating_add(1)));
            }
        });
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

/// In how many blocks that `work` frees `needle` is found.
fn freed_with(needle: &'static [u8], work: impl FnOnce()) -> usize {
    FOUND.set(0);
    NEEDLE.set(needle);
    work();
    NEEDLE.set(&[]);
    FOUND.get()
}

/// The states of HMAC-SHA1 and HMAC-SHA256 under a secret shorter than a block, after the block of
/// RFC 2104's inner (0x36) or outer (0x5c) padding. The two are enough to sign.
fn keyed_states(secret: &str) -> [&'static [u8]; 4] {
    let block = |pad: u8| {
        let mut block = [pad; 64];
        block.iter_mut().zip(secret.bytes()).for_each(|(byte, key)| *byte ^= key);
        [block]
    };
    // The initial values of FIPS 180-4, section 5.3.
    let sha1 = |pad| {
        let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        sha1::block_api::compress(&mut state, &block(pad));
        leaked(&state)
    };
    let sha256 = |pad| {
        let mut state = [
            0x6a09_e667,
            0xbb67_ae85,
            0x3c6e_f372,
            0xa54f_f53a,
            0x510e_527f,
            0x9b05_688c,
            0x1f83_d9ab,
            0x5be0_cd19,
        ];
        sha2::block_api::compress256(&mut state, &block(pad));
        leaked(&state)
    };
    [sha1(0x36), sha1(0x5c), sha256(0x36), sha256(0x5c)]
}

/// Kept for ever, so that the needle is in no freed block itself.
fn leaked(state: &[u32]) -> &'static [u8] {
    state.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>().leak()
}

#[test]
fn a_string_that_is_dropped_is_found() {
    let found = freed_with(TOKEN.as_bytes(), || drop(String::from(TOKEN)));
    assert_eq!(found, 1);
    // Wherever in a block it is, and when a block is given up for a longer one.
    let found = freed_with(TOKEN.as_bytes(), || {
        let mut text = format!("TWILIO_AUTH_TOKEN={TOKEN}");
        text.reserve_exact(1_000);
        text.clear();
        drop(text);
    });
    assert_eq!(found, 2);
    assert_eq!(freed_with(TOKEN.as_bytes(), || drop(String::from("another"))), 0);
}

#[test]
fn no_freed_block_holds_the_token() {
    let found = freed_with(TOKEN.as_bytes(), || {
        let token = AuthToken::new(TOKEN).unwrap();
        drop(AuthToken::new(TOKEN.to_owned()).unwrap());
        let mut roomy = String::with_capacity(1_000);
        roomy.push_str(TOKEN);
        drop(AuthToken::new(roomy).unwrap());
        let key = SharedKey::new("k", TOKEN, Algorithm::HmacSha256).unwrap();
        let url = "https://example.com/sms";
        let signature = Signer::auth_token(&token).sign_url(url).header_value();
        let verifier = Verifier::builder().auth_token(token).shared_key(key).build().unwrap();
        assert!(verifier.verify(&Webhook::get(url).signature(&signature)).is_ok());
        drop(format!("{verifier:?}"));
    });
    assert_eq!(found, 0);
}

#[test]
fn no_freed_block_holds_a_token_that_was_refused() {
    let found = freed_with(TOKEN.as_bytes(), || {
        // Made in one piece: a string that grows leaves its beginning behind.
        for refused in [[TOKEN, "\n"].concat(), [" ", TOKEN].concat()] {
            assert_eq!(AuthToken::new(refused).unwrap_err(), KeyError::SurroundingWhitespace);
        }
        let refused = SharedKey::new("no id", TOKEN, Algorithm::HmacSha1);
        assert_eq!(refused.unwrap_err(), KeyError::InvalidId);
    });
    assert_eq!(found, 0);
}

#[test]
fn no_freed_block_holds_a_token_that_was_longer_than_a_block() {
    static LONG: [u8; 100] = [b'k'; 100];
    let found = freed_with(&LONG, || {
        drop(AuthToken::new("k".repeat(100)).unwrap());
        drop(SharedKey::new("k", "k".repeat(100), Algorithm::HmacSha256).unwrap());
    });
    assert_eq!(found, 0);
}

#[test]
#[cfg(feature = "std")]
fn no_freed_block_holds_a_token_from_the_environment() {
    // Cargo sets this variable for the tests that it runs, and for the compiler.
    let name = "CARGO_PKG_DESCRIPTION";
    let value = env!("CARGO_PKG_DESCRIPTION").as_bytes();
    assert_eq!(freed_with(value, || drop(std::env::var(name).unwrap())), 1);
    assert_eq!(freed_with(value, || drop(AuthToken::from_env(name).unwrap())), 0);
}

#[test]
fn a_keyed_state_that_is_not_wiped_is_found() {
    let [inner_sha1, outer_sha1, inner_sha256, outer_sha256] = keyed_states(TOKEN);
    for state in [inner_sha1, outer_sha1] {
        let unwiped =
            || drop(black_box(Box::new(ManuallyDrop::new(AuthToken::new(TOKEN).unwrap()))));
        assert_eq!(freed_with(state, unwiped), 1);
    }
    for state in [inner_sha256, outer_sha256] {
        let key = || SharedKey::new("k", TOKEN, Algorithm::HmacSha256).unwrap();
        assert_eq!(freed_with(state, || drop(black_box(Box::new(ManuallyDrop::new(key()))))), 1);
    }
}

#[test]
fn no_freed_block_holds_a_keyed_state() {
    for state in keyed_states(TOKEN) {
        let found = freed_with(state, || {
            let token = Box::new(AuthToken::new(TOKEN).unwrap());
            let key = Box::new(SharedKey::new("k", TOKEN, Algorithm::HmacSha256).unwrap());
            let signer = Box::new(Signer::shared_key(&key));
            let signature = signer.sign_url("https://example.com/sms").header_value();
            let builder =
                Verifier::builder().auth_token((*token).clone()).shared_key((*key).clone());
            let verifier = builder.clone().build().unwrap();
            let webhook = Webhook::get("https://example.com/sms").signature(&signature);
            assert!(verifier.verify(&webhook).is_ok());
            drop((token, key, signer, builder, verifier.clone(), verifier));
        });
        assert_eq!(found, 0);
    }
}

#[test]
fn no_freed_block_holds_a_keyed_state_of_many_keys() {
    let [inner, outer, ..] = keyed_states(TOKEN);
    // As many as are allowed, and more, which are refused.
    for (state, keys) in [(inner, 16), (outer, 16), (inner, 20), (outer, 20)] {
        let found = freed_with(state, || {
            let token = AuthToken::new(TOKEN).unwrap();
            let builder = (0..keys).fold(Verifier::builder(), |b, _| b.auth_token(token.clone()));
            // What is copied has no room to grow in.
            let copy = builder.clone().auth_token(token);
            assert_eq!(builder.build().is_ok(), keys <= MAX_KEYS);
            assert_eq!(copy.build().is_ok(), keys < MAX_KEYS);
        });
        assert_eq!(found, 0, "{keys} keys");
    }
}

/// A diagnosis tries a secret in every form in which it may have been copied, and other tokens.
#[test]
#[cfg(feature = "diagnose")]
fn no_freed_block_holds_a_secret_of_a_diagnosis() {
    use twilio_sig::{Hints, diagnose};

    let copied =
        [[" ", TOKEN, "\n"], ["\"", TOKEN, "\""], ["token=", TOKEN, ""], [TOKEN, TOKEN, ""]];
    let with = |work: &dyn Fn(Hints) -> Hints| {
        let hints = copied.iter().fold(Hints::new(), |hints, text| hints.raw_secret(text.concat()));
        let hints = work(hints.raw_secret(TOKEN.get(1..).unwrap()));
        let url = "https://example.com/sms";
        let webhook = Webhook::get(url).signature("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        let verifier = Verifier::new(AuthToken::new("another").unwrap());
        assert!(diagnose(&verifier, &webhook, &hints).verdict().is_err());
    };
    // Eight bytes: also what a string leaves behind that grows.
    assert_eq!(freed_with(b"01234567", || with(&|hints| hints)), 0);
    let [inner, outer, ..] = keyed_states(TOKEN);
    for state in [inner, outer] {
        let found = freed_with(state, || {
            with(&|hints| {
                (0..6).fold(hints, |hints, _| hints.secondary_token(AuthToken::new(TOKEN).unwrap()))
            });
        });
        assert_eq!(found, 0);
    }
}
