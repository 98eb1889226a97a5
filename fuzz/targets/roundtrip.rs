//! What a [`Signer`] signs is accepted. With one byte changed it is refused, unless the reference
//! says that the signed text is still the same, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twilio_sig::Signer;
use twilio_sig_fuzz::compare::{by_crate, signer};
use twilio_sig_fuzz::input::{Input, borrowed, keys};
use twilio_sig_fuzz::reference::{
    Config, Key, MAX_URL_LEN, Payload, Request, candidates, canonical_string, form, payload_pairs,
    url, verify,
};

fuzz_target!(|data: &[u8]| {
    let input = Input::read(data);
    let keys = keys();
    let key = keys[usize::from(input.byte()) % keys.len()].clone();
    let request = Request { settings: None, ..input.request() };
    let Some(request) = signed(&key, request) else { return };
    let config = Config::usual(key);

    let verdict = by_crate(&config, &request).expect("the settings build");
    if must_be_accepted(&config, &request) {
        assert!(verdict.is_ok(), "{verdict:?} {config:?} {request:?}");
    }

    let Some(tampered) = input.tampered(&request) else { return };
    let verdict = by_crate(&config, &tampered).expect("the settings build");
    if verdict.is_ok() && tampered != request {
        let before = verify(&config, &request).map(|before| canonical_string(&before));
        let after = verify(&config, &tampered).map(|after| canonical_string(&after));
        assert_eq!(before, after, "{config:?} {request:?} {tampered:?}");
        assert_eq!(request.signature, tampered.signature);
    }
});

/// Signed as Twilio signs it; `None` where no handshake has such a URL.
fn signed(key: &Key, mut request: Request) -> Option<Request> {
    let signer = signer(key).expect("a key");
    let url = if request.websocket {
        let candidates = candidates(&request.url, true, false).ok()?;
        String::from_utf8(candidates.first()?.url.clone()).ok()?
    } else {
        request.url.clone()
    };
    request.signature = Some(sign(&signer, &url, &request)?.into_bytes());
    Some(request)
}

/// A body whose hash is in the URL is signed by that; `None` for more parameters than can be.
fn sign(signer: &Signer, url: &str, request: &Request) -> Option<String> {
    let hashed = !url::body_hashes(&request.url).is_empty();
    let signature = match &request.payload {
        Payload::Body(body) if hashed || body.is_empty() => Ok(signer.sign_url(url)),
        Payload::Body(body) => signer.sign_form(url, body),
        Payload::Params(_) => signer.sign_params(url, &borrowed(&request.payload)),
    };
    signature.ok().map(|signature| signature.header_value())
}

/// The plain cases, without asking the reference for the verdict. A hash in the URL was put there
/// by the fuzzer or by the option; only the reference knows whether it is right.
fn must_be_accepted(config: &Config, request: &Request) -> bool {
    let pairs = payload_pairs(&request.payload);
    let empty = matches!(&request.payload, Payload::Body(body) if body.is_empty());
    let covered = empty || !form::concatenated(&pairs).is_empty();
    // Parameters would lengthen a host that ends the URL.
    let text = request.url.split('#').next().unwrap_or_default();
    let after_scheme = text.split_once("://").map_or("", |(_, rest)| rest);
    let bounded = empty || after_scheme.contains(['/', '?']);
    let plain = url::body_hashes(&request.url).is_empty()
        && request.url.len() <= MAX_URL_LEN
        && candidates(&request.url, request.websocket, false).is_ok()
        && pairs.len() <= config.max_params
        && covered
        && bounded;
    plain || verify(config, request).is_ok()
}
