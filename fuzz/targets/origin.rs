//! The URL, under any headers, is one of the configured texts and then the request target,
//! byte for byte, or there is none.
//!
//! The input: a line for the target, one for `:authority` (empty for none), one whose first byte
//! chooses the peer, and then a line for each header.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twilio_sig::{Origin, OriginError, RequestHead, Scheme, TrustedProxy};

/// A configured origin, every text that may precede a target, and whether it is behind a proxy.
struct Configured {
    origin: Origin,
    starts: Vec<String>,
    proxied: bool,
}

const HOSTS: [&str; 3] = ["a.example.com", "B.example.com:8443", "[2001:db8::1]"];

static ALL: LazyLock<Vec<Configured>> =
    LazyLock::new(|| configured().expect("the configuration is sound"));

static WHOLE: LazyLock<Vec<(&str, Origin)>> = LazyLock::new(|| {
    let urls = ["https://Example.com/sms", "https://example.com/sms?a=1&b=it's"];
    urls.map(|url| (url, Origin::whole_url(url).expect("the URL is sound"))).to_vec()
});

fn configured() -> Result<Vec<Configured>, OriginError> {
    let fixed = Origin::fixed("https://Example.com:8443/base/")?.path_prefix("/prod")?;
    let starts = vec!["https://Example.com:8443/base/prod".to_owned()];
    let mut all = vec![Configured { origin: fixed, starts, proxied: false }];
    let hosts = Origin::allowed_hosts(Scheme::Https, HOSTS)?;
    let starts = HOSTS.map(|host| format!("https://{host}"));
    all.push(Configured { origin: hosts, starts: starts.to_vec(), proxied: false });

    let all_x = TrustedProxy::x_forwarded().host_header().port_header();
    let plain = TrustedProxy::x_forwarded();
    for proxy in [plain, all_x.prefix_header(["/prod", "/"])?, TrustedProxy::forwarded()] {
        let origin = Origin::behind_proxy(proxy.peers(["10.0.0.0/8", "::1"])?, HOSTS)?;
        let origin = origin.path_prefix("/v1")?;
        let schemes = ["http", "https", "ws", "wss"].into_iter();
        let starts = schemes.flat_map(|scheme| {
            let with_path = move |path| HOSTS.map(|host| format!("{scheme}://{host}/v1{path}"));
            ["", "/prod"].into_iter().flat_map(with_path)
        });
        all.push(Configured { origin, starts: starts.collect(), proxied: true });
    }
    Ok(all)
}

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut line = || String::from_utf8_lossy(lines.next().unwrap_or_default());
    let (target, authority, peer) = (line(), line(), line());
    let (peer, trusted) = match peer.bytes().next() {
        None => (None, false),
        Some(b'6') => (Some(IpAddr::V6(Ipv6Addr::LOCALHOST)), true),
        Some(b'm') => (Some(IpAddr::V6(Ipv4Addr::new(10, 0, 0, 7).to_ipv6_mapped())), true),
        Some(b'u') => (Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))), false),
        Some(_) => (Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7))), true),
    };
    let headers: Vec<_> = lines
        .map(|line| {
            let name = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let value = line.get(name + 1..).unwrap_or_default();
            (String::from_utf8_lossy(&line[..name]), value.trim_ascii())
        })
        .collect();
    let headers = headers.iter().map(|(name, value)| (&**name, *value));
    let head = RequestHead::new(&target)
        .authority(Some(&*authority).filter(|authority| !authority.is_empty()))
        .headers(headers)
        .peer(peer);

    for Configured { origin, starts, proxied } in &*ALL {
        match origin.url(&head) {
            Ok(url) => {
                assert!(trusted || !proxied, "a peer was believed that is not trusted");
                let start = url.strip_suffix(&*target);
                // Behind a prefix that ends without a slash, the path `/` adds none.
                let start = start.or_else(|| url.strip_suffix(target.strip_prefix('/')?));
                let start = start.expect("the target ends the URL");
                assert!(starts.iter().any(|own| own == start), "{start} is not configured");
            }
            Err(OriginError::UnknownPeer) => assert!(*proxied && peer.is_none()),
            Err(error) => assert!((400..404).contains(&error.http_status()), "{error}"),
        }
    }

    for (configured, origin) in &*WHOLE {
        match origin.url(&head) {
            Ok(url) => assert!(url.starts_with(configured), "{url} is not configured"),
            Err(error) => assert!((400..404).contains(&error.http_status()), "{error}"),
        }
    }

    // What an origin was not told to read cannot change its answer.
    let unread = [("x-forwarded-host", &b"evil.example"[..]), ("forwarded", b"host=evil.example")];
    for Configured { origin, proxied, .. } in &*ALL {
        if !proxied {
            assert_eq!(origin.url(&head), origin.url(&head.headers(unread)));
        }
    }
});
