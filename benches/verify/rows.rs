//! What is measured, and beside what.

use core::error::Error;
use core::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use twilio_sig::{
    Algorithm, AuthToken, KeyError, MAX_BODY_LEN, SharedKey, Signer, UrlPolicy, Verifier,
    VerifierBuilder, VerifyError, Webhook,
};

use crate::hostile;
use crate::measure::Work;
use crate::naive;
use crate::requests::{Made, Request, TOKEN, URL};

/// One comparison.
pub(crate) struct Row {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    /// Bytes of URL and body.
    pub(crate) bytes: usize,
    pub(crate) work: Work,
    /// What the work is compared with, and what that is.
    pub(crate) base: Work,
    pub(crate) against: String,
    /// What `base` is multiplied by before it is compared: its share of the bytes.
    pub(crate) scale: f64,
    /// The verifier that one writes first, on the same request.
    pub(crate) naive: Option<Work>,
    /// What work should take at most, in times of the base.
    pub(crate) target: Option<f64>,
    /// What it takes as long as the target is not met; the target otherwise. It must not get worse.
    pub(crate) held: Option<f64>,
}

impl Row {
    const fn target(mut self, target: f64) -> Self {
        self.target = Some(target);
        self.held = Some(target);
        self
    }
}

const SHARED_ID: &str = "webhooks_sharedkey_00000000000000000000000001";

pub(crate) fn all() -> Made<Vec<Row>> {
    let mut rows = accepted()?;
    rows.extend(under_many_keys()?);
    rows.extend(hashed()?);
    rows.extend(linear()?);
    rows.extend(refused()?);
    rows.extend(hostile_bodies()?);
    Ok(rows)
}

/// Acceptance beside the one MAC that it needs.
fn accepted() -> Made<Vec<Row>> {
    let verifier = with_tokens(1)?;
    let row = |name: &str, request: Request| {
        let floor = floor_of(&request);
        let row = row("accept", name, accept(&verifier, &request), (floor, "1 HMAC"), &request);
        // The naive one does not know that a handshake is signed with another scheme.
        Row { naive: (!request.websocket).then(|| by_hand(&request)), ..row }
    };
    let mut rows = vec![
        row("voice form, 25 parameters", Request::voice()?).target(3.0),
        row("WhatsApp message", Request::whatsapp()?),
        row("64 parameters", Request::with_params(64)?),
        row("1,000 parameters", Request::with_params(1_000)?).target(4.5),
        row("form of 64 KiB", Request::of_len(64 << 10)?),
        row("form of 1 MiB", Request::of_len(1 << 20)?),
        row("GET", Request::get()?),
        row("WebSocket handshake", Request::handshake()?),
    ];
    let voice = Request::voice()?;
    let parsed = accept_pairs(&verifier, &voice);
    rows.push(self::row(
        "accept",
        "voice form, parsed",
        parsed,
        (floor_of(&voice), "1 HMAC"),
        &voice,
    ));
    Ok(rows)
}

/// The last of several keys matches, beside a MAC of the URL as given for each.
fn under_many_keys() -> Made<Vec<Row>> {
    let mut rows = Vec::new();
    let voice = Request::voice()?;
    for keys in [2, 16] {
        let work = accept(&with_tokens(keys)?, &voice);
        let floor = macs_of(&voice, keys);
        rows.push(row(
            "keys",
            &format!("voice form, {keys} tokens, the last matches"),
            work,
            (floor, &format!("{keys} HMACs")),
            &voice,
        ));
    }
    let shared = |nth: usize, algorithm| {
        SharedKey::new(format!("{SHARED_ID}{nth}"), format!("{TOKEN}{nth}"), algorithm)
    };
    let last = Signer::shared_key(&shared(15, Algorithm::HmacSha256)?);
    let signed = Request { settings: format!("key={SHARED_ID}15"), ..voice.signed(&last)? };
    for keys in [1, 16] {
        let keys = 16 - keys..16;
        let name = format!("voice form, 1 of {} shared keys, SHA-256", keys.len());
        let add = |builder: VerifierBuilder, nth| {
            Ok::<_, KeyError>(builder.shared_key(shared(nth, Algorithm::HmacSha256)?))
        };
        let verifier = keys.into_iter().try_fold(Verifier::builder(), add)?.build()?;
        let canonical = naive::canonical(&signed.url, &signed.body);
        let mac = keyed::<Hmac<Sha256>>(&format!("{TOKEN}15"));
        let floor: Work = Box::new(move || {
            black_box(mac.clone().chain_update(black_box(&canonical)).finalize());
        });
        let work = accept(&verifier, &signed);
        let row = row("keys", &name, work, (floor, "1 HMAC-SHA256"), &signed);
        rows.push(row.target(3.3));
    }
    Ok(rows)
}

/// Bodies under `bodySHA256`, beside their SHA-256 and the HMAC of the URL.
fn hashed() -> Made<Vec<Row>> {
    let verifier = with_tokens(1)?;
    let beside_hash = |name: &str, len| {
        let request = Request::json(len)?;
        let (mac, body) = (floor_of(&request), request.body.clone());
        let floor: Work = Box::new(move || {
            black_box(Sha256::digest(black_box(&body)));
            mac();
        });
        let base = (floor, "SHA-256 and 1 HMAC");
        let row = row("bodySHA256", name, accept(&verifier, &request), base, &request).target(1.2);
        Ok::<_, Box<dyn Error>>(Row { naive: Some(by_hand(&request)), ..row })
    };
    Ok(vec![beside_hash("JSON of 2 KiB", 2 << 10)?, beside_hash("JSON of 1 MiB", 1 << 20)?])
}

/// Time is in proportion to the bytes.
fn linear() -> Made<Vec<Row>> {
    let verifier = with_tokens(1)?;
    let (short, long) = (Request::of_len(64 << 10)?, Request::of_len(1 << 20)?);
    let base = (accept(&verifier, &short), "form of 64 KiB, by the byte");
    let row = row("linear", "form of 1 MiB, by the byte", accept(&verifier, &long), base, &long);
    let times = u32::try_from(long.body.len() / short.body.len())?;
    Ok(vec![Row { scale: times.into(), ..row }.target(1.3)])
}

fn refused() -> Made<Vec<Row>> {
    let one = with_tokens(1)?;
    let voice = Request::voice()?;
    let forged = voice.clone().forged();
    let accepted = || (accept(&one, &voice), "accepted");
    let mismatch =
        |verifier: &Verifier, request: &Request| refuse(verifier, request, VerifyError::Mismatch);
    let exact = Verifier::builder().auth_token(AuthToken::new(TOKEN)?);
    let exact = exact.url_policy(UrlPolicy::Exact).build()?;
    let manifold = Request::manifold()?.forged();
    let handshake = Request::manifold_handshake()?.forged();
    let mut hashed = Request::json(2 << 10)?.forged();
    hashed.body.push(b' ');
    // What is signed if the body is a form, under a URL of the same length.
    let as_form = Request { url: hashed.url.replace("body", "form"), ..hashed.clone() };
    let malformed = Request { signature: voice.signature.replace('=', "!"), ..voice.clone() };
    let too_many = Request::with_params(1_025)?;
    let thousand = Request::with_params(1_000)?;
    let row = |name: &str, work, base: (Work, &str), request: &Request| {
        row("refuse", name, work, base, request)
    };
    Ok(vec![
        row("voice form, 2 candidates", mismatch(&one, &forged), accepted(), &forged).target(2.0),
        row("voice form, exact URL", mismatch(&exact, &forged), accepted(), &forged),
        row(
            "voice form, 21 candidates",
            mismatch(&one, &manifold),
            (macs_of(&manifold, 21), "21 HMACs"),
            &manifold,
        ),
        row(
            "handshake, 29 candidates",
            mismatch(&one, &handshake),
            (macs_of(&handshake, 29), "29 HMACs"),
            &handshake,
        ),
        row(
            "voice form, 16 tokens, 2 candidates",
            mismatch(&with_tokens(16)?, &forged),
            (macs_of(&forged, 32), "32 HMACs"),
            &forged,
        )
        .target(1.25),
        row(
            "JSON of 2 KiB, tried as a form too",
            mismatch(&one, &hashed),
            (macs_of(&as_form, 2), "2 HMACs of URL and body"),
            &hashed,
        ),
        row(
            "malformed signature",
            refuse(&one, &malformed, VerifyError::MalformedSignature),
            accepted(),
            &malformed,
        ),
        row(
            "1,025 parameters",
            refuse(&one, &too_many, VerifyError::TooManyParams),
            (accept(&one, &thousand), "1,000 accepted"),
            &too_many,
        ),
    ])
}

/// Bodies made to be slow, beside an ordinary one of that size, both refused.
fn hostile_bodies() -> Made<Vec<Row>> {
    let verifier = with_tokens(1)?;
    let mut rows = Vec::new();
    for (size, len) in [("16 KiB", 16 << 10), ("1 MiB", 1 << 20)] {
        for (what, request) in hostile::bodies(len)? {
            rows.push(beside_ordinary(&verifier, &format!("{what}, {size}"), &request)?);
        }
    }
    let million = Request { body: b"&".repeat(1_000_000), ..Request::voice()? };
    rows.push(beside_ordinary(&verifier, "one million &", &million)?);
    let thousand = Request { url: URL.to_owned(), ..Request::with_params(1_000)? }.forged();
    rows.push(beside_ordinary(&verifier, "1,000 parameters", &thousand)?);
    Ok(rows)
}

fn beside_ordinary(verifier: &Verifier, name: &str, request: &Request) -> Made<Row> {
    let error = verifier.verify(&request.webhook()).err().ok_or("a forgery is accepted")?;
    let ordinary = Request::of_len(request.body.len())?.forged();
    let base = (refuse(verifier, &ordinary, VerifyError::Mismatch), "ordinary body");
    let work = refuse(verifier, request, error);
    Ok(row("hostile", name, work, base, request).target(3.0))
}

fn row(
    group: &'static str,
    name: &str,
    work: Work,
    (base, against): (Work, &str),
    request: &Request,
) -> Row {
    let bytes = request.url.len() + request.body.len();
    let (name, against) = (name.to_owned(), against.to_owned());
    Row {
        group,
        name,
        bytes,
        work,
        base,
        against,
        scale: 1.0,
        naive: None,
        target: None,
        held: None,
    }
}

/// A verifier of so many tokens, of which the last is [`TOKEN`].
fn with_tokens(tokens: usize) -> Made<Verifier> {
    // Longer forms than the default are measured too.
    let mut builder = Verifier::builder().max_form_len(MAX_BODY_LEN);
    for nth in 1..tokens {
        builder = builder.auth_token(AuthToken::new(format!("{nth:032x}"))?);
    }
    Ok(builder.auth_token(AuthToken::new(TOKEN)?).build()?)
}

fn accept(verifier: &Verifier, request: &Request) -> Work {
    let (verifier, request) = (verifier.clone(), request.clone());
    let verdict = verifier.verify(&request.webhook()).map(|verified| verified.coverage());
    assert!(verdict.is_ok(), "{verdict:?}: {}", request.url);
    Box::new(move || {
        black_box(&verifier.verify(&black_box(request.webhook())));
    })
}

/// The same from pairs that were decoded before.
fn accept_pairs(verifier: &Verifier, request: &Request) -> Work {
    let (verifier, request) = (verifier.clone(), request.clone());
    let owned: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
    // For ever, so that the pairs can be borrowed.
    let owned: &'static [(String, String)] = owned.leak();
    let pairs: Vec<_> = owned.iter().map(|(name, value)| (&**name, &**value)).collect();
    let verify = move || {
        let webhook = Webhook::post_params(&request.url, &pairs).signature(&request.signature);
        black_box(&verifier.verify(&black_box(webhook))).is_ok()
    };
    assert!(verify(), "pairs that were parsed are refused");
    Box::new(move || {
        verify();
    })
}

fn refuse(verifier: &Verifier, request: &Request, error: VerifyError) -> Work {
    let (verifier, request) = (verifier.clone(), request.clone());
    let verdict = verifier.verify(&request.webhook()).err();
    assert_eq!(verdict, Some(error), "{}", request.url);
    Box::new(move || {
        black_box(&verifier.verify(&black_box(request.webhook())));
    })
}

fn by_hand(request: &Request) -> Work {
    let request = request.clone();
    assert!(naive::verify(TOKEN, &request), "{}", request.url);
    Box::new(move || {
        black_box(naive::verify(TOKEN, black_box(&request)));
    })
}

/// The MAC of what a genuine request signs: nothing that verifies takes less.
fn floor_of(request: &Request) -> Work {
    let canonical = canonical(request);
    let mac = keyed::<Hmac<Sha1>>(TOKEN).chain_update(&canonical).finalize();
    assert_eq!(STANDARD.encode(mac.into_bytes()), request.signature, "{canonical}");
    macs(canonical, 1)
}

/// So many MACs of what a request signs, whatever the keys.
fn macs_of(request: &Request, count: usize) -> Work {
    macs(canonical(request), count)
}

fn macs(canonical: String, count: usize) -> Work {
    let mac = keyed::<Hmac<Sha1>>(TOKEN);
    Box::new(move || {
        for _ in 0..count {
            black_box(mac.clone().chain_update(black_box(&canonical)).finalize());
        }
    })
}

fn canonical(request: &Request) -> String {
    let scheme = if request.websocket { "wss://" } else { "https://" };
    let url = request.url.replacen("https://", scheme, 1);
    let hashed = request.url.contains("bodySHA256");
    naive::canonical(&url, if hashed { b"" } else { &request.body })
}

fn keyed<M: KeyInit>(secret: &str) -> M {
    M::new_from_slice(secret.as_bytes()).unwrap()
}
