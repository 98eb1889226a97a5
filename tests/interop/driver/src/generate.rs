//! Random webhooks: how they are received, and how they were signed.

use twilio_sig::Algorithm;

use crate::case::{Case, KEY_ID, Payload};
use crate::library::{Failure, Name};
use crate::random::Random;
use crate::spelling::{FORMS, Form, PORTS, Parts, Port, Spelling};

/// Characters as they stand in a decoded value: plain ones, those that an encoding must escape, and
/// those whose order differs between bytes and UTF-16.
const CHARS: &[&str] = &[
    "a",
    "b",
    "Z",
    "0",
    "7",
    " ",
    "+",
    "%",
    "&",
    "=",
    "'",
    "\"",
    "#",
    "?",
    "/",
    ":",
    "@",
    ";",
    "~",
    "-",
    "_",
    ".",
    "!",
    "*",
    "(",
    ")",
    ",",
    "|",
    "[",
    "\\",
    "<",
    "\t",
    "\n",
    "é",
    "ß",
    "日",
    "–",
    "\u{fffd}",
    "\u{ff21}",
    "🎂",
    "🏃‍♀️",
    "\u{0}",
];
pub(crate) const NAMES: &[&str] = &[
    "Body",
    "From",
    "To",
    "AccountSid",
    "CallSid",
    "Digits",
    "NumMedia",
    "MessageSid",
    "MessagingBinding.Address",
    "Reason",
    "ReasonConferenceEnded",
    "Sid",
    "SidAccount",
    "1",
    "10",
    "9",
    "a",
    "__proto__",
    "constructor",
    "bodySHA256",
];

/// A case; its URL holds the hash of a body if it has one, as `hash` makes it.
pub(crate) fn case(
    random: &mut Random,
    name: Name,
    mut hash: impl FnMut(&str) -> Result<String, Failure>,
) -> Result<Case, Failure> {
    let mut received = url(random);
    let payload = match random.below(10) {
        0..5 => Payload::Form(form(random)),
        5..8 => Payload::Body(body(random)),
        _ => Payload::None,
    };
    match &payload {
        Payload::Body(body) => {
            let good = hash(body)?;
            let other = hash("another body")?;
            received = with_query(&received, &hash_query(random, &good, &other), random);
        }
        Payload::Form(form) if random.chance(2) => {
            received = with_query(&received, &format!("bodySHA256={}", hash(form)?), random);
        }
        _ => {}
    }
    let mut case = Case::new(&secret(random), &received, payload);
    // A handshake has no body.
    case.handshake =
        case.url.starts_with("ws") && case.payload == Payload::None && random.chance(70);
    keys(random, name, &mut case);
    respell(random, &mut case);
    if let Payload::Form(_) = case.payload
        && random.chance(2)
    {
        case.signed_form = None;
    }
    if let Payload::Body(body) = &case.payload
        && random.chance(2)
    {
        case.signed_form = Some(body.clone());
    }
    Ok(case)
}

/// The crate takes no secret that holds what cannot be seen.
fn secret(random: &mut Random) -> String {
    let invisible = |c: char| c.is_control() || matches!(c, '\u{200d}' | '\u{fe0f}');
    match random.below(4) {
        0 => {
            let text = random.text(0, 80, |random| random.one_of(CHARS).to_owned());
            format!("x{}x", text.replace(invisible, ""))
        }
        _ => random.text(32, 1, |random| format!("{:x}", random.below(16))),
    }
}

/// Gives the case a shared key and a settings header, now and then.
fn keys(random: &mut Random, name: Name, case: &mut Case) {
    if random.chance(70) {
        return;
    }
    let algorithm = match name {
        Name::Python if random.chance(80) => Algorithm::HmacSha256,
        // Node's library knows no other.
        Name::Python | Name::Node => Algorithm::HmacSha1,
    };
    case.signing_algorithm = algorithm;
    case.shared = Some(algorithm).filter(|_| random.chance(90));
    if case.shared.is_none() && name == Name::Node {
        return;
    }
    let settings = match random.below(12) {
        0 => format!("algorithm={algorithm},key={KEY_ID}"),
        1 => format!(" key = {KEY_ID} , algorithm = {algorithm} "),
        2 => format!("key={KEY_ID},algorithm={}", algorithm.to_string().to_lowercase()),
        3 => format!("key={KEY_ID},algorithm={algorithm},version=1"),
        4 if name == Name::Python => return,
        5 if name == Name::Python => format!("key={KEY_ID}"),
        6 if name == Name::Python => format!("key={KEY_ID},Algorithm={algorithm}"),
        7 if name == Name::Python => format!("key={KEY_ID}x,algorithm={algorithm}"),
        8 if name == Name::Python => format!("key={KEY_ID},algorithm=HMAC_SHA1"),
        9 if name == Name::Python => format!("key={KEY_ID},algorithm=HMAC_SHA512"),
        10 if name == Name::Python => format!("algorithm={algorithm},algorithm=HMAC_SHA1"),
        _ => format!("key={KEY_ID},algorithm={algorithm}"),
    };
    case.settings = Some(settings);
}

/// Has the URL signed in another spelling than the one received.
fn respell(random: &mut Random, case: &mut Case) {
    if random.chance(50) {
        return;
    }
    if case.handshake && random.chance(15) && case.payload == Payload::None {
        if let Some(mut parts) = Parts::cut(&case.url) {
            case.signed_form = parts.query.take();
            parts.fragment = None;
            case.signed_url = parts.text();
        }
        return;
    }
    let (form, _) = FORMS[random.below(FORMS.len())];
    let (port, _) = PORTS[random.below(PORTS.len())];
    let spelling = Spelling {
        form: if random.chance(50) { form } else { Form::AsGiven },
        port: if random.chance(50) { port } else { Port::AsGiven },
        userinfo_removed: random.chance(20),
        fragment_removed: random.chance(50),
    };
    case.signed_url = spelling.of(&case.url).unwrap_or_else(|| case.url.clone());
}

fn url(random: &mut Random) -> String {
    if random.chance(30) {
        let scheme = random.one_of(&["https", "https", "http", "wss"]);
        let port = random.one_of(&["", "", ":443", ":8443"]);
        let query = random.one_of(&["", "?foo=1&bar=2", "?msg=It%20works"]);
        return format!("{scheme}://hooks.example.com{port}/sms{query}");
    }
    let scheme = match random.below(100) {
        0..55 => "https",
        55..72 => "http",
        72..88 => "wss",
        88..96 => "ws",
        _ => random.one_of(&["HTTPS", "Https", "HTTP", "WSS", "ftp", "httpss", ""]),
    };
    let userinfo = random.chance(15).then(|| url_text(random, 0, "/?#[]"));
    let host = match random.below(12) {
        0..5 => "example.com",
        _ => random.one_of(&[
            "MyCompany.COM",
            "h",
            "my_host.example",
            "192.0.2.7",
            "[2001:db8::1]",
            "[::1]",
            "[2001:DB8::A]",
            "xn--bcher-kva.example",
            "bücher.example",
            "a.b.c.",
            "localhost",
            "MyCompany.COM",
            "h",
            "my_host.example",
            "192.0.2.7",
            "[2001:db8::1]",
            "localhost",
            "",
            "[",
            "[not-an-address]",
            "a b.example",
        ]),
    };
    let port = random.chance(45).then(|| match random.below(10) {
        0..2 => "443".to_owned(),
        2..4 => "80".to_owned(),
        4 => random.one_of(&["", "0", "00443", "65535", "65536", "99999", "x"]).to_owned(),
        _ => random.below(65_536).to_string(),
    });
    let path = match random.below(12) {
        0 => String::new(),
        1 => "/".to_owned(),
        2 if random.chance(10) => "/sms\tx".to_owned(),
        _ => format!("/{}", url_text(random, 0, "?#")),
    };
    let query = random.chance(65).then(|| query(random));
    let fragment = random.chance(12).then(|| match random.below(4) {
        0 => String::new(),
        1 => "rc=2&rp=all".to_owned(),
        _ => url_text(random, 0, ""),
    });
    let host = host.to_owned();
    Parts { scheme: scheme.to_owned(), userinfo, host, port, path, query, fragment }.text()
}

/// A piece of a URL, as encoded as a client may leave it, without the characters `but`.
fn url_text(random: &mut Random, least: usize, but: &'static str) -> String {
    random.text(least, 14, move |random| {
        let text = match random.below(8) {
            0..4 => random.one_of(&["a", "B", "c", "1", "x", "-", "_", ".", "~"]).to_owned(),
            4 => random
                .one_of(&["%20", "%2F", "%2B", "%2b", "%27", "%25", "%zz", "%", "%C3%A9", "%ff"])
                .to_owned(),
            5 => random.one_of(&["'", "'", "+", ":", "@", "!", "*", "(", "$", ",", ";"]).to_owned(),
            6 => random.one_of(&["/", "/", "..", "=", "&", "?", "|", "[", "]", "\""]).to_owned(),
            _ => random.one_of(&["é", "日", "🎂", " ", "<", "a", "b", "c", "^", "\\"]).to_owned(),
        };
        if text.contains(|char| but.contains(char)) { "a".to_owned() } else { text }
    })
}

fn query(random: &mut Random) -> String {
    if random.chance(5) {
        return String::new();
    }
    let count = 1 + random.below(4);
    let segment = |random: &mut Random| match random.below(10) {
        0 => url_text(random, 0, "#"),
        1 => format!("{}={}", random.one_of(&["1", "10", "9", "a"]), url_text(random, 0, "#&")),
        2 => "foo=1".to_owned(),
        _ => format!("{}={}", url_text(random, 1, "#&="), url_text(random, 0, "#&")),
    };
    (0..count).map(|_| segment(random)).collect::<Vec<_>>().join("&")
}

fn form(random: &mut Random) -> String {
    let count = if random.chance(5) { random.below(40) } else { random.below(8) };
    let segment = |random: &mut Random| {
        let text =
            |random: &mut Random| random.text(0, 9, |random| random.one_of(CHARS).to_owned());
        let name = if random.chance(70) { random.one_of(NAMES).to_owned() } else { text(random) };
        let value = text(random);
        let (name, value) = (encoded(random, &name), encoded(random, &value));
        match random.below(50) {
            0 => String::new(),
            1 => name,
            2 => format!("{name}={value}%"),
            3 => format!("{name}={value}%4%41%zz"),
            4 => format!("{name}={value}%F0%9F"),
            _ => format!("{name}={value}"),
        }
    };
    let mut segments: Vec<_> = (0..count).map(|_| segment(random)).collect();
    if !segments.is_empty() && random.chance(25) {
        // The same name once more, perhaps with the same value.
        let first = segments[random.below(segments.len())].clone();
        let name = first.split('=').next().unwrap_or_default();
        segments.push(format!("{name}={}", random.below(3)));
        segments.push(first);
    }
    segments.join("&")
}

/// `text` as a form may have it: escaped where it must be, and here and there where it need not.
pub(crate) fn encoded(random: &mut Random, text: &str) -> String {
    let escaped = |char: char, random: &mut Random| {
        let mut bytes = [0; 4];
        let bytes = char.encode_utf8(&mut bytes).bytes();
        let upper = random.chance(80);
        let escape = |byte| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") };
        bytes.map(escape).collect::<String>()
    };
    let one = |char: char| match char {
        ' ' if random.chance(80) => "+".to_owned(),
        char if char.is_ascii_alphanumeric() && !random.chance(2) => char.to_string(),
        '-' | '_' | '.' | '*' | '~' | '\'' | '/' | ':' | '日' if random.chance(60) => {
            char.to_string()
        }
        char => escaped(char, random),
    };
    text.chars()
        .map({
            let mut one = one;
            move |char| one(char)
        })
        .collect()
}

fn body(random: &mut Random) -> String {
    match random.below(20) {
        0 => String::new(),
        1 => "{}".to_owned(),
        2 => random.text(1, 30, |random| random.one_of(CHARS).to_owned()),
        _ => {
            let text = random.text(0, 30, |random| random.one_of(CHARS).to_owned());
            serde_json::json!({"event": text, "number": random.below(1_000)}).to_string()
        }
    }
}

/// The part of a query that names the hash of a body, rightly for the most part.
fn hash_query(random: &mut Random, good: &str, other: &str) -> String {
    match random.below(30) {
        0 => format!("bodySHA256={}", good.to_uppercase()),
        1 => format!("bodySHA256={good}&bodySHA256={good}"),
        2 => format!("bodySHA256={good}&bodySHA256={other}"),
        3 => format!("bodySHA256={other}&bodySHA256={good}"),
        4 => format!("body%53HA256={good}"),
        5 => format!("bodySHA256=%{:02x}{}", good.as_bytes()[0], &good[1..]),
        6 => format!("bodySHA256={other}"),
        7 => "bodySHA256=".to_owned(),
        8 => format!("bodySHA256=&bodySHA256={good}"),
        9 => format!("bodysha256={good}"),
        10 => format!("bodySHA256={}", &good[1..]),
        11 => "foo=1".to_owned(),
        _ => format!("bodySHA256={good}"),
    }
}

/// `url` with more in its query, at one end of it.
fn with_query(url: &str, more: &str, random: &mut Random) -> String {
    let Some(mut parts) = Parts::cut(url) else { return url.to_owned() };
    parts.query = Some(match parts.query.filter(|query| !query.is_empty()) {
        None => more.to_owned(),
        Some(query) if random.chance(80) => format!("{query}&{more}"),
        Some(query) => format!("{more}&{query}"),
    });
    parts.text()
}
