//! `Origin`: the public URL from a fixed base or from a list of hosts.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use twilio_sig::{
    AuthToken, Origin, OriginError, RequestHead, Scheme, Signer, TrustedProxy, Verifier, Webhook,
};

fn fixed() -> Origin {
    Origin::fixed("https://example.com").unwrap()
}

fn listed() -> Origin {
    let hosts = ["a.example.com", "b.example.com:8443", "[2001:db8::1]"];
    Origin::allowed_hosts(Scheme::Https, hosts).unwrap()
}

fn host(value: &[u8]) -> Result<String, OriginError> {
    listed().url(&RequestHead::new("/sms").headers([("Host", value)]))
}

// ── the target ───────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_target_is_appended_byte_for_byte() {
    let targets = "/ //evil.example/x /a/../b/./c /%7euser/%2F%2f?q=%27'+%20&b&&=c /p??x=1? /p? \
                   /@host:80/ /na\u{ef}ve";
    for target in targets.split(' ') {
        let url = fixed().url(&RequestHead::new(target)).unwrap();
        assert_eq!(url, format!("https://example.com{target}"));
    }
}

#[test]
fn a_target_that_is_not_an_origin_form_is_refused() {
    let others = "* sms ?x=1 @evil.example/ .evil.example/ :443/ https://example.com/sms \
                  example.com:443 /a#b /a\tb /a\r\nb /a\0 /a\u{7f} /a\u{85}b /a\u{a0}b /a\u{2028}b";
    for target in others.split(' ').chain(["", " ", "/a b"]) {
        let result = fixed().url(&RequestHead::new(target));
        assert_eq!(result, Err(OriginError::MalformedTarget), "{target:?}");
    }
}

#[test]
fn the_target_is_bounded() {
    let longest = format!("/{}", "x".repeat(RequestHead::MAX_TARGET_LEN - 1));
    assert!(fixed().url(&RequestHead::new(&longest)).is_ok());
    let longer = format!("{longest}x");
    assert_eq!(fixed().url(&RequestHead::new(&longer)), Err(OriginError::TargetTooLong));
}

#[test]
fn the_url_of_the_origin_is_the_one_that_verifies() {
    let target = "/sms?name=O'Brien&x=a+b%2fc";
    let token = AuthToken::new("token").unwrap();
    let signature = Signer::auth_token(&token)
        .sign_form(&format!("https://example.com/prod{target}"), b"Body=hi")
        .unwrap()
        .header_value();
    let verifier = Verifier::new(token);
    let verify = |origin: Origin| {
        let url = origin.url(&RequestHead::new(target)).unwrap();
        let webhook = Webhook::post(&url, b"Body=hi").signature(&signature);
        verifier.verify(&webhook).is_ok()
    };
    assert!(verify(fixed().path_prefix("/prod").unwrap()));
    assert!(!verify(fixed()));
}

// ── a fixed base ─────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_fixed_base_is_kept_as_written_apart_from_user_information_and_the_slash_at_its_end() {
    for (base, url) in [
        ("https://example.com", "https://example.com/sms"),
        ("https://example.com/", "https://example.com/sms"),
        ("https://example.com//", "https://example.com/sms"),
        ("https://example.com:443/", "https://example.com:443/sms"),
        ("HTTPS://Example.COM:8443", "HTTPS://Example.COM:8443/sms"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/sms"),
        ("https://[2001:db8::1]:8443/x/", "https://[2001:db8::1]:8443/x/sms"),
        ("https://example.com/a/../b%2f@c:d", "https://example.com/a/../b%2f@c:d/sms"),
        ("wss://example.com", "wss://example.com/sms"),
        ("ws://a_b.example.com", "ws://a_b.example.com/sms"),
        ("https://user:pa55word@example.com/x", "https://example.com/x/sms"),
        ("https://user@[2001:db8::1]:8443", "https://[2001:db8::1]:8443/sms"),
        ("https://us:er@pass@Example.com", "https://Example.com/sms"),
        ("https://@example.com", "https://example.com/sms"),
        ("https://example.com/x@evil.example", "https://example.com/x@evil.example/sms"),
    ] {
        let origin = Origin::fixed(base).unwrap();
        assert_eq!(origin.url(&RequestHead::new("/sms")).unwrap(), url);
    }
}

#[test]
fn a_fixed_base_does_not_heed_any_header_or_peer() {
    let evil = [
        ("Host", &b"evil.example"[..]),
        ("Host", b"evil.example"),
        ("Forwarded", b"proto=http;host=evil.example"),
        ("X-Forwarded-Proto", b"http"),
        ("X-Forwarded-Host", b"evil.example"),
        ("X-Forwarded-Port", b"1"),
        ("X-Forwarded-Prefix", b"/evil"),
    ];
    let head = RequestHead::new("/sms").headers(evil).authority(Some("evil.example"));
    assert_eq!(fixed().url(&head).unwrap(), "https://example.com/sms");
}

#[test]
fn a_base_that_is_more_or_less_than_an_origin_and_a_path_is_refused() {
    let shapes = "example.com //example.com https:example.com https:/example.com \
        https:\\\\example.com https:// https:///x https://:443 ftp://example.com \
        javascript://example.com https://user@ https://user\\@example.com \
        https://evil.example\\@example.com https://us#er@example.com https://us?er@example.com \
        https://us\u{e9}r@example.com https://user@example.com?x=1 https://example.com?x=1 https://example.com/?x=1 \
        https://example.com/? https://example.com#f https://example.com/# https://example.com\\x \
        https://example.com/a\\b https://example.com\n https://exa\tmple.com";
    let ports = "https://example.com: https://example.com:0 https://example.com:65536 \
        https://example.com:+443 https://example.com:0443 https://example.com:443:443";
    let hosts = "https://ex%61mple.com https://b\u{fc}cher.example https://example.com/\u{e9} \
        https://0x7f.1 https://1.2.3.256 https://xn--a.example https://[2001:db8::1 \
        https://2001:db8::1 https://[::g] https://[fe80::1%25eth0] https://[2001:db8:0:0::1] \
        https://*.example.com";
    let bases = [shapes, ports, hosts].into_iter().flat_map(|list| list.split(' '));
    for base in bases.chain(["", " https://example.com", "https://example.com/a b"]) {
        let error = Origin::fixed(base).unwrap_err();
        assert_eq!(error, OriginError::InvalidBase, "{base:?}");
    }
}

// ── path prefixes ────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_configured_prefix_is_put_between_origin_and_target() {
    let head = RequestHead::new("/sms").headers([("host", &b"a.example.com"[..])]);
    let fixed = Origin::fixed("https://example.com/api/").unwrap().path_prefix("/prod/").unwrap();
    assert_eq!(fixed.url(&head).unwrap(), "https://example.com/api/prod/sms");
    let listed = listed().path_prefix("/prod").unwrap();
    assert_eq!(listed.url(&head).unwrap(), "https://a.example.com/prod/sms");
    let none = listed.path_prefix("/").unwrap();
    assert_eq!(none.url(&head).unwrap(), "https://a.example.com/sms");
}

#[test]
fn a_prefix_that_is_not_a_path_is_refused() {
    for prefix in "prod @evil.example /a?b /a#b /a\\b /a\n /\u{e9}".split(' ').chain(["", "/a b"]) {
        let error = fixed().path_prefix(prefix).unwrap_err();
        assert_eq!(error, OriginError::InvalidPrefix, "{prefix:?}");
        let error = TrustedProxy::x_forwarded().prefix_header([prefix]).unwrap_err();
        assert_eq!(error, OriginError::InvalidPrefix, "{prefix:?}");
    }
}

// ── allowed hosts ────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_spelling_of_the_list_goes_into_the_url() {
    let origin = Origin::allowed_hosts(Scheme::Https, ["Api.Example.com:443"]).unwrap();
    for received in ["api.example.com", "API.EXAMPLE.COM", "api.example.COM:443"] {
        let head = RequestHead::new("/sms").headers([("host", received.as_bytes())]);
        assert_eq!(origin.url(&head).unwrap(), "https://Api.Example.com:443/sms");
    }
}

#[test]
fn a_missing_port_is_the_standard_port_of_the_scheme() {
    let standard = [(Scheme::Http, 80), (Scheme::Https, 443), (Scheme::Ws, 80), (Scheme::Wss, 443)];
    for (scheme, port) in standard {
        let origin = Origin::allowed_hosts(scheme, ["a.example.com"]).unwrap();
        for other in [80, 443, 8443] {
            let received = format!("a.example.com:{other}");
            let head = RequestHead::new("/sms").headers([("host", received.as_bytes())]);
            let expected = if other == port {
                Ok(format!("{scheme}://a.example.com/sms"))
            } else {
                Err(OriginError::HostNotAllowed)
            };
            assert_eq!(origin.url(&head), expected);
        }
    }
}

#[test]
fn a_host_that_is_not_on_the_list_is_refused() {
    let others = "example.com evil.example a.example.com. a.example.com.evil.example \
                  evil-a.example.com x.a.example.com a.example.com:8443 b.example.com \
                  b.example.com:8444 [2001:db8::2] [2001:db8::1]:8443 127.0.0.1";
    for other in others.split(' ') {
        assert_eq!(host(other.as_bytes()), Err(OriginError::HostNotAllowed), "{other:?}");
    }
}

#[test]
fn a_host_of_hostile_form_is_refused_as_malformed() {
    let urls = "user@a.example.com user:pass@a.example.com a.example.com@evil.example \
        a.example.com/ a.example.com/x a.example.com?x a.example.com#x a.example.com\\x \
        https://a.example.com * *.example.com \"a.example.com\"";
    let ports = "a.example.com: a.example.com:0 a.example.com:00443 a.example.com:65536 \
        a.example.com:99999999999999999999999999 a.example.com:+443 a.example.com:-1 \
        a.example.com:44x a.example.com:443:443 :443";
    let spellings = "%61.example.com a%2eexample.com a.example.com%00 \u{e1}.example.com \
        \u{ff41}.example.com a.example.com\t a.example.com\0 a.example.com\r\nx:y";
    let literals = "[2001:db8::1 2001:db8::1] [[2001:db8::1]] [2001:db8::1]x [2001:db8::1]443 \
        [2001:db8::1]: [2001:db8::1]] [2001:db8::1%eth0] [2001:db8::1%25eth0] [] [a.example.com]";
    let values = [urls, ports, spellings, literals].into_iter().flat_map(|list| list.split(' '));
    let values = values.chain(["", " ", " a.example.com", "a.example.com "]).map(str::as_bytes);
    for value in values.chain([&b"\xff.example.com"[..], b"\xc3.example.com"]) {
        assert_eq!(host(value), Err(OriginError::MalformedHeader("host")), "{value:?}");
    }
}

#[test]
fn two_hosts_are_refused_whether_in_two_lines_or_in_one() {
    let repeated = Err(OriginError::RepeatedHeader("host"));
    let a = &b"a.example.com"[..];
    for lines in [vec![("Host", a), ("host", a)], vec![("host", a), ("HOST", b""), ("Host", a)]] {
        assert_eq!(listed().url(&RequestHead::new("/sms").headers(lines)), repeated);
    }
    let twice = RequestHead::new("/sms").headers([("host", a)]).headers([("host", a)]);
    assert_eq!(listed().url(&twice), repeated);
    for value in ["a.example.com,a.example.com", "a.example.com, b.example.com", "a.example.com,"] {
        assert_eq!(host(value.as_bytes()), repeated);
    }
}

#[test]
fn a_request_without_a_host_is_refused() {
    let missing = Err(OriginError::MissingHeader("host"));
    assert_eq!(listed().url(&RequestHead::new("/sms")), missing);
    let other = RequestHead::new("/sms").headers([("x-forwarded-host", &b"a.example.com"[..])]);
    assert_eq!(listed().url(&other), missing);
}

#[test]
fn a_header_of_64_kib_is_refused_before_it_is_read() {
    for byte in [b'a', b',', b' ', 0xff] {
        let error = Err(OriginError::HeaderTooLong("host"));
        assert_eq!(host(&vec![byte; 65_536]), error);
        assert_eq!(host(&vec![byte; RequestHead::MAX_HEADER_LEN + 1]), error);
    }
    assert_eq!(host(&[b'a'; RequestHead::MAX_HEADER_LEN]), Err(OriginError::HostNotAllowed));
}

#[test]
fn the_authority_of_http2_stands_for_host() {
    let head = RequestHead::new("/sms").authority(Some("A.example.com"));
    assert_eq!(listed().url(&head).unwrap(), "https://a.example.com/sms");
    for authority in ["", "user@a.example.com", "a.example.com:x", "a example.com"] {
        let head = RequestHead::new("/sms").authority(Some(authority));
        let expected = Err(OriginError::MalformedHeader(":authority"));
        assert_eq!(listed().url(&head), expected, "{authority:?}");
    }
}

#[test]
fn host_and_authority_must_agree() {
    let url = |hosts: &[&'static str], authority| {
        let lines = hosts.iter().map(|host| ("host", host.as_bytes()));
        let head = RequestHead::new("/sms").headers(lines);
        listed().url(&head.authority(Some(authority)))
    };
    assert_eq!(url(&["a.example.com"], "A.example.com").unwrap(), "https://a.example.com/sms");
    for (host, authority) in [
        ("a.example.com", "b.example.com:8443"),
        ("evil.example", "a.example.com"),
        ("a.example.com", "evil.example"),
        ("a.example.com", "a.example.com:443"),
    ] {
        assert_eq!(url(&[host], authority), Err(OriginError::HostConflict));
    }
    let twice = url(&["a.example.com", "a.example.com"], "a.example.com");
    assert_eq!(twice, Err(OriginError::RepeatedHeader("host")));
}

#[test]
fn an_allow_list_takes_hosts_and_nothing_else() {
    let others = "https://a.example.com a.example.com/x user@a.example.com *.example.com * \
                  a.example.com:0 a.example.com: b\u{fc}cher.example 0x7f000001 2001:db8::1 \
                  [2001:DB8:0::1]";
    for entry in others.split(' ').chain(["", " ", "a.example.com "]) {
        let error = Origin::allowed_hosts(Scheme::Https, [entry]).unwrap_err();
        assert_eq!(error, OriginError::InvalidAllowedHost, "{entry:?}");
    }
}

#[test]
fn every_list_has_at_least_one_entry_and_at_most_the_bound() {
    let bound = Origin::MAX_LIST_LEN;
    for (count, fits) in [(0, false), (1, true), (bound, true), (bound + 1, false)] {
        let hosts = vec!["a.example.com"; count];
        assert_eq!(Origin::allowed_hosts(Scheme::Https, &hosts).is_ok(), fits);
        let trusted = TrustedProxy::x_forwarded().peers(["::1"]).unwrap();
        assert_eq!(Origin::behind_proxy(trusted, &hosts).is_ok(), fits);
        let proxy = TrustedProxy::x_forwarded();
        assert_eq!(proxy.clone().peers(vec!["::1"; count]).is_ok(), fits);
        assert_eq!(proxy.prefix_header(vec!["/p"; count]).is_ok(), fits);
    }
    let endless = core::iter::repeat("a.example.com");
    let error = Origin::allowed_hosts(Scheme::Https, endless).unwrap_err();
    assert_eq!(error, OriginError::InvalidListLength);
}

#[test]
fn whatever_bytes_the_host_has_the_url_starts_with_an_allowed_origin() {
    let honest = ["a.example.com", "b.example.com:8443", "[2001:db8::1]"];
    let mut accepted = 0;
    for text in honest.map(str::as_bytes) {
        let positions = 0..=text.len();
        for (at, byte) in positions.flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut inserted = text.to_vec();
            inserted.insert(at, byte);
            let mut replaced = text.to_vec();
            if let Some(old) = replaced.get_mut(at) {
                *old = byte;
            }
            for value in [inserted, replaced, vec![byte]] {
                // Only the case of letters may differ from what is on the list.
                let same = |host: &&str| host.as_bytes().eq_ignore_ascii_case(&value);
                let expected = honest.into_iter().find(same);
                let expected = expected.map(|host| format!("https://{host}/sms"));
                accepted += usize::from(expected.is_some());
                assert_eq!(host(&value).ok(), expected, "{value:?}");
            }
        }
    }
    assert!(accepted > 0, "the honest hosts themselves must pass");
}

// ── errors ───────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_error_never_shows_a_byte_of_the_request() {
    let with_host = RequestHead::new("/sms").headers([("host", &b"zzqx"[..])]);
    for head in [with_host, with_host.authority(Some("zzqx@")), RequestHead::new("zzqx")] {
        let error = listed().url(&head).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("zzqx"), "{text}");
    }
}

#[test]
fn the_status_tells_refusal_from_malformed_request_and_from_configuration() {
    let status = |result: Result<String, OriginError>| result.unwrap_err().http_status();
    assert_eq!(status(host(b"evil.example")), 403);
    assert_eq!(status(host(b"a b")), 400);
    assert_eq!(status(fixed().url(&RequestHead::new("sms"))), 400);
    assert_eq!(Origin::fixed("example.com").unwrap_err().http_status(), 500);
}
