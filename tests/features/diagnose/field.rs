//! Situations of the field, rebuilt from public bug reports: several mistakes at once, in the forms
//! in which proxies, gateways and frameworks make them.

use twilio_sig::{AuthToken, Cause, Diagnosis, Hints, Signer, diagnose};

use super::arrived::{post, post_params, websocket};
use super::{BODY, URL, assert_explained, decoded, form, signer, url, verifier};

/// A proxy that strips a prefix hands on a bare slash, and terminates TLS.
#[test]
fn a_prefix_that_was_the_whole_path_is_put_back() {
    let hints = Hints::new()
        .header("Host", "hooks.example.com")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Prefix", "/sms");
    let diagnosis = url(URL, "http://hooks.example.com/", &hints);
    assert_explained("traefik", &diagnosis, &[Cause::TlsTerminated, Cause::PathPrefixMissing]);
    let [tls, prefix] = diagnosis.explanations()[0].findings() else { panic!() };
    assert_eq!(tls.fix(), Cause::TlsTerminated.fix());
    assert!(prefix.fix().contains("with or without a slash at its end"), "{}", prefix.fix());
}

/// A framework sorts the query and writes it anew.
#[test]
fn a_query_that_was_rebuilt_is_told_from_one_that_was_lost() {
    let signed = "https://e.com/s?name=Jane%20Doe&assoc=123&id=abc";
    let given = "https://e.com/s?assoc=123&id=abc&name=Jane+Doe";
    let causes = [Cause::QueryReordered, Cause::QueryReencoded];
    let diagnosis = url(signed, given, &Hints::new().configured_url(signed));
    assert_explained("configured", &diagnosis, &causes);
    assert_explained("not configured", &url(signed, given, &Hints::new()), &causes);
}

/// A handshake behind a proxy, which the service sees as http.
#[test]
fn a_handshake_behind_a_proxy_is_one_whose_tls_was_terminated() {
    let header = signer().sign_url("wss://relay.example.dev/voice/relay").header_value();
    let webhook = websocket("http://172.28.0.6:8000/voice/relay").signature(&header);
    for proto in ["https", "wss", ""] {
        let hints = Hints::new()
            .header("Host", "172.28.0.6:8000")
            .header("X-Forwarded-Host", "relay.example.dev")
            .header("X-Forwarded-Proto", proto);
        let diagnosis = diagnose(&verifier(), &webhook, &hints);
        assert_explained(proto, &diagnosis, &[Cause::TlsTerminated, Cause::WrongHost]);
    }
}

/// The URL inside, the token rotated, and the framework's parameters of the route.
fn three_dimensions(is_rotated: bool, extra: &[(&str, &str)]) -> Diagnosis {
    let rotated = AuthToken::new("fedcba9876543210fedcba9876543210").unwrap();
    let signer = if is_rotated { Signer::auth_token(&rotated) } else { signer() };
    let header = signer.sign_form(URL, BODY.as_bytes()).unwrap().header_value();
    let pairs = decoded(BODY);
    let mut params: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    params.extend(extra);
    let webhook = post_params("http://10.0.0.4:8080/sms", &params).signature(&header);
    let hints = Hints::new().configured_url(URL).secondary_token(rotated);
    diagnose(&verifier(), &webhook, &hints)
}

/// What is shown as signed is what was signed, not a spelling that the verifier makes up for.
#[test]
fn the_host_is_told_as_it_was_signed() {
    let hints = Hints::new()
        .header("Host", "10.0.3.7:8080")
        .header("X-Forwarded-Host", "hooks.example.com")
        .header("X-Forwarded-Proto", "https");
    let diagnosis = url(URL, "http://10.0.3.7:8080/sms", &hints);
    let [_, host] = diagnosis.explanations()[0].findings() else { panic!() };
    assert_eq!(
        (host.given(), host.signed()),
        ("10.0.3.7:8080", "hooks.example.com (x-forwarded-host)")
    );
    let difference = diagnosis.explanations()[0].url_difference().unwrap();
    assert_eq!(difference.signed(), "https://hooks.example.com/sms");
}

#[test]
fn mistakes_with_url_parameters_and_key_are_told_at_once() {
    let inside = [Cause::TlsTerminated, Cause::WrongHost];
    let route = [("controller", "sms"), ("action", "create")];
    let expected = [&inside[..], &[Cause::SecondaryToken]].concat();
    assert_explained("key", &three_dimensions(true, &[]), &expected);
    let expected = [&inside[..], &[Cause::ParamAdded]].concat();
    assert_explained("parameters", &three_dimensions(false, &route), &expected);
    let expected = [&inside[..], &[Cause::SecondaryToken, Cause::ParamAdded]].concat();
    assert_explained("both", &three_dimensions(true, &route), &expected);
}

/// An API gateway: base64, the stage cut off, TLS terminated.
#[test]
fn a_body_in_base64_is_told_besides_the_url() {
    let sent = "Body=Where+is+bus+17%3F&From=%2B15035550177";
    let base64 = "Qm9keT1XaGVyZStpcytidXMrMTclM0YmRnJvbT0lMkIxNTAzNTU1MDE3Nw==";
    let signed = "https://x1y2z3.execute-api.us-east-1.amazonaws.com/prod/message";
    let given = "http://x1y2z3.execute-api.us-east-1.amazonaws.com/message";
    let diagnosis = form((signed, sent), (given, base64), &Hints::new());
    let expected = [Cause::TlsTerminated, Cause::PathPrefixMissing, Cause::BodyBase64];
    assert_explained("gateway", &diagnosis, &expected);

    let json = r#"[{"specversion":"1.0"}]"#;
    let (signed, signature) = signer().sign_body_hash(signed, json.as_bytes());
    let given = signed.replace("https", "http").replace("/prod", "");
    let header = signature.header_value();
    let base64 = b"W3sic3BlY3ZlcnNpb24iOiIxLjAifV0=";
    let diagnosis = diagnose(&verifier(), &post(&given, base64).signature(&header), &Hints::new());
    assert_explained("hash", &diagnosis, &expected);

    // The hash, too, is lost with the query: it is that of the body within the base64.
    let given = given.split_once('?').unwrap().0;
    let diagnosis = diagnose(&verifier(), &post(given, base64).signature(&header), &Hints::new());
    let expected = [&expected[..], &[Cause::BodyHashDropped]].concat();
    assert_explained("hash dropped", &diagnosis, &expected);
}

/// Hints that are no URLs are taken as what they mean, in whatever way they are written.
#[test]
fn a_hint_that_is_no_url_is_taken_as_what_it_means() {
    let expected = [Cause::TlsTerminated, Cause::WrongHost];
    for hint in [
        "hooks.example.com/sms",
        "//hooks.example.com/sms",
        "\"https://hooks.example.com/sms\"",
        "https:/hooks.example.com/sms",
        "https//hooks.example.com/sms",
        "https://base.example.comhttps://hooks.example.com/sms",
        "https://base.example.com/https://hooks.example.com/sms",
        "hooks.example.com",
        "HTTPS://hooks.example.com/sms#rc=2",
        "\u{200b}hooks.example.com/sms\u{a0}",
    ] {
        let diagnosis = url(URL, "http://10.0.0.3/sms", &Hints::new().configured_url(hint));
        assert_explained(hint, &diagnosis, &expected);
        assert_eq!(diagnosis.remarks(), [""; 0], "{hint}");
    }
    for (name, value) in [
        ("X-Forwarded-Host", "https://hooks.example.com"),
        ("X-Forwarded-Host", "hooks.example.com:443, 10.0.0.1"),
        ("Forwarded", "for=192.0.2.1;host=\"hooks.example.com\";proto=https"),
        ("X-Original-URL", "https://hooks.example.com/sms"),
    ] {
        let hints = Hints::new().header(name, value);
        let diagnosis = url(URL, "http://10.0.0.3/sms", &hints);
        if name != "X-Original-URL" {
            assert_explained(value, &diagnosis, &expected);
        }
    }
    let path = Hints::new().configured_url("/tenants/7/sms").header("Host", "hooks.example.com");
    let diagnosis = url("https://hooks.example.com/tenants/7/sms", "http://10.0.0.3/sms", &path);
    assert_explained("path", &diagnosis, &[&expected[..], &[Cause::PathPrefixMissing]].concat());
}

#[test]
fn a_hint_that_means_nothing_is_named_even_if_the_signature_is_explained() {
    for hint in ["", "sms", "TWILIO_URL", "ftp//", "see the wiki"] {
        let hints = Hints::new().configured_url(hint).max_macs(2_000);
        let explained = url(URL, "http://hooks.example.com/sms", &hints);
        assert_explained(hint, &explained, &[Cause::TlsTerminated]);
        for diagnosis in [explained, url("https://elsewhere.example/", URL, &hints)] {
            let remark = diagnosis.remarks().first().unwrap();
            assert!(remark.contains(&format!("`{hint}`")) && remark.contains("URL"), "{remark}");
        }
    }
}

/// A relative URL, where the service has only the request target, is one mistake and no more.
#[test]
fn a_request_target_in_place_of_a_url_is_one_mistake() {
    let hints =
        Hints::new().header("Host", "hooks.example.com").header("X-Forwarded-Proto", "https");
    assert_explained("target", &url(URL, "/sms", &hints), &[Cause::UrlNotAbsolute]);
    let diagnosis = url("https://hooks.example.com/v1/sms", "/sms", &hints);
    assert_explained("prefix", &diagnosis, &[Cause::UrlNotAbsolute, Cause::PathPrefixMissing]);
    let diagnosis = url(URL, " hooks.example.com/sms\n", &Hints::new());
    assert_explained("space", &diagnosis, &[Cause::UrlWhitespace, Cause::UrlNotAbsolute]);
}

/// Where nothing explains it, the first remark is what would help most.
#[test]
fn the_remark_names_what_would_help() {
    let elsewhere = "https://elsewhere.example/";
    let header = signer().sign_form(elsewhere, BODY.as_bytes()).unwrap().header_value();
    let remarks = |webhook: &twilio_sig::Webhook<'_>, hints: &Hints| -> Vec<String> {
        let diagnosis = diagnose(&verifier(), webhook, &hints.clone().max_macs(2_000));
        assert!(diagnosis.explanations().is_empty());
        diagnosis.remarks().to_vec()
    };
    let parsed = post_params(URL, &[("Body", "x"), ("From", "+1")]).signature(&header);
    assert!(remarks(&parsed, &Hints::new())[0].contains("raw body"));
    let empty = post(URL, b"").signature(&header);
    assert!(remarks(&empty, &Hints::new())[0].contains("body_missing"));
    let raw = post(URL, BODY.as_bytes()).signature(&header);
    assert!(remarks(&raw, &Hints::new())[0].contains("Twilio's console"));
    let all = Hints::new()
        .configured_url(URL)
        .header("Host", "hooks.example.com")
        .account_token("AC1", AuthToken::new("x").unwrap());
    assert_eq!(remarks(&raw, &all).len(), 1, "there is always one");
}
