//! `Origin::behind_proxy`: which peers and which of their headers are believed.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use twilio_sig::{Origin, OriginError, RequestHead, TrustedProxy};

const PEER: &str = "10.1.2.3";
const PLAIN: [(&str, &str); 2] = [("host", "a.example.com"), ("x-forwarded-proto", "https")];
const ALL_X: [(&str, &str); 4] = [
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "a.example.com"),
    ("x-forwarded-port", "443"),
    ("x-forwarded-prefix", "/prod"),
];

fn request<'a>(peer: &str, lines: &[(&'a str, &'a str)]) -> RequestHead<'a> {
    RequestHead::new("/sms")
        .headers(lines.iter().map(|(name, value)| (*name, value.as_bytes())))
        .peer(Some(peer.parse().unwrap()))
}

fn behind(proxy: TrustedProxy) -> Origin {
    let proxy = proxy.peers(["10.0.0.0/8"]).unwrap();
    Origin::behind_proxy(proxy, ["a.example.com", "b.example.com:8443", "[2001:db8::1]"]).unwrap()
}

fn behind_all_x() -> Origin {
    let proxy = TrustedProxy::x_forwarded().host_header().port_header();
    behind(proxy.prefix_header(["/prod"]).unwrap())
}

fn forwarded(value: &str) -> Result<String, OriginError> {
    behind(TrustedProxy::forwarded()).url(&request(PEER, &[("Forwarded", value)]))
}

// ── peers ────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_peer_is_trusted_if_it_is_in_a_listed_range() {
    let ranges = "10.0.0.0/8 192.0.2.7 172.16.0.0/12 2001:db8:1::/48 ::1".split(' ');
    let proxy = TrustedProxy::x_forwarded().peers(ranges).unwrap();
    let origin = Origin::behind_proxy(proxy, ["a.example.com"]).unwrap();
    let inside = "10.0.0.0 10.255.255.255 ::ffff:10.1.2.3 192.0.2.7 172.31.255.255 2001:db8:1:: \
                  2001:db8:1:ffff:ffff:ffff:ffff:ffff ::1";
    for peer in inside.split(' ') {
        let url = origin.url(&request(peer, &PLAIN));
        assert_eq!(url.unwrap(), "https://a.example.com/sms", "{peer}");
    }
    let outside = "9.255.255.255 11.0.0.0 192.0.2.6 192.0.2.8 172.32.0.0 127.0.0.1 2001:db8:2:: \
                   2001:db8:: :: ::2 ::10.1.2.3 ::ffff:9.1.2.3";
    for peer in outside.split(' ') {
        let url = origin.url(&request(peer, &PLAIN));
        assert_eq!(url, Err(OriginError::UntrustedPeer), "{peer}");
    }
}

#[test]
fn an_unknown_peer_is_not_trusted_even_where_every_address_is() {
    let everyone = ["0.0.0.0/0", "::/0"];
    let proxy = TrustedProxy::x_forwarded().peers(everyone).unwrap();
    let origin = Origin::behind_proxy(proxy, ["a.example.com"]).unwrap();
    for peer in ["0.0.0.0", "255.255.255.255", "::", "2001:db8::1"] {
        assert!(origin.url(&request(peer, &PLAIN)).is_ok());
    }
    let error = origin.url(&request(PEER, &PLAIN).peer(None)).unwrap_err();
    // The service did not give the peer's address; the request is not at fault.
    assert_eq!((error, error.http_status()), (OriginError::UnknownPeer, 500));
    for way in
        ["into_make_service_with_connect_info::<SocketAddr>()", "PeerAddr", "RequestHead::peer"]
    {
        assert!(error.to_string().contains(way), "{error}");
    }
    assert_eq!(OriginError::UntrustedPeer.http_status(), 403);
    // A refusal by a setting names it: the log may hold no more than these words.
    for (error, setting) in [
        (OriginError::UntrustedPeer, "TrustedProxy::peers"),
        (OriginError::HostNotAllowed, "hosts that the Origin was given"),
        (OriginError::PrefixNotAllowed, "prefixes that the TrustedProxy was given"),
        (OriginError::QueryNotConfigured, "Origin::whole_url"),
    ] {
        assert!(error.to_string().contains(setting), "{error}");
    }
}

#[test]
fn a_peer_list_takes_addresses_and_sound_ranges_only() {
    let others = "/ 10.0.0.0/ 10.0.0.0/33 10.0.0.0/-1 10.0.0.0/8/8 10.0.0.1/8 10.0.0/8 010.0.0.0/8 \
                  10.0.0.1:80 ::/129 2001:db8::1/64 [::1] fe80::1%eth0 ::ffff:10.0.0.1 \
                  ::ffff:10.0.0.0/104 proxy.example.com *";
    for entry in others.split(' ').chain(["", "10.0.0.0 /8"]) {
        let error = TrustedProxy::x_forwarded().peers([entry]).unwrap_err();
        assert_eq!(error, OriginError::InvalidPeer, "{entry:?}");
    }
}

// ── which headers are read ───────────────────────────────────────────────────────────────────────

#[test]
fn a_proxy_without_peers_or_with_both_kinds_of_headers_is_refused() {
    let forwarded = || TrustedProxy::forwarded().peers(["::1"]).unwrap();
    for proxy in [
        TrustedProxy::forwarded(),
        TrustedProxy::x_forwarded(),
        forwarded().host_header(),
        forwarded().port_header(),
        forwarded().prefix_header(["/p"]).unwrap(),
    ] {
        let error = Origin::behind_proxy(proxy, ["a.example.com"]).unwrap_err();
        assert_eq!(error, OriginError::InvalidProxy);
    }
}

#[test]
fn a_header_that_was_not_asked_for_is_never_read() {
    let mut lines = PLAIN.to_vec();
    lines.push(("forwarded", "proto=ws;host=b.example.com"));
    lines.push(("x-forwarded-host", "b.example.com"));
    lines.push(("x-forwarded-port", "8443"));
    lines.push(("x-forwarded-prefix", "/evil"));
    let url = behind(TrustedProxy::x_forwarded()).url(&request(PEER, &lines));
    assert_eq!(url.unwrap(), "https://a.example.com/sms");

    let mut lines = PLAIN.to_vec();
    lines.push(("forwarded", "proto=ws;host=\"b.example.com:8443\""));
    lines.push(("x-forwarded-host", "a.example.com"));
    let url = behind(TrustedProxy::forwarded()).url(&request(PEER, &lines));
    assert_eq!(url.unwrap(), "ws://b.example.com:8443/sms");
}

#[test]
fn a_header_that_was_asked_for_must_be_there() {
    let url = behind_all_x().url(&request(PEER, &ALL_X));
    assert_eq!(url.unwrap(), "https://a.example.com/prod/sms");
    for (missing, (name, _)) in ALL_X.iter().enumerate() {
        let mut rest = ALL_X.to_vec();
        rest[missing] = ("host", "a.example.com");
        rest.push(("forwarded", "proto=https;host=a.example.com"));
        let url = behind_all_x().url(&request(PEER, &rest));
        assert_eq!(url, Err(OriginError::MissingHeader(name)));
    }
    let url = behind(TrustedProxy::forwarded()).url(&request(PEER, &ALL_X));
    assert_eq!(url, Err(OriginError::MissingHeader("forwarded")));
}

#[test]
fn each_forwarding_header_may_have_one_value_only() {
    for (at, (name, value)) in ALL_X.into_iter().enumerate() {
        let repeated = Err(OriginError::RepeatedHeader(name));
        let mut twice = ALL_X.to_vec();
        twice.push((name, value));
        assert_eq!(behind_all_x().url(&request(PEER, &twice)), repeated);
        for separator in [",", ", "] {
            let joined = format!("{value}{separator}{value}");
            let mut lines = ALL_X;
            lines[at] = (name, &joined);
            assert_eq!(behind_all_x().url(&request(PEER, &lines)), repeated);
        }
    }
}

// ── X-Forwarded-* ────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_forwarded_scheme_is_one_of_four_in_any_case_of_letters() {
    let origin = behind(TrustedProxy::x_forwarded());
    let url = |proto| {
        let lines = [("host", "a.example.com"), ("x-forwarded-proto", proto)];
        origin.url(&request(PEER, &lines))
    };
    for (proto, scheme) in [("http", "http"), ("HTTPS", "https"), ("ws", "ws"), ("Wss", "wss")] {
        assert_eq!(url(proto).unwrap(), format!("{scheme}://a.example.com/sms"));
    }
    for proto in ["", "ftp", "https:", "https://evil.example/", "on", "https ", "javascript"] {
        let expected = Err(OriginError::MalformedHeader("x-forwarded-proto"));
        assert_eq!(url(proto), expected, "{proto:?}");
    }
}

#[test]
fn the_forwarded_host_must_be_on_the_list() {
    let origin = behind(TrustedProxy::x_forwarded().host_header());
    for (host, expected) in [
        ("B.example.com:8443", Ok("https://b.example.com:8443/sms".to_owned())),
        ("evil.example", Err(OriginError::HostNotAllowed)),
        ("b.example.com", Err(OriginError::HostNotAllowed)),
        ("a@b.example.com", Err(OriginError::MalformedHeader("x-forwarded-host"))),
    ] {
        let lines = [("x-forwarded-proto", "https"), ("x-forwarded-host", host)];
        assert_eq!(origin.url(&request(PEER, &lines)), expected);
    }
}

#[test]
fn the_forwarded_port_is_a_port_and_agrees_with_the_host() {
    let origin = behind(TrustedProxy::x_forwarded().port_header());
    let url = |host, port| {
        let lines = [("host", host), ("x-forwarded-proto", "https"), ("x-forwarded-port", port)];
        origin.url(&request(PEER, &lines))
    };
    assert_eq!(url("a.example.com", "443").unwrap(), "https://a.example.com/sms");
    assert_eq!(url("b.example.com", "8443").unwrap(), "https://b.example.com:8443/sms");
    assert_eq!(url("b.example.com:8443", "8443").unwrap(), "https://b.example.com:8443/sms");
    assert_eq!(url("b.example.com:8443", "443"), Err(OriginError::HostConflict));
    assert_eq!(url("b.example.com:443", "8443"), Err(OriginError::HostConflict));
    assert_eq!(url("a.example.com", "80"), Err(OriginError::HostNotAllowed));
    for port in ["", "0", "0443", "65536", "-1", "+443", "443x", "4 43", "443/evil", "\u{664}"] {
        let expected = Err(OriginError::MalformedHeader("x-forwarded-port"));
        assert_eq!(url("a.example.com", port), expected, "{port:?}");
    }
}

#[test]
fn a_forwarded_prefix_is_taken_from_the_list_alone() {
    let proxy = TrustedProxy::x_forwarded().prefix_header(["/prod/", "/v1/test", "/"]).unwrap();
    let origin = behind(proxy).path_prefix("/outer").unwrap();
    let proto = ("x-forwarded-proto", "https");
    let url = |prefix| {
        let lines = [("host", "a.example.com"), proto, ("x-forwarded-prefix", prefix)];
        origin.url(&request(PEER, &lines))
    };
    for (prefix, path) in [("/prod", "/prod"), ("/v1/test/", "/v1/test"), ("/", "")] {
        let expected = format!("https://a.example.com/outer{path}/sms");
        assert_eq!(url(prefix).unwrap(), expected);
    }
    let empty = Err(OriginError::MalformedHeader("x-forwarded-prefix"));
    assert_eq!(url(""), empty);
    for prefix in ["/evil", "/PROD", "/prod/x", "/prod/..", "prod", "//", "@evil.example"] {
        let error = url(prefix).unwrap_err();
        let expected = (OriginError::PrefixNotAllowed, 403);
        assert_eq!((error, error.http_status()), expected, "{prefix:?}");
    }
}

// ── Forwarded ────────────────────────────────────────────────────────────────────────────────────

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    for value in [
        "proto=https;host=a.example.com",
        "Proto=HTTPS;HOST=A.example.com",
        "host=\"a.example.com\";proto=\"https\"",
        "by=203.0.113.43;for=192.0.2.60;host=a.example.com;proto=https",
        "for=\"[2001:db8:cafe::17]:4711\";proto=https;host=\"a.example.com:443\"",
        "for=_hidden;by=\";proto=http;\";proto=https;host=a.example.com",
    ] {
        assert_eq!(forwarded(value).unwrap(), "https://a.example.com/sms", "{value}");
    }
    let ipv6 = forwarded("proto=https;host=\"[2001:db8::1]\"");
    assert_eq!(ipv6.unwrap(), "https://[2001:db8::1]/sms");
}

#[test]
fn forwarded_in_any_other_form_is_refused() {
    let pairs = "; = proto proto=https host=a.example.com proto=https;host= \
        proto=;host=a.example.com proto=https;;host=a.example.com proto=https;host=a.example.com; \
        proto=ftp;host=a.example.com proto=https;proto=https;host=a.example.com \
        proto=https;host=a.example.com;Host=a.example.com proto=https;host=a.example.com;(=x \
        proto=https;host=a.example.com;=x proto=https;host=a.example.com;f\u{f6}r=x";
    let values = "b.example.com:8443 [2001:db8::1] \"a.example.com a.example.com\" \
        \"a.example.com\"x \"a\\.example.com\" a.example.com;for=\"\\\" \
        a.example.com;for=\"\\\\\" \"user@a.example.com\" \"a.example.com:0\" \"\"";
    let values = values.split(' ').map(|value| format!("proto=https;host={value}"));
    let spaced = [
        "",
        "proto=https; host=a.example.com",
        "proto = https;host=a.example.com",
        "for=\"a b\";proto=https;host=a.example.com",
        "for=\"\u{f6}\";proto=https;host=a.example.com",
    ];
    for value in pairs.split(' ').chain(spaced).map(str::to_owned).chain(values) {
        let expected = Err(OriginError::MalformedHeader("forwarded"));
        assert_eq!(forwarded(&value), expected, "{value}");
    }
    let off_list = forwarded("proto=https;host=evil.example");
    assert_eq!(off_list, Err(OriginError::HostNotAllowed));
}

#[test]
fn forwarded_with_more_than_one_element_is_refused() {
    let repeated = Err(OriginError::RepeatedHeader("forwarded"));
    for value in [
        "proto=https;host=a.example.com,proto=https;host=a.example.com",
        "for=192.0.2.1, proto=https;host=a.example.com",
        "proto=https;host=a.example.com,",
        "for=\"a,b\";proto=https;host=a.example.com",
    ] {
        assert_eq!(forwarded(value), repeated);
    }
    let line = ("forwarded", "proto=https;host=a.example.com");
    let origin = behind(TrustedProxy::forwarded());
    assert_eq!(origin.url(&request(PEER, &[line, line])), repeated);
}

// ── all of them ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn whatever_bytes_the_headers_have_the_url_starts_with_an_allowed_origin() {
    let origins = [
        behind(TrustedProxy::forwarded()),
        behind(TrustedProxy::x_forwarded().port_header()),
        behind_all_x(),
    ];
    let allowed = "a.example.com/sms a.example.com/prod/sms b.example.com:8443/sms";
    let forwarded = "for=_x;proto=https;host=\"b.example.com:8443\"";
    let mut honest = ALL_X.to_vec();
    honest.extend([("host", "a.example.com"), ("forwarded", forwarded)]);
    let mut accepted = 0;
    for (changed, (_, value)) in honest.iter().enumerate() {
        let positions = 0..value.len();
        for (at, byte) in positions.flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte))) {
            let mut hostile = value.as_bytes().to_vec();
            hostile[at] = byte;
            let mut lines: Vec<_> = honest.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
            lines[changed].1 = &hostile;
            let head = RequestHead::new("/sms").headers(lines);
            let head = head.peer(PEER.parse().ok());
            for url in origins.iter().filter_map(|origin| origin.url(&head).ok()) {
                let (scheme, rest) = url.split_once("://").unwrap();
                assert!(["http", "https", "ws", "wss"].contains(&scheme), "{url}");
                assert!(allowed.split(' ').any(|url| url == rest), "{url}");
                accepted += 1;
            }
        }
    }
    assert!(accepted > 0, "the honest headers themselves must pass");
}

#[test]
fn an_error_never_shows_a_byte_of_the_headers() {
    for (at, (name, _)) in ALL_X.into_iter().enumerate() {
        let mut lines = ALL_X;
        lines[at] = (name, "zzqx");
        let error = behind_all_x().url(&request(PEER, &lines)).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("zzqx"), "{text}");
    }
}
