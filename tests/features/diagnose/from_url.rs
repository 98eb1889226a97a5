//! Mistakes with the URL.

use twilio_sig::{Cause, Diagnosis, Hints, UrlPolicy, Verifier, diagnose};

use super::arrived::{get, post, websocket};
use super::{BODY, Case, JSON, URL, form, signer, token, url, verifier};

/// A URL without a body that is signed, and one that is verified in its place.
fn of_get(signed: &str, given: &str, hints: &Hints) -> Diagnosis {
    let header = signer().sign_url(signed).header_value();
    diagnose(&verifier(), &get(given).signature(&header), hints)
}

fn configured(url: &str) -> Hints {
    Hints::new().configured_url(url)
}

/// A JSON request whose URL is damaged after signing.
fn json(url: &str, damage: impl Fn(&str) -> String) -> Diagnosis {
    let (signed, signature) = signer().sign_body_hash(url, JSON.as_bytes());
    let (given, header) = (damage(&signed), signature.header_value());
    let webhook = post(&given, JSON.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, &Hints::new())
}

pub(crate) const CASES: &[Case] = &[
    (Cause::TlsTerminated, || url(URL, "http://hooks.example.com/sms", &Hints::new())),
    (Cause::TlsTerminated, || {
        of_get("https://e.com/voice?a=1", "http://e.com/voice?a=1", &Hints::new())
    }),
    (Cause::TlsTerminated, || json(URL, |url| url.replace("https", "http"))),
    // Voice drops the port when it signs.
    (Cause::TlsTerminated, || url("https://e.com/v", "http://e.com:8443/v", &Hints::new())),
    (Cause::TlsTerminated, || {
        let header = signer().sign_url("wss://e.com/media").header_value();
        let webhook = websocket("http://e.com/media").signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::TlsTerminated, || {
        let header = signer().sign_url("wss://e.com/media/").header_value();
        let webhook = websocket("ws://e.com/media").signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::SignedAsHttp, || {
        let header = signer().sign_url("ws://e.com/media").header_value();
        let webhook = websocket("https://e.com/media").signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::SignedAsHttp, || url("http://hooks.example.com/sms", URL, &Hints::new())),
    (Cause::WebSocketAsHttp, || of_get("wss://e.com/media", "https://e.com/media", &Hints::new())),
    (Cause::WebSocketAsHttp, || {
        of_get("wss://e.com/media/?t=1", "https://e.com/media?t=1", &Hints::new())
    }),
    (Cause::HttpAsWebSocket, || {
        let header = signer().sign_url("https://e.com/media").header_value();
        let webhook = websocket("wss://e.com/media").signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::WrongHost, || {
        url(
            URL,
            "https://10.0.3.7:8080/sms",
            &Hints::new().header("x-forwarded-host", "hooks.example.com"),
        )
    }),
    (Cause::WrongHost, || {
        let chain = "a.internal, hooks.example.com:443";
        url(URL, "https://app/sms", &Hints::new().header("X-Forwarded-Host", chain))
    }),
    (Cause::WrongHost, || {
        let forwarded = "for=192.0.2.1;host=\"hooks.example.com\";proto=https, for=10.0.0.1";
        url(URL, "https://app/sms", &Hints::new().header("Forwarded", forwarded))
    }),
    (Cause::WrongHost, || url(URL, "https://app/sms", &configured("https://hooks.example.com/x"))),
    (Cause::WrongHost, || url("https://www.e.com/sms", "https://e.com/sms", &Hints::new())),
    (Cause::HostCase, || {
        url("https://hooks.example.com/a", "https://Hooks.Example.com/a", &Hints::new())
    }),
    (Cause::HostCase, || {
        url("https://Hooks.Example.com/sms", URL, &configured("https://Hooks.Example.com/sms"))
    }),
    (Cause::WrongPort, || url("https://e.com:8443/sms", "https://e.com/sms", &Hints::new())),
    (Cause::WrongPort, || {
        url(
            "https://e.com:4567/a",
            "https://e.com:3000/a",
            &Hints::new().header("X-Forwarded-Port", "4567"),
        )
    }),
    (Cause::WrongPort, || {
        url("https://e.com:4567/a", "https://e.com/a", &Hints::new().header("Host", "e.com:4567"))
    }),
    (Cause::PathPrefixMissing, || {
        url("https://e.com/prod/sms", "https://e.com/sms", &Hints::new())
    }),
    (Cause::PathPrefixMissing, || {
        let hints = Hints::new().header("X-Forwarded-Prefix", "/tenant-7/");
        url("https://e.com/tenant-7/sms", "https://e.com/sms", &hints)
    }),
    (Cause::PathPrefixMissing, || {
        url("https://e.com/a/b/sms", "https://e.com/sms", &configured("https://e.com/a/b/sms"))
    }),
    // A proxy that strips the prefix leaves a bare slash.
    (Cause::PathPrefixMissing, || {
        let hints = Hints::new().header("X-Forwarded-Prefix", "sms");
        url("https://e.com/sms", "https://e.com/", &hints)
    }),
    (Cause::PathPrefixMissing, || {
        url("https://e.com/a/sms", "https://e.com", &configured("e.com/a/sms"))
    }),
    (Cause::PathPrefixAdded, || url("https://e.com/sms", "https://e.com//sms", &Hints::new())),
    (Cause::PathPrefixAdded, || {
        url("https://e.com/sms/in", "https://e.com/app/v2/sms/in", &Hints::new())
    }),
    (Cause::TrailingSlashMissing, || {
        url("https://e.com/sms/?a=1", "https://e.com/sms?a=1", &Hints::new())
    }),
    (Cause::TrailingSlashAdded, || url(URL, "https://hooks.example.com/sms/", &Hints::new())),
    (Cause::SlashesMerged, || url("https://e.com//sms/in", "https://e.com/sms/in", &Hints::new())),
    (Cause::SlashesMerged, || url("https://e.com/sms//in", "https://e.com/sms/in", &Hints::new())),
    (Cause::PathRewritten, || {
        url("https://e.com/sms/", "https://e.com/sms/index.php", &Hints::new())
    }),
    (Cause::PathRewritten, || {
        let hints = Hints::new().header("X-Original-URI", "/twilio/in?a=1");
        url("https://e.com/twilio/in?a=1", "https://e.com/front.php?a=1", &hints)
    }),
    (Cause::PathReencoded, || {
        url("https://e.com/caf%C3%A9%20bar", "https://e.com/café bar", &Hints::new())
    }),
    (Cause::PathReencoded, || url("https://e.com/a:b", "https://e.com/a%3Ab", &Hints::new())),
    (Cause::PathReencoded, || url("https://e.com/a%2fb", "https://e.com/a%2Fb", &Hints::new())),
    (Cause::QueryReordered, || {
        url("https://e.com/s?b=1&a=2", "https://e.com/s?a=2&b=1", &Hints::new())
    }),
    (Cause::QueryReordered, || {
        url("https://e.com/s?d=1&a=2&c=3&b=4", "https://e.com/s?a=2&b=4&c=3&d=1", &Hints::new())
    }),
    (Cause::QueryReordered, || {
        let signed = "https://e.com/s?f=1&e=2&a=3&g=4&b=5&d=6&c=7";
        url(signed, "https://e.com/s?a=3&b=5&c=7&d=6&e=2&f=1&g=4", &configured(signed))
    }),
    (Cause::QueryReordered, || {
        json("https://e.com/s?z=1", |url| {
            let (hash, z) = (url.split_once('&').unwrap().1, "z=1");
            format!("https://e.com/s?{hash}&{z}")
        })
    }),
    (Cause::QueryReencoded, || {
        url("https://e.com/s?q=a+b&u=a:b", "https://e.com/s?q=a%20b&u=a:b", &Hints::new())
    }),
    (Cause::QueryReencoded, || {
        url(
            "https://e.com/s?n=a%3ab%2Cc",
            "https://e.com/s?n=a:b,c",
            &configured("https://e.com/s?n=a%3ab%2Cc"),
        )
    }),
    (Cause::QueryReencoded, || {
        url("https://e.com/s?a[]=1,2", "https://e.com/s?a%5B%5D=1%2C2", &Hints::new())
    }),
    (Cause::QueryReencoded, || {
        url("https://e.com/s?flag&a=1", "https://e.com/s?flag=&a=1", &Hints::new())
    }),
    (Cause::QueryReencoded, || {
        url("https://e.com/s?x=%c3%a9", "https://e.com/s?x=%C3%A9", &Hints::new())
    }),
    (Cause::QueryDropped, || {
        url("https://e.com/s?tenant=7", "https://e.com/s", &configured("https://e.com/s?tenant=7"))
    }),
    (Cause::QueryDropped, || {
        let hints = Hints::new().header("X-Original-URL", "/s?tenant=7&x=1");
        url("https://e.com/s?tenant=7&x=1", "https://e.com/s?x=1", &hints)
    }),
    (Cause::QueryParamAdded, || {
        url("https://e.com/s?a=1", "https://e.com/s?a=1&gateway=eu-1", &Hints::new())
    }),
    (Cause::QueryParamAdded, || url("https://e.com/s", "https://e.com/s?a=1&b=2", &Hints::new())),
    (Cause::BodyHashDropped, || json(URL, |url| url.split_once('?').unwrap().0.into())),
    (Cause::BodyHashDropped, || {
        json("https://e.com/s?a=1", |url| url.split_once('&').unwrap().0.into())
    }),
    // The configured URL had a hash already, and Twilio added its own.
    (Cause::BodyHashRepeated, || json("https://e.com/s?bodySHA256=00", |url| url.into())),
    (Cause::FragmentMissing, || {
        url(
            "https://e.com/s?a=1#rc=2",
            "https://e.com/s?a=1",
            &configured("https://e.com/s?a=1#rc=2"),
        )
    }),
    (Cause::FragmentEncoded, || url("https://e.com/s", "https://e.com/s%23rc=2", &Hints::new())),
    (Cause::FragmentEncoded, || {
        url("https://e.com/s?a=1", "https://e.com/s?a=1%23rc=2&rp=all", &Hints::new())
    }),
    (Cause::UserinfoMissing, || {
        url(
            "https://user:pass@e.com/s",
            "https://e.com/s",
            &configured("https://user:pass@e.com/s"),
        )
    }),
    (Cause::UrlHtmlEscaped, || {
        url("https://e.com/s?a=1&b=2", "https://e.com/s?a=1&amp;b=2", &Hints::new())
    }),
    (Cause::UrlWhitespace, || url(URL, "https://hooks.example.com/sms\n", &Hints::new())),
    (Cause::UrlWhitespace, || url(URL, " \"https://hooks.example.com/sms\"", &Hints::new())),
    (Cause::UrlNotAbsolute, || url(URL, "/sms", &Hints::new().header("host", "hooks.example.com"))),
    (Cause::UrlNotAbsolute, || url(URL, "hooks.example.com/sms", &Hints::new())),
    (Cause::UrlNotAbsolute, || url(URL, "/sms", &Hints::new())),
    (Cause::UrlDoubled, || {
        url(URL, "https://base.example.comhttps://hooks.example.com/sms", &Hints::new())
    }),
    (Cause::UrlDoubled, || {
        form(
            (URL, BODY),
            ("http://10.0.0.7:8080/https://hooks.example.com/sms", BODY),
            &Hints::new(),
        )
    }),
    (Cause::UrlPolicyExact, || {
        let header = signer().sign_form("https://e.com/s", BODY.as_bytes()).unwrap().header_value();
        let exact = Verifier::builder().auth_token(token()).url_policy(UrlPolicy::Exact).build();
        let webhook = post("https://e.com:443/s", BODY.as_bytes()).signature(&header);
        diagnose(&exact.unwrap(), &webhook, &Hints::new())
    }),
];
