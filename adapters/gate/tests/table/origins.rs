//! Origins that look at the request, and hostile values of what they look at.

use twilio_sig::{Origin, Scheme, TrustedProxy, Verifier};
use twilio_sig_gate::Gate;

use super::wire::Request;
use super::{BASE, FORM, Row, Step, form, form_to, gate, refused, token, verified};

fn behind(origin: Origin, name: &'static str, steps: Vec<Step>) -> Row {
    Row { name, gate: Gate::new(Verifier::new(token()), origin), steps }
}

/// Values of a header that names a host, none of which may choose a URL. A server may refuse some
/// of them before the gate does.
fn hostile() -> Vec<Vec<u8>> {
    let values: [&[u8]; 16] = [
        b"evil.example",
        b"example.com, evil.example",
        b"example.com,example.com",
        b"example.com:65536",
        b"example.com:0",
        b"example.com:-1",
        b"example.com:443:443",
        b"user@example.com",
        b"evil.example@example.com",
        b"example.com/",
        b"example.com?",
        b"example.com#",
        b"example.com\\",
        b"example.com\t.evil.example",
        b"example.com\x01",
        b"",
    ];
    let long = [b"example.com".as_slice(), &vec![b'x'; 65_536]].concat();
    values.into_iter().map(<[u8]>::to_vec).chain([long, b"ex\xffmple.com".to_vec()]).collect()
}

const REFUSED: &[u16] = &[400, 403, 431, 0];

pub(super) fn rows() -> Vec<Row> {
    vec![fixed(), hosts(), proxy(), forwarded(), stranger(), prefix()]
}

/// A configured origin asks no header, so none can move it.
fn fixed() -> Row {
    let odd = form("/sms", FORM)
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example");
    let steps = vec![
        verified(form("/sms", FORM).header("host", "evil.example"), FORM, "form"),
        verified(odd, FORM, "form"),
    ];
    Row { name: "a fixed origin", gate: gate(), steps }
}

fn hosts() -> Row {
    let origin = Origin::allowed_hosts(Scheme::Https, ["example.com", "b.example:8443"]).unwrap();
    let to = |base: &str, host: &[u8]| form_to(base, "/sms", FORM, &token()).header("host", host);
    let mut steps = vec![
        verified(to(BASE, b"example.com"), FORM, "form"),
        verified(to(BASE, b"EXAMPLE.com:443"), FORM, "form"),
        verified(to("https://b.example:8443", b"b.example:8443"), FORM, "form"),
        refused(to(BASE, b"b.example:8443"), &[403]),
        refused(to(BASE, b"b.example"), &[403]),
        refused(to(BASE, b"example.com").header("host", "example.com"), REFUSED),
        refused(to(BASE, b"example.com").header("host", "evil.example"), REFUSED),
        refused(to("https://evil.example", b"evil.example"), &[403]),
    ];
    steps.extend(hostile().into_iter().map(|host| refused(to(BASE, &host), REFUSED)));
    behind(origin, "allowed hosts", steps)
}

fn loopback() -> [&'static str; 2] {
    ["127.0.0.1", "::1"]
}

fn proxy() -> Row {
    let proxy = TrustedProxy::x_forwarded().host_header().port_header().peers(loopback()).unwrap();
    let origin = Origin::behind_proxy(proxy, ["example.com"]).unwrap();
    let from = |proto: &str, host: &[u8], port: &str| {
        form_to(BASE, "/sms", FORM, &token())
            .header("x-forwarded-proto", proto)
            .header("x-forwarded-host", host)
            .header("x-forwarded-port", port)
    };
    let good = || from("https", b"example.com", "443");
    let mut steps = vec![
        verified(good(), FORM, "form"),
        refused(from("http", b"example.com", "443"), &[403]),
        refused(from("https,http", b"example.com", "443"), &[400]),
        refused(from("gopher", b"example.com", "443"), &[400]),
        refused(from("https", b"example.com", "65536"), &[400]),
        refused(from("https", b"example.com", "80,443"), &[400]),
        refused(from("https", b"example.com", "8443"), &[403]),
        refused(from("https", b"example.com:8443", "443"), &[400]),
        refused(good().header("x-forwarded-host", "example.com"), &[400]),
        refused(good().header("x-forwarded-proto", "https"), &[400]),
        refused(good().header("x-forwarded-port", "443"), &[400]),
        refused(form("/sms", FORM), &[400]),
    ];
    steps.extend(hostile().into_iter().map(|host| refused(from("https", &host, "443"), REFUSED)));
    behind(origin, "X-Forwarded headers of a trusted proxy", steps)
}

fn forwarded() -> Row {
    let proxy = TrustedProxy::forwarded().peers(loopback()).unwrap();
    let origin = Origin::behind_proxy(proxy, ["example.com"]).unwrap();
    let from = |value: &[u8]| form("/sms", FORM).header("forwarded", value);
    let mut steps = vec![
        verified(from(b"for=192.0.2.1;proto=https;host=example.com"), FORM, "form"),
        verified(from(b"proto=https;host=\"example.com:443\""), FORM, "form"),
        refused(from(b"proto=https;host=example.com;host=example.com"), &[400]),
        refused(from(b"proto=https;host=example.com, proto=http;host=a"), &[400]),
        refused(from(b"proto=https;host=\"example.com"), &[400]),
        refused(from(b"host=example.com"), &[400]),
    ];
    let element = |host: Vec<u8>| [b"proto=https;host=".as_slice(), &host].concat();
    steps.extend(hostile().into_iter().map(|host| refused(from(&element(host)), REFUSED)));
    behind(origin, "Forwarded header of a trusted proxy", steps)
}

/// Headers of a peer that is not the proxy count for nothing.
fn stranger() -> Row {
    let proxy = TrustedProxy::x_forwarded().peers(["192.0.2.1"]).unwrap();
    let origin = Origin::behind_proxy(proxy, ["example.com"]).unwrap();
    let request: Request = form("/sms", FORM)
        .header("host", "example.com")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-for", "192.0.2.1");
    behind(origin, "a peer that is no proxy", vec![refused(request, &[403])])
}

fn prefix() -> Row {
    let origin = Origin::fixed(BASE).unwrap().path_prefix("/prod").unwrap();
    let at = |base: &str| form_to(base, "/sms", FORM, &token());
    let steps =
        vec![verified(at("https://example.com/prod"), FORM, "form"), refused(at(BASE), &[403])];
    behind(origin, "a prefix that a gateway cut off", steps)
}
