//! A verdict takes no memory from the heap for up to 64 parameters, and asks for it at most twice
//! beyond, whether the request is accepted or refused.
//!
//! The requests are those of the benches. The allocator of this test counts what the thread asks for.

#![allow(unsafe_code, reason = "a global allocator is unsafe to implement")]
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a request of the test that cannot be made must fail it"
)]

#[path = "../benches/verify/hostile.rs"]
mod hostile;
mod records;
#[path = "../benches/verify/requests.rs"]
mod requests;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::hint::black_box;
use std::alloc::System;

use requests::{Request, TOKEN, URL};
use twilio_sig::{
    Algorithm, AuthToken, Coverage, MAX_KEYS, MAX_PARAMS, ParameterPolicy, SharedKey, Signer,
    Verifier, VerifierBuilder, VerifyError, Webhook,
};

/// Parameters that need no heap.
const INLINE: usize = 64;
/// Bytes of a form that is read without it.
const INLINE_LEN: usize = 1_440;

struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;

thread_local! {
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
}

impl Counted {
    fn count() {
        let _ = REQUESTS.try_with(|requests| requests.set(requests.get().saturating_add(1)));
    }
}

// SAFETY: every block comes from `System` and goes back to it; counting allocates nothing.
// `alloc_zeroed` is the trait's own, which asks `alloc`.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count();
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `System` with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

/// How often `work` asks for memory, and what comes of it.
fn counted<T>(work: impl FnOnce() -> T) -> (usize, T) {
    REQUESTS.set(0);
    let result = work();
    (REQUESTS.get(), result)
}

fn builder() -> VerifierBuilder {
    Verifier::builder().auth_token(AuthToken::new(TOKEN).unwrap())
}

/// The verdict on `webhook`, which must ask for memory at most so often.
#[track_caller]
fn verdict(
    verifier: &Verifier,
    webhook: &Webhook<'_>,
    most: usize,
) -> Result<Coverage, VerifyError> {
    let (requests, verdict) = counted(|| verifier.verify(webhook));
    let verdict = verdict.map(|verified| verified.coverage());
    assert!(requests <= most, "{requests} allocations: {verdict:?}, {webhook:?}");
    verdict
}

/// `request` is accepted as it is and refused under a wrong signature, within `most` requests each.
#[track_caller]
/// A body that is tried as a form, and is longer than [`INLINE_LEN`], is decoded on the heap.
fn within(verifier: &Verifier, request: &Request, most: usize) {
    let hashed = request.url.contains("bodySHA256");
    let tried = if request.body.len() > INLINE_LEN { 2 } else { most };
    let accepted = verdict(verifier, &request.webhook(), if hashed { most } else { tried });
    assert!(accepted.is_ok(), "{accepted:?}");
    let forged = request.clone().forged();
    assert_eq!(verdict(verifier, &forged.webhook(), tried), Err(VerifyError::Mismatch));
}

#[test]
fn the_allocator_counts() {
    assert_eq!(counted(|| drop(black_box(Box::new(1_u8)))).0, 1);
    assert_eq!(counted(|| drop(black_box(vec![0_u8; 100]))).0, 1);
    let grown = || {
        let mut text = String::with_capacity(1);
        text.push_str("grown");
        text
    };
    assert_eq!(counted(grown).0, 2);
    assert_eq!(counted(|| 1).0, 0);
}

#[test]
fn no_kind_of_webhook_needs_the_heap() {
    let builder = || builder().max_form_len(1 << 20);
    let verifier = builder().build().unwrap();
    let two = builder().auth_token(AuthToken::new("fedcba9876543210").unwrap()).build().unwrap();
    for request in [
        Request::voice().unwrap(),
        Request::whatsapp().unwrap(),
        Request::get().unwrap(),
        Request::handshake().unwrap(),
        Request::json(2 << 10).unwrap(),
        Request::json(1 << 20).unwrap(),
        Request::of_len(64 << 10).unwrap(),
        Request::manifold().unwrap(),
        Request::manifold_handshake().unwrap(),
    ] {
        within(&verifier, &request, 0);
        within(&two, &request, 0);
    }
}

#[test]
fn no_number_of_parameters_up_to_64_needs_the_heap() {
    let verifier = builder().build().unwrap();
    for params in 1..=INLINE {
        within(&verifier, &Request::with_params(params).unwrap(), 0);
    }
    for params in [1, 2, 3, INLINE - 1, INLINE] {
        let nth = |text: &str| (0..params).map(|nth| format!("{text}{nth}=")).collect::<Vec<_>>();
        for body in [
            // Names that are long, alike, escaped, equal, empty; and in reverse order.
            nth(&"n".repeat(1_300 / params)).join("&"),
            nth("%4e").join("&"),
            nth("+").join("&"),
            vec!["Body=Ahoy"; params].join("&"),
            vec!["%42ody=Ahoy%21"; params].join("&"),
            vec!["=a"; params].join("&"),
            nth("n").into_iter().rev().collect::<Vec<_>>().join("&"),
        ] {
            within(&verifier, &Request::form(URL, body).unwrap(), 0);
        }
    }
}

#[test]
fn no_form_of_1_440_bytes_needs_the_heap() {
    let verifier = builder().build().unwrap();
    let longest = vec!["n"; INLINE].join("=&");
    let longest = format!("{longest}={}", "v".repeat(INLINE_LEN - longest.len() - 1));
    for body in [longest, "n".repeat(INLINE_LEN), "%6e".repeat(INLINE_LEN / 3)] {
        assert_eq!(body.len(), INLINE_LEN);
        within(&verifier, &Request::form(URL, body).unwrap(), 0);
    }
}

#[test]
fn more_parameters_ask_for_it_twice_at_most() {
    let verifier = builder().max_params(4_096).max_form_len(1 << 20).build().unwrap();
    for params in [INLINE + 1, 100, 1_000, MAX_PARAMS, 4_096] {
        within(&verifier, &Request::with_params(params).unwrap(), 2);
        let equal = vec!["Body=Ahoy"; params].join("&");
        within(&verifier, &Request::form(URL, equal).unwrap(), 2);
        let reversed: Vec<_> = (0..params).rev().map(|nth| format!("n{nth:04}=")).collect();
        within(&verifier, &Request::form(URL, reversed.join("&")).unwrap(), 2);
    }
    within(&verifier, &Request::of_len(1 << 20).unwrap(), 2);
}

#[test]
fn parsed_pairs_need_no_more() {
    let verifier = builder().build().unwrap();
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    for (params, most) in [(1, 0), (25, 0), (INLINE, 0), (INLINE + 1, 2), (1_000, 2)] {
        let owned: Vec<_> = (0..params).rev().map(|nth| (format!("n{nth}"), "é ")).collect();
        let pairs: Vec<_> = owned.iter().map(|(name, value)| (&**name, *value)).collect();
        let signature = signer.sign_params(URL, &pairs).unwrap().header_value();
        let webhook = Webhook::post_params(URL, &pairs);
        let accepted = verdict(&verifier, &webhook.signature(&signature), most);
        assert_eq!(accepted, Ok(Coverage::Form));
        let wrong = signer.sign_url(URL).header_value();
        let refused = verdict(&verifier, &webhook.signature(&wrong), most);
        assert_eq!(refused, Err(VerifyError::Mismatch));
    }
}

#[test]
fn a_handshake_signed_as_pairs_needs_none() {
    let query: Vec<_> = (0..INLINE).map(|nth| format!("n{nth}=%41+")).collect();
    let (url, query) = ("wss://example.com/media", query.join("&"));
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    let signature = signer.sign_form(url, query.as_bytes()).unwrap().header_value();
    let url = format!("{url}?{query}");
    let handshake = Request { url, websocket: true, signature, ..Request::default() };
    within(&builder().build().unwrap(), &handshake, 0);
}

#[test]
fn many_keys_need_none() {
    let token = |nth| AuthToken::new(format!("{nth:032}")).unwrap();
    let tokens = (1..MAX_KEYS).map(token).fold(Verifier::builder(), VerifierBuilder::auth_token);
    let tokens = tokens.auth_token(AuthToken::new(TOKEN).unwrap()).build().unwrap();
    within(&tokens, &Request::voice().unwrap(), 0);

    let key = |nth| SharedKey::new(format!("k{nth}"), format!("s{nth}"), Algorithm::HmacSha256);
    let keys = (0..MAX_KEYS).map(|nth| key(nth).unwrap());
    let verifier = keys.fold(Verifier::builder(), VerifierBuilder::shared_key).build().unwrap();
    let shared = Signer::shared_key(&key(7).unwrap());
    let signed = Request::voice().unwrap().signed(&shared).unwrap();
    within(&verifier, &signed, 0);
    within(&verifier, &Request { settings: "key=k7,algorithm=HMAC_SHA256".into(), ..signed }, 0);
}

/// Every error but those that need more than one setting to be reached, each without the heap.
#[test]
fn no_refusal_needs_the_heap() {
    let genuine = Request::voice().unwrap();
    let json = Request::json(1 << 10).unwrap();
    let plain = builder().build().unwrap();
    let own = "AC00000000000000000000000000000009";
    let strict = builder().parameter_policy(ParameterPolicy::Strict).build().unwrap();
    let shared = SharedKey::new("k", "secret", Algorithm::HmacSha256).unwrap();
    let shared = Verifier::builder().shared_key(shared).build().unwrap();
    let with = |change: &dyn Fn(&mut Request)| {
        let mut request = genuine.clone();
        change(&mut request);
        request
    };
    let of_64 = Request::form(URL, vec!["Body=Ahoy"; INLINE].join("&")).unwrap();
    let twice = Request::form(URL, "Body=1&Body=2").unwrap();
    let mut other_body = json.clone();
    other_body.body.push(b' ');
    for (verifier, request, error) in [
        (&plain, with(&|it| it.signature.clear()), VerifyError::MissingSignature),
        (&plain, with(&|it| it.signature.push('=')), VerifyError::MalformedSignature),
        (&plain, with(&|it| it.settings = "key".into()), VerifyError::MalformedSettings),
        (&plain, with(&|it| it.url = "ftp://example.com".into()), VerifyError::InvalidUrl),
        (
            &plain,
            with(&|it| it.url = format!("https://{}", "a".repeat(20_000))),
            VerifyError::UrlTooLong,
        ),
        (&plain, with(&|it| it.body = vec![b'a'; 3 << 20]), VerifyError::BodyTooLong),
        (&plain, with(&|it| it.settings = "key=other".into()), VerifyError::UnknownKey),
        (&shared, genuine.clone(), VerifyError::NoKeyForAlgorithm),
        (&plain, other_body, VerifyError::BodyHashMismatch),
        (&plain, with(&|it| it.body = vec![b'a'; 300 << 10]), VerifyError::BodyTooLong),
        (&plain, with(&|it| it.body = b"&&".to_vec()), VerifyError::UncoveredBody),
        (&strict, twice, VerifyError::StrictParameter),
        (&builder().account_sid(own).build().unwrap(), genuine.clone(), VerifyError::WrongAccount),
        (&builder().max_params(INLINE - 1).build().unwrap(), of_64, VerifyError::TooManyParams),
        (&plain, genuine.clone().forged(), VerifyError::Mismatch),
        (&plain, json.forged(), VerifyError::Mismatch),
    ] {
        assert_eq!(verdict(verifier, &request.webhook(), 0), Err(error));
    }
}

#[test]
fn no_hostile_body_asks_more_than_twice() {
    let verifier = builder().max_form_len(1 << 20).build().unwrap();
    for len in [1 << 10, 16 << 10, 1 << 20] {
        for (what, request) in hostile::bodies(len).unwrap() {
            let (requests, verdict) = counted(|| verifier.verify(&request.webhook()).is_err());
            assert!(verdict && requests <= 2, "{what}, {len} bytes: {requests} allocations");
        }
    }
}
