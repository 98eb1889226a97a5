//! A signature is accepted for a URL if and only if the text that it signs is one of the URL's
//! candidates, and `Candidate` names a change that gives that text. There are at most
//! `MAX_CANDIDATES`, and no two changes of the text at a time.
//!
//! The first byte of the input is `w` for a handshake, `e` for the exact URL, `x` for both; the
//! second chooses a candidate whose own candidates are tried; the rest is the URL.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twilio_sig::{
    AuthToken, MAX_CANDIDATES, MAX_URL_LEN, UrlPolicy, Verifier, VerifyError, Webhook,
};
use twilio_sig_fuzz::reference::{
    CandidateText, Key, candidates, form, sign, url as reference_url,
};

const TOKEN: &str = "12345";
/// No handshake of the inputs' length has more.
const MAX_PARAMS: usize = 4_096;

/// By whether the policy is exact.
static VERIFIERS: LazyLock<[Verifier; 2]> = LazyLock::new(|| {
    [UrlPolicy::Compatible, UrlPolicy::Exact].map(|policy| {
        let token = AuthToken::new(TOKEN).expect("a token");
        let builder = Verifier::builder().auth_token(token).url_policy(policy);
        builder.max_params(MAX_PARAMS).build().expect("a verifier")
    })
});

fuzz_target!(|data: &[u8]| {
    let [kind, choice, url @ ..] = data else { return };
    let (websocket, exact) = (matches!(kind, b'w' | b'x'), matches!(kind, b'e' | b'x'));
    let url = String::from_utf8_lossy(url);
    let verify = |text: &[u8]| {
        let signature = sign(&Key::AuthToken(TOKEN.to_owned()), text);
        let webhook = if websocket { Webhook::websocket(&url) } else { Webhook::get(&url) };
        let verdict = VERIFIERS[usize::from(exact)].verify(&webhook.signature(&signature));
        verdict.map(|verified| verified.candidate().to_string())
    };
    if url.len() > MAX_URL_LEN || form::pairs(url.as_bytes()).len() > MAX_PARAMS {
        return;
    }
    let Ok(mut all) = candidates(&url, websocket, exact) else {
        return assert_eq!(verify(url.as_bytes()), Err(VerifyError::InvalidUrl));
    };
    // Under a hash the query is text of the URL and nothing else.
    if !reference_url::body_hashes(&url).is_empty() {
        all.retain(|candidate| candidate.query_pairs.is_none());
    }
    assert!(all.len() <= MAX_CANDIDATES);

    let texts: Vec<_> = all.iter().map(canonical).collect();
    for text in &texts {
        match verify(text) {
            Ok(name) => assert_eq!(rebuilt(&name, &all).as_ref(), Some(text), "{name}"),
            // The URL holds the hash of a body that is not there: signed, but not for this request.
            Err(error) => assert_eq!(error, VerifyError::BodyHashMismatch),
        }
    }

    let chosen = &all[usize::from(*choice) % all.len()];
    let neighbours = core::str::from_utf8(&chosen.url).ok();
    let neighbours = neighbours.and_then(|url| candidates(url, websocket, exact).ok());
    for text in neighbours.unwrap_or_default().iter().map(canonical) {
        if !texts.contains(&text) {
            assert_eq!(verify(&text), Err(VerifyError::Mismatch), "{}", text.escape_ascii());
        }
    }
});

fn canonical(candidate: &CandidateText) -> Vec<u8> {
    let pairs = form::sorted_unique(candidate.query_pairs.as_deref().unwrap_or_default());
    [candidate.url.clone(), form::concatenated(&pairs)].concat()
}

/// The text that the changes called `name` give.
fn rebuilt(name: &str, all: &[CandidateText]) -> Option<Vec<u8>> {
    let has = |change: &str| name.split('+').any(|part| part == change);
    let form = match () {
        () if has("apostrophes_escaped") => 1,
        () if has("apostrophes_unescaped") => 2,
        () if has("query_reencoded") => 3,
        () if has("root_slash_added") || has("root_slash_removed") => 4,
        () if has("slash_added") && has("query_as_params") => 7,
        () if has("slash_added") => 5,
        () if has("query_as_params") => 6,
        () => 0,
    };
    let named = all.iter().find(|candidate| {
        candidate.form == form
            && candidate.userinfo_removed == has("userinfo_removed")
            && candidate.port_changed == (has("port_added") || has("port_removed"))
            && candidate.fragment_kept == has("fragment_kept")
    });
    named.map(canonical)
}
