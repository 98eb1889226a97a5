//! WebSocket handshakes: Media Streams and ConversationRelay.

#![allow(clippy::unwrap_used, reason = "a key of the test that cannot be made must fail it")]

use crate::candidates;
use crate::oracle;
use crate::oracle::TOKEN;
use twilio_sig::{
    AuthToken, Coverage, Signer, UrlPolicy, Verified, Verifier, VerifyError, Webhook,
};

#[track_caller]
fn accepts(url: &str, signed: &[(&str, &str)]) {
    candidates::accepts(Webhook::websocket(url), signed);
}

#[track_caller]
fn refuses(url: &str, signed: &[&str]) {
    candidates::refuses(Webhook::websocket(url), signed);
}

fn verify<'a>(webhook: &Webhook<'a>) -> Result<Verified<'a>, VerifyError> {
    Verifier::new(AuthToken::new(TOKEN).unwrap()).verify(webhook)
}

#[test]
fn a_handshake_is_signed_with_scheme_wss_or_ws() {
    for url in ["https://h.io/media", "HTTPS://h.io/media", "wss://h.io/media"] {
        accepts(
            url,
            &[
                ("wss://h.io/media", "as_given"),
                ("wss://h.io:443/media", "port_added"),
                ("wss://h.io/media/", "slash_added"),
                ("wss://h.io:443/media/", "slash_added+port_added"),
            ],
        );
        refuses(url, &["https://h.io/media", "ws://h.io/media", "wss://h.io:80/media"]);
    }
    accepts(
        "http://h.io/media",
        &[("ws://h.io/media", "as_given"), ("ws://h.io:80/media", "port_added")],
    );
    refuses("http://h.io/media", &["http://h.io/media", "wss://h.io/media"]);
}

#[test]
fn a_given_websocket_scheme_is_signed_as_given() {
    accepts("WSS://h.io/media", &[("WSS://h.io/media", "as_given")]);
    refuses("WSS://h.io/media", &["wss://h.io/media"]);
}

#[test]
fn a_slash_may_be_added_to_the_path_of_a_handshake() {
    accepts(
        "wss://h.io/a?x=1",
        &[("wss://h.io/a?x=1", "as_given"), ("wss://h.io/a/?x=1", "slash_added")],
    );
    refuses("wss://h.io/a/", &["wss://h.io/a", "wss://h.io/a//"]);
    // It is not the URL of a request that is no handshake.
    candidates::refuses(Webhook::get("wss://h.io/media"), &["wss://h.io/media/"]);
}

#[test]
fn no_path_and_a_bare_slash_of_a_handshake() {
    accepts("wss://h.io", &[("wss://h.io", "as_given"), ("wss://h.io/", "root_slash_added")]);
    accepts("wss://h.io/", &[("wss://h.io/", "as_given"), ("wss://h.io", "root_slash_removed")]);
    refuses("wss://h.io/", &["wss://h.io//"]);
}

#[test]
fn the_query_of_a_handshake_may_be_signed_as_pairs() {
    accepts(
        "wss://h.io/media?b=a+%41&a=1&a=1",
        &[
            ("wss://h.io/media?b=a+%41&a=1&a=1", "as_given"),
            ("wss://h.io/mediaa1ba A", "query_as_params"),
            ("wss://h.io:443/mediaa1ba A", "query_as_params+port_added"),
            ("wss://h.io/media/a1ba A", "slash_added+query_as_params"),
            ("wss://h.io:443/media/a1ba A", "slash_added+query_as_params+port_added"),
        ],
    );
    accepts(
        "wss://h.io?x=1",
        &[("wss://h.io?x=1", "as_given"), ("wss://h.io/x1", "slash_added+query_as_params")],
    );
    accepts(
        "wss://h.io/?x=1",
        &[("wss://h.io/?x=1", "as_given"), ("wss://h.io/x1", "query_as_params")],
    );
    // Names without values, and values without names, are pairs too.
    accepts(
        "wss://h.io/m?a",
        &[("wss://h.io/m?a", "as_given"), ("wss://h.io/ma", "query_as_params")],
    );
    // The text and the pairs of one query are not signed together.
    refuses("wss://h.io/media?x=1", &["wss://h.io/media?x=1x1", "wss://h.io/media"]);
    candidates::refuses(Webhook::get("wss://h.io/media?x=1"), &["wss://h.io/mediax1"]);
}

#[test]
fn a_query_without_a_byte_is_not_signed_as_pairs() {
    for url in
        ["wss://h.io/media?", "wss://h.io/media?&&", "wss://h.io/media?=", "wss://h.io/media?=&="]
    {
        refuses(url, &["wss://h.io/media", "wss://h.io/media/"]);
    }
}

#[test]
fn the_pairs_of_a_handshake_are_told() {
    let signature = oracle::sha1(TOKEN, "wss://h.io/mediaa1b2b3");
    let webhook = Webhook::websocket("https://h.io/media?b=3&b=2&a=1").signature(&signature);
    let verified = verify(&webhook).unwrap();
    assert_eq!(verified.coverage(), Coverage::UrlOnly);
    let params = verified.params();
    let pairs: Vec<_> = params.iter().map(|(name, value)| [name, value].concat()).collect();
    assert_eq!(pairs, [b"a1", b"b2", b"b3"]);

    // Where the query was signed as text, no pair was.
    let signature = oracle::sha1(TOKEN, "wss://h.io/media?b=3&b=2&a=1");
    assert!(verify(&webhook.signature(&signature)).unwrap().params().is_empty());
}

#[test]
fn a_handshake_proves_no_body() {
    let signature = oracle::sha1(TOKEN, "wss://h.io/media?x=1");
    let webhook = Webhook::websocket("https://h.io/media?x=1").signature(&signature);
    let verified = verify(&webhook).unwrap();
    assert_eq!((verified.coverage(), verified.body()), (Coverage::UrlOnly, &b""[..]));

    // Nor does a hash of one make it more: an empty body has another.
    let hashed = format!("wss://h.io/media?bodySHA256={}", "0".repeat(64));
    let signature = oracle::sha1(TOKEN, &hashed);
    let error = verify(&Webhook::websocket(&hashed).signature(&signature)).unwrap_err();
    assert_eq!(error, VerifyError::BodyHashMismatch);
}

/// Another handshake signed a path that begins with this one: the rest of it is no name.
#[test]
fn a_handshake_opens_no_path_that_begins_its_own() {
    for rest in ["/abc", "%2Fabc", "-abc", "1abc", "?abc", "%3Fabc", "=abc", ""] {
        let url = format!("https://h.io/media?{rest}=&k=v");
        let decoded = rest.replace("%2F", "/").replace("%3F", "?");
        let mut names = [decoded, "kv".into()];
        names.sort();
        refuses(&url, &[&format!("wss://h.io/media{}", names.concat())]);
    }
}

#[test]
fn a_request_and_a_handshake_do_not_stand_for_each_other() {
    let token = AuthToken::new(TOKEN).unwrap();
    let signer = Signer::auth_token(&token);
    let request = signer.sign_url("https://h.io/media").header_value();
    let handshake = signer.sign_url("wss://h.io/media").header_value();
    assert!(verify(&Webhook::get("https://h.io/media").signature(&request)).is_ok());
    assert!(verify(&Webhook::websocket("https://h.io/media").signature(&handshake)).is_ok());
    assert!(verify(&Webhook::get("https://h.io/media").signature(&handshake)).is_err());
    assert!(verify(&Webhook::websocket("https://h.io/media").signature(&request)).is_err());
}

#[test]
fn the_exact_policy_changes_the_scheme_of_a_handshake_and_nothing_else() {
    let exact = Verifier::builder()
        .auth_token(AuthToken::new(TOKEN).unwrap())
        .url_policy(UrlPolicy::Exact)
        .build()
        .unwrap();
    let webhook = Webhook::websocket("https://h.io/media?x=1#f");
    for (canonical, expected) in [
        ("wss://h.io/media?x=1", Ok("as_given")),
        ("wss://h.io/media/?x=1", Err(VerifyError::Mismatch)),
        ("wss://h.io/mediax1", Err(VerifyError::Mismatch)),
        ("wss://h.io:443/media?x=1", Err(VerifyError::Mismatch)),
        ("wss://h.io/media?x=1#f", Err(VerifyError::Mismatch)),
        ("https://h.io/media?x=1", Err(VerifyError::Mismatch)),
    ] {
        let signature = oracle::sha1(TOKEN, canonical);
        let candidate = exact
            .verify(&webhook.signature(&signature))
            .map(|verified| verified.candidate().to_string());
        assert_eq!(candidate, expected.map(str::to_owned), "{canonical}");
    }
}

#[test]
fn every_candidate_of_a_handshake_in_order() {
    accepts(
        "https://u@h.io/m?x='%27+#f",
        &[
            ("wss://u@h.io/m?x='%27+", "as_given"),
            ("wss://u@h.io:443/m?x='%27+", "port_added"),
            ("wss://h.io/m?x='%27+", "userinfo_removed"),
            ("wss://h.io:443/m?x='%27+", "userinfo_removed+port_added"),
            ("wss://u@h.io/m?x=%27%27+", "apostrophes_escaped"),
            ("wss://u@h.io:443/m?x=%27%27+", "apostrophes_escaped+port_added"),
            ("wss://h.io/m?x=%27%27+", "apostrophes_escaped+userinfo_removed"),
            ("wss://h.io:443/m?x=%27%27+", "apostrophes_escaped+userinfo_removed+port_added"),
            ("wss://u@h.io/m?x=''+", "apostrophes_unescaped"),
            ("wss://u@h.io:443/m?x=''+", "apostrophes_unescaped+port_added"),
            ("wss://h.io/m?x=''+", "apostrophes_unescaped+userinfo_removed"),
            ("wss://h.io:443/m?x=''+", "apostrophes_unescaped+userinfo_removed+port_added"),
            ("wss://u@h.io/m?x=''%20", "query_reencoded"),
            ("wss://u@h.io:443/m?x=''%20", "query_reencoded+port_added"),
            ("wss://h.io/m?x=''%20", "query_reencoded+userinfo_removed"),
            ("wss://h.io:443/m?x=''%20", "query_reencoded+userinfo_removed+port_added"),
            ("wss://u@h.io/m/?x='%27+", "slash_added"),
            ("wss://u@h.io:443/m/?x='%27+", "slash_added+port_added"),
            ("wss://h.io/m/?x='%27+", "slash_added+userinfo_removed"),
            ("wss://h.io:443/m/?x='%27+", "slash_added+userinfo_removed+port_added"),
            ("wss://u@h.io/m?x='%27+#f", "fragment_kept"),
            ("wss://u@h.io/mx'' ", "query_as_params"),
            ("wss://u@h.io:443/mx'' ", "query_as_params+port_added"),
            ("wss://h.io/mx'' ", "query_as_params+userinfo_removed"),
            ("wss://h.io:443/mx'' ", "query_as_params+userinfo_removed+port_added"),
            ("wss://u@h.io/m/x'' ", "slash_added+query_as_params"),
            ("wss://u@h.io:443/m/x'' ", "slash_added+query_as_params+port_added"),
            ("wss://h.io/m/x'' ", "slash_added+query_as_params+userinfo_removed"),
            ("wss://h.io:443/m/x'' ", "slash_added+query_as_params+userinfo_removed+port_added"),
        ],
    );
}
