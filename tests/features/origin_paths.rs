//! `Origin`: paths that a proxy cuts off, one whole URL, and what each platform makes of a request.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use twilio_sig::{
    AuthToken, Origin, OriginError, RequestHead, Scheme, Signer, TrustedProxy, UrlPolicy, Verifier,
    Webhook,
};

const PEER: &str = "10.1.2.3";

type Lines<'a> = &'a [(&'a str, &'a str)];

fn head<'a>(target: &'a str, lines: Lines<'a>) -> RequestHead<'a> {
    let lines = lines.iter().map(|(name, value)| (*name, value.as_bytes()));
    RequestHead::new(target).headers(lines).peer(PEER.parse().ok())
}

/// Whether a form that Twilio signed for `signed_url` verifies when it arrives so. No candidate but
/// the URL as given helps.
fn verifies(origin: &Origin, signed_url: &str, head: &RequestHead<'_>) -> bool {
    let token = AuthToken::new("12345").unwrap();
    let body = b"Body=Ahoy&From=%2B14158675309";
    let signature = Signer::auth_token(&token).sign_form(signed_url, body).unwrap().header_value();
    let verifier = Verifier::builder().auth_token(token).url_policy(UrlPolicy::Exact);
    let url = origin.url(head).unwrap();
    let webhook = Webhook::post(&url, body).signature(&signature);
    verifier.build().unwrap().verify(&webhook).is_ok()
}

fn trusted() -> TrustedProxy {
    TrustedProxy::x_forwarded().peers(["10.0.0.0/8"]).unwrap()
}

// ── the target `/` behind a prefix ───────────────────────────────────────────────────────────────

/// An origin for each way to configure this path.
fn every_prefix(path: &str) -> Vec<Origin> {
    let fixed = |base: &str| Origin::fixed(base).unwrap();
    let hosts = Origin::allowed_hosts(Scheme::Https, ["h.example"]).unwrap();
    let by_header = trusted().prefix_header([path]).unwrap();
    vec![
        fixed(&format!("https://h.example{path}")),
        fixed("https://h.example").path_prefix(path).unwrap(),
        fixed("https://h.example/").path_prefix(path).unwrap(),
        hosts.path_prefix(path).unwrap(),
        Origin::behind_proxy(trusted(), ["h.example"]).unwrap().path_prefix(path).unwrap(),
        Origin::behind_proxy(by_header, ["h.example"]).unwrap(),
    ]
}

const PROXIED: [(&str, &str); 3] =
    [("host", "h.example"), ("x-forwarded-proto", "https"), ("x-forwarded-prefix", "/inboundSMS")];

#[test]
fn the_target_slash_ends_as_the_prefix_is_written() {
    for (path, target, url) in [
        ("/inboundSMS", "/", "https://h.example/inboundSMS"),
        ("/inboundSMS", "/?lang=it's", "https://h.example/inboundSMS?lang=it's"),
        ("/inboundSMS", "/?", "https://h.example/inboundSMS?"),
        ("/inboundSMS/", "/", "https://h.example/inboundSMS/"),
        ("/inboundSMS/", "/?lang=it's", "https://h.example/inboundSMS/?lang=it's"),
        // What follows the prefix is appended as received.
        ("/inboundSMS", "/x", "https://h.example/inboundSMS/x"),
        ("/inboundSMS/", "/x", "https://h.example/inboundSMS/x"),
        ("/inboundSMS", "//", "https://h.example/inboundSMS//"),
        ("/inboundSMS", "/./", "https://h.example/inboundSMS/./"),
        ("/inboundSMS", "/%3F", "https://h.example/inboundSMS/%3F"),
    ] {
        for origin in every_prefix(path) {
            let head = head(target, &PROXIED);
            assert_eq!(origin.url(&head).as_deref(), Ok(url), "{origin:?} {path} {target}");
            assert!(verifies(&origin, url, &head));
        }
    }
}

#[test]
fn without_a_prefix_the_target_slash_stays() {
    let head = head("/?x=1", &PROXIED);
    let none = Origin::fixed("https://h.example").unwrap();
    for origin in [
        none.clone(),
        none.path_prefix("/").unwrap(),
        Origin::fixed("https://h.example/").unwrap(),
        Origin::allowed_hosts(Scheme::Https, ["h.example"]).unwrap(),
        Origin::behind_proxy(trusted(), ["h.example"]).unwrap(),
    ] {
        assert_eq!(origin.url(&head).as_deref(), Ok("https://h.example/?x=1"));
    }
}

#[test]
fn the_last_of_several_prefixes_decides_how_the_path_ends() {
    let url = |base: &str, prefix: &str| {
        let origin = Origin::fixed(base).unwrap().path_prefix(prefix).unwrap();
        origin.url(&RequestHead::new("/")).unwrap()
    };
    assert_eq!(url("https://h.example/api/", "/prod"), "https://h.example/api/prod");
    assert_eq!(url("https://h.example/api", "/prod/"), "https://h.example/api/prod/");
    assert_eq!(url("https://h.example/api/", "/"), "https://h.example/api/");
    assert_eq!(url("https://h.example/api", "/"), "https://h.example/api");
    let proxy = trusted().prefix_header(["/inboundSMS/", "/"]).unwrap();
    let origin = Origin::behind_proxy(proxy, ["h.example"]).unwrap().path_prefix("/outer").unwrap();
    for (prefix, url) in [
        ("/inboundSMS", "https://h.example/outer/inboundSMS/"),
        ("/inboundSMS/", "https://h.example/outer/inboundSMS/"),
        ("/", "https://h.example/outer"),
    ] {
        let mut lines = PROXIED;
        lines[2].1 = prefix;
        assert_eq!(origin.url(&head("/", &lines)).as_deref(), Ok(url));
    }
}

// ── user information ─────────────────────────────────────────────────────────────────────────────

/// Twilio calls with it and signs without it, so what stands in the console can be configured.
#[test]
fn user_information_is_taken_out_of_a_configured_url() {
    let head = head("/sms?x=1", &[]);
    for user in ["user:pa55word@", "user@", "a:b:c@", "p%40ss@", "a@b@", ":@", "@"] {
        let fixed = Origin::fixed(&format!("https://{user}h.example:8443")).unwrap();
        let whole = Origin::whole_url(&format!("https://{user}h.example:8443/sms")).unwrap();
        for origin in [fixed, whole] {
            assert!(verifies(&origin, "https://h.example:8443/sms?x=1", &head), "{user}");
        }
    }
}

// ── one whole URL ────────────────────────────────────────────────────────────────────────────────

fn whole(url: &str, target: &str) -> Result<String, OriginError> {
    Origin::whole_url(url).unwrap().url(&RequestHead::new(target))
}

#[test]
fn a_whole_url_takes_no_path_and_the_query_as_received() {
    for url in [
        "https://h.example/inboundSMS",
        "https://h.example/inboundSMS/",
        "https://h.example",
        "https://h.example/",
        "wss://H.example:443/a/../b%2f",
    ] {
        for (target, query) in [
            ("/", ""),
            ("/inboundSMS", ""),
            ("/2015-03-31/invoke", ""),
            ("/?", "?"),
            ("/x?b=2&a=it's+%2f&&=c", "?b=2&a=it's+%2f&&=c"),
            ("/x??a=1?b", "??a=1?b"),
        ] {
            assert_eq!(whole(url, target), Ok(format!("{url}{query}")), "{url} {target}");
        }
    }
}

#[test]
fn a_fragment_of_the_console_is_dropped() {
    assert_eq!(
        whole("https://h.example/sms#rc=2&rp=all", "/?x=1"),
        whole("https://h.example/sms", "/?x=1")
    );
    let overridden = whole("https://h.example/sms?x=1#rc=2&rp=all", "/?x=1");
    assert_eq!(overridden.as_deref(), Ok("https://h.example/sms?x=1"));
    assert_eq!(whole("https://h.example#rc=2", "/").as_deref(), Ok("https://h.example"));
}

#[test]
fn a_configured_query_is_used_as_written_if_the_request_says_the_same() {
    let url = "https://h.example/sms?to=b&at=a%20c&to=A&flag&n=it's";
    for query in [
        "to=b&at=a%20c&to=A&flag&n=it's",
        "at=a+c&flag=&n=it%27s&to=b&to=A",
        "&&%66lag&n=it's&at=a%20c&to=b&to=%41&",
    ] {
        assert_eq!(whole(url, &format!("/any?{query}")).as_deref(), Ok(url), "{query}");
    }
    for query in [
        "",
        "to=b&at=a%20c&to=A&flag",
        "to=b&at=a%20c&to=A&flag&n=it's&more=1",
        "to=b&at=a%20c&to=A&flag&flag&n=it's",
        "to=b&at=a%20c&to=A&flag=1&n=it's",
        "to=b&at=a%2520c&to=A&flag&n=it's",
        "to=b&at=a%20c&to=a&flag&n=it's",
        "to=b&at=a%20c&to=A&Flag&n=it's",
        "tob&at=a%20c&to=A&flag&n=it's",
        "to=b%26at=a%20c&to=A&flag&n=it's",
        // Which value of a name comes first is kept by every gateway, and a handler may heed it.
        "to=A&at=a%20c&to=b&flag&n=it's",
    ] {
        let error = whole(url, &format!("/any?{query}")).unwrap_err();
        assert_eq!((error, error.http_status()), (OriginError::QueryNotConfigured, 403), "{query}");
    }
    assert_eq!(whole(url, "/any"), Err(OriginError::QueryNotConfigured));
    assert_eq!(whole("https://h.example?", "/").as_deref(), Ok("https://h.example?"));
    assert_eq!(whole("https://h.example?", "/?a"), Err(OriginError::QueryNotConfigured));
    // Bytes that are not UTF-8 are compared as bytes.
    assert!(whole("https://h.example?x=%FF", "/?x=%ff").is_ok());
    assert_eq!(whole("https://h.example?x=%FF", "/?x=%FE"), Err(OriginError::QueryNotConfigured));
}

#[test]
fn twilio_adds_the_hash_of_a_body_to_a_configured_query() {
    let token = AuthToken::new("12345").unwrap();
    let body = br#"[{"specversion":"1.0","id":"EZ1"}]"#;
    let console = "https://h.example/events?z=1&a=2";
    let (signed, signature) = Signer::auth_token(&token).sign_body_hash(console, body);
    let hash = signed.split_once("bodySHA256=").unwrap().1;
    let verifier = Verifier::new(token);
    let origin = Origin::whole_url(console).unwrap();
    for target in [
        format!("/?a=2&bodySHA256={hash}&z=1"),
        format!("/?bodySHA256={hash}&a=2&z=1"),
        format!("/events?z=1&a=2&bodySHA256={hash}"),
    ] {
        let url = origin.url(&RequestHead::new(&target)).unwrap();
        let signature = signature.header_value();
        assert!(verifier.verify(&Webhook::post(&url, body).signature(&signature)).is_ok());
    }
    // A second one is appended too, so it is signed or refused.
    let twice = origin.url(&RequestHead::new("/?a=2&bodySHA256=0&z=1&bodySHA256=1")).unwrap();
    assert_eq!(twice, format!("{console}&bodySHA256=0&bodySHA256=1"));
}

#[test]
fn a_whole_url_of_another_shape_is_refused() {
    let others = "h.example/sms //h.example/sms https:/h.example ftp://h.example https:// \
        https:///sms https://:443/sms https://h.example:0/ https://h.example:65536 \
        https://h.example\\sms https://h.example/a\\b https://evil.example\\@h.example/ \
        https://0x7f.1/sms https://h.example/\u{e9} https://h.example/?x=\u{e9} \
        https://us#er@h.example/ https://*.example/ https://user@";
    for url in others.split(' ').chain(["", "https://h.example/a b", "https://h.example/\n"]) {
        // What ends the host for a browser ends it here.
        let cut = url == "https://us#er@h.example/";
        let expected = if cut { Ok("https://us") } else { Err(OriginError::InvalidWholeUrl) };
        let made = Origin::whole_url(url).and_then(|origin| origin.url(&RequestHead::new("/")));
        assert_eq!(made.as_deref().map_err(|error| *error), expected, "{url:?}");
    }
    let prefixed = Origin::whole_url("https://h.example/sms").unwrap().path_prefix("/prod");
    assert_eq!(prefixed.unwrap_err(), OriginError::InvalidPrefix);
}

#[test]
fn a_whole_url_checks_the_target_and_heeds_no_header() {
    let origin = Origin::whole_url("https://h.example/sms").unwrap();
    let evil = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    assert_eq!(origin.url(&head("/", &evil)).as_deref(), Ok("https://h.example/sms"));
    for target in ["", "sms", "/a b", "/a#b", "/?x=\n"] {
        let error = origin.url(&RequestHead::new(target));
        assert_eq!(error, Err(OriginError::MalformedTarget), "{target:?}");
    }
}

// ── the platforms ────────────────────────────────────────────────────────────────────────────────

/// Each origin of the recipes, the URL in the console, and how the request arrives.
#[test]
fn what_each_platform_hands_on_verifies() {
    let gateway = "https://a1b2.execute-api.us-east-1.amazonaws.com/prod/sms";
    let function = "https://us-central1-project.cloudfunctions.net/inboundSMS";
    let traefik = trusted().prefix_header(["/twilio", "/test/"]).unwrap();
    let traefik = Origin::behind_proxy(traefik, ["example.com"]).unwrap();
    let balancer =
        Origin::behind_proxy(trusted().port_header(), ["a.example", "b.example"]).unwrap();
    let heroku = Origin::allowed_hosts(Scheme::Https, ["a.example", "app.herokuapp.com"]).unwrap();
    let fixed = |url| Origin::fixed(url).unwrap();
    let whole = |url: &str| Origin::whole_url(url).unwrap();
    let https = ("x-forwarded-proto", "https");
    let rows: [(&str, Origin, &str, &str, Lines<'_>); 14] = [
        (
            "REST, decoded and sorted",
            whole(&format!("{gateway}?b=x+y&a=1")),
            &format!("{gateway}?b=x+y&a=1"),
            "/sms?a=1&b=x%20y",
            &[],
        ),
        ("REST, stage put back", whole(gateway), gateway, "/prod/sms", &[]),
        (
            "REST, domain of one's own",
            whole("https://a.example/sms"),
            "https://a.example/sms",
            "/prod/sms",
            &[],
        ),
        (
            "HTTP API, payload 2.0",
            fixed("https://a.example"),
            "https://a.example/sms?b=it's&a=1",
            "/sms?b=it's&a=1",
            &[],
        ),
        (
            "ALB",
            balancer.clone(),
            "https://b.example/sms",
            "/sms",
            &[
                ("host", "b.example"),
                https,
                ("x-forwarded-port", "443"),
                ("x-forwarded-for", "192.0.2.1"),
            ],
        ),
        ("function", whole(function), function, "/", &[https]),
        ("function, query", whole(function), &format!("{function}?x=1"), "/?x=1", &[https]),
        ("function, base", fixed(function), function, "/", &[https]),
        (
            "Traefik",
            traefik.clone(),
            "https://example.com/twilio/sms",
            "/sms",
            &[("host", "example.com"), https, ("x-forwarded-prefix", "/twilio")],
        ),
        (
            "Traefik, no rest",
            traefik.clone(),
            "https://example.com/twilio",
            "/",
            &[("host", "example.com"), https, ("x-forwarded-prefix", "/twilio")],
        ),
        (
            "Traefik, slash",
            traefik,
            "https://example.com/test/",
            "/",
            &[("host", "example.com"), https, ("x-forwarded-prefix", "/test")],
        ),
        (
            "ngrok",
            fixed("https://x.ngrok.app"),
            "https://x.ngrok.app/sms",
            "/sms",
            &[("host", "x.ngrok.app"), https],
        ),
        (
            "Heroku",
            heroku,
            "https://app.herokuapp.com/sms",
            "/sms",
            &[("host", "app.herokuapp.com"), https],
        ),
        (
            "Cloudflare, Flexible",
            fixed("https://a.example"),
            "https://a.example/%68i//x",
            "/%68i//x",
            &[("host", "a.example"), ("x-forwarded-proto", "http")],
        ),
    ];
    for (name, origin, console, target, lines) in rows {
        assert!(verifies(&origin, console, &head(target, lines)), "{name}");
    }
    // A client's own header makes two of them behind Traefik, and none is believed.
    let proxy = trusted().prefix_header(["/twilio"]).unwrap();
    let origin = Origin::behind_proxy(proxy, ["example.com"]).unwrap();
    let prefix = ("x-forwarded-prefix", "/twilio");
    let twice = [("host", "example.com"), https, prefix, prefix];
    let repeated = Err(OriginError::RepeatedHeader("x-forwarded-prefix"));
    assert_eq!(origin.url(&head("/sms", &twice)), repeated);
}
