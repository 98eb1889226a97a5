//! The request before it is signed: every part of a URL, every kind of body.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{ACCOUNT, OTHER_ACCOUNT};
use crate::reference::{Payload, Request, mac};

/// A request before it is signed.
#[derive(Clone, Debug)]
pub struct Parts {
    before_query: String,
    query: Option<Vec<String>>,
    fragment: Option<String>,
    payload: Payload,
    hash: HashStyle,
    hash_place: Index,
    websocket: bool,
}

/// How `bodySHA256` stands in the query.
#[derive(Clone, Copy, Debug)]
enum HashStyle {
    Absent,
    Right,
    UpperCase,
    Twice,
    RightAndWrong,
    Wrong,
    Short,
    Empty,
    WithoutEquals,
    OtherCase,
    EncodedName,
}

impl Parts {
    pub fn into_request(self) -> Request {
        let Self { before_query, query, fragment, payload, hash, hash_place, websocket } = self;
        let body = match &payload {
            Payload::Body(body) => body.as_slice(),
            Payload::Params(_) => b"",
        };
        let right: String = mac::sha256_hex(body).into_iter().map(char::from).collect();
        let wrong: String = mac::sha256_hex(b"another body").into_iter().map(char::from).collect();
        let added: Vec<String> = match hash {
            HashStyle::Absent => vec![],
            HashStyle::Right => vec![format!("bodySHA256={right}")],
            HashStyle::UpperCase => vec![format!("bodySHA256={}", right.to_ascii_uppercase())],
            HashStyle::Twice => vec![format!("bodySHA256={right}"); 2],
            HashStyle::RightAndWrong => {
                vec![format!("bodySHA256={right}"), format!("bodySHA256={wrong}")]
            }
            HashStyle::Wrong => vec![format!("bodySHA256={wrong}")],
            HashStyle::Short => vec![format!("bodySHA256={}", &right[1..])],
            HashStyle::Empty => vec!["bodySHA256=".to_owned()],
            HashStyle::WithoutEquals => vec!["bodySHA256".to_owned()],
            HashStyle::OtherCase => vec![format!("bodysha256={right}")],
            HashStyle::EncodedName => vec![format!("body%53HA256={right}")],
        };
        let mut segments = query.clone().unwrap_or_default();
        let place = hash_place.index(segments.len() + 1);
        segments.splice(place..place, added);

        let mut url = before_query;
        if query.is_some() || !segments.is_empty() {
            url += &format!("?{}", segments.join("&"));
        }
        if let Some(fragment) = fragment {
            url += &format!("#{fragment}");
        }
        Request { url, payload, signature: None, settings: None, websocket }
    }
}

pub fn parts() -> impl Strategy<Value = Parts> {
    let hashed = prop_oneof![
        4 => Just(HashStyle::Right),
        2 => select(vec![HashStyle::UpperCase, HashStyle::Twice, HashStyle::RightAndWrong]),
        1 => select(vec![HashStyle::Wrong, HashStyle::Short, HashStyle::Empty]),
        1 => select(vec![
            HashStyle::WithoutEquals,
            HashStyle::OtherCase,
            HashStyle::EncodedName,
        ]),
    ];
    let hash = prop_oneof![3 => Just(HashStyle::Absent), 2 => hashed];
    let fragment = option::weighted(0.2, select(vec!["", "rc=2&rp=all", "a#b", "?x=1"]));
    let segments = option::weighted(0.75, vec(query_segment(), 0..4));
    let websocket = prop::bool::weighted(0.25);
    // A WebSocket handshake has no body, as a rule.
    let bare_handshake = prop::bool::weighted(0.8);
    let shape = (hash, any::<Index>(), websocket, bare_handshake);
    (before_query(), segments, fragment, payload(), shape).prop_map(
        |(before_query, query, fragment, payload, shape)| {
            let (hash, hash_place, websocket, bare_handshake) = shape;
            let payload = match payload {
                Payload::Body(_) if websocket && bare_handshake => Payload::Body(vec![]),
                Payload::Params(_) if websocket && bare_handshake => Payload::Params(vec![]),
                payload => payload,
            };
            let fragment = fragment.map(str::to_owned);
            Parts { before_query, query, fragment, payload, hash, hash_place, websocket }
        },
    )
}

/// A request whose URL says nothing about its body.
pub fn without_hash() -> impl Strategy<Value = Request> {
    parts().prop_map(|parts| Parts { hash: HashStyle::Absent, ..parts }.into_request())
}

pub fn before_query() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        8 => Just("https"),
        3 => Just("http"),
        2 => select(vec!["wss", "ws", "HTTPS", "Http", "wSs", "Ws"]),
    ];
    let userinfo = prop_oneof![
        3 => Just(""),
        1 => select(vec!["user:pass@", "user@", "user:@", "@", ":@", "a@b@", "it's:%27@", "é[@"]),
    ];
    let host = prop_oneof![
        4 => Just("mycompany.com"),
        2 => select(vec!["Example.COM", "my_host.example", "127.0.0.1", "h", "xn--mnchen-3ya.de"]),
        2 => select(vec!["[2001:db8::1]", "[::ffff:1.2.3.4]", "[::1%25eth0]", "münchen.example"]),
    ];
    let port = prop_oneof![
        4 => Just(""),
        3 => select(vec![":443", ":80", ":8443", ":1234"]),
        1 => select(vec![":", ":0", ":65535", ":00080"]),
    ];
    let path = prop_oneof![
        4 => Just("/myapp.php".to_owned()),
        2 => Just(String::new()),
        2 => Just("/".to_owned()),
        1 => "(/[a-zA-Z0-9 %'@:\\[\\]+é-]{0,6}){1,3}",
    ];
    (scheme, userinfo, host, port, path).prop_map(|(scheme, userinfo, host, port, path)| {
        format!("{scheme}://{userinfo}{host}{port}{path}")
    })
}

fn query_segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["foo=1", "bar=2", "Digits=12", "Sid=1"]).prop_map(str::to_owned),
        3 => select(vec!["Body=It's+amazing", "x=It%27s", "a'=%27", "q=a%20b", "q=a%2bb", "u=@:"])
            .prop_map(str::to_owned),
        2 => select(vec!["", "b", "=", "=v", "k=", "a=b=c", "q=%zz%", "u=caf%C3%A9", "u=café"])
            .prop_map(str::to_owned),
        1 => select(vec![ACCOUNT, OTHER_ACCOUNT, ""]).prop_map(|sid| format!("AccountSid={sid}")),
        1 => "[ -\"$-%'-~é]{0,8}",
    ]
}

pub fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        5 => (form_pairs(), vec(0..6_u8, 12)).prop_map(|(pairs, spelling)| {
            Payload::Body(form_body(&pairs, &spelling))
        }),
        3 => form_pairs().prop_map(Payload::Params),
        2 => Just(Payload::Body(vec![])),
        1 => Just(Payload::Params(vec![])),
        2 => select(vec![
            "{}",
            "[1,2]",
            "{\"property\": \"value\", \"boolean\": true}",
            "[{\"id\":\"EZ1\",\"data\":{\"a\":\"b=c&d\"}}]",
        ])
        .prop_map(|json| Payload::Body(json.as_bytes().to_vec())),
        1 => select(vec!["&", "&&", "=", "=&=", "+", "%", "%4", "%zz=%", "a", "==", "#=rc=2"])
            .prop_map(|odd| Payload::Body(odd.as_bytes().to_vec())),
        1 => vec(any::<u8>(), 1..40).prop_map(Payload::Body),
        1 => "[a-c=&%+0-9]{1,40}".prop_map(|text| Payload::Body(text.into_bytes())),
    ]
}

pub fn form_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let account = prop_oneof![
        2 => Just(vec![ACCOUNT.to_owned()]),
        1 => Just(vec![]),
        1 => vec(select(vec![ACCOUNT, OTHER_ACCOUNT]).prop_map(str::to_owned), 1..3),
    ];
    (account, vec((name(), value()), 0..7)).prop_map(|(accounts, mut pairs)| {
        pairs.extend(accounts.into_iter().map(|sid| ("AccountSid".to_owned(), sid)));
        pairs
    })
}

/// Up to some hundreds of pairs, alike in their first bytes, some longer than a hash block.
pub fn large_form() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        3 => "(MediaUrl|MediaUrl1|MessagingBinding)[0-9]{0,2}",
        1 => "a?\u{0}{0,9}b?",
        1 => "[ -~]{0,90}",
    ];
    let value = prop_oneof![
        3 => "[0-9]{0,2}",
        2 => "[a-c %+é]{0,40}",
        1 => "[ -~é]{50,300}",
    ];
    let count = prop_oneof![4 => 0..40_usize, 3 => 56..72_usize, 2 => 100..300_usize];
    let pairs = count.prop_flat_map(move |count| vec((name.clone(), value.clone()), count));
    (pairs, vec(0..6_u8, 12)).prop_map(|(pairs, spelling)| form_body(&pairs, &spelling))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => select(vec!["From", "To", "Body", "Digits", "Reason", "ReasonConferenceEnded"])
            .prop_map(str::to_owned),
        2 => select(vec!["CallSid", "MessageSid", "MessagingBinding.Address", "Sid"])
            .prop_map(str::to_owned),
        1 => select(vec!["", "a b", "é", "1a", "a=b", "a&b", "From ", "#"]).prop_map(str::to_owned),
        1 => "[A-Za-z][A-Za-z0-9._-]{0,70}",
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["+14158675309", "+18005551212", "1234", "5678", "completed", ""])
            .prop_map(str::to_owned),
        3 => "[A-Z]{2}[0-9a-fA-F]{32}",
        2 => select(vec!["It's amazing", " hi \n", "a&b=c", "100%", "%41", "日本", "🎉", "a+b"])
            .prop_map(str::to_owned),
        1 => ".{0,12}",
    ]
}

/// Writes pairs as a body; `spelling` chooses, byte by byte, how each is written.
pub fn form_body(pairs: &[(String, String)], spelling: &[u8]) -> Vec<u8> {
    let mut spelling = spelling.iter().cycle();
    let mut written = |text: &str| {
        let mut out = String::new();
        for byte in text.bytes() {
            let style = spelling.next().copied().unwrap_or_default();
            match byte {
                b' ' if style != 1 => out.push('+'),
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' if style != 1 => {
                    out.push(char::from(byte));
                }
                _ if style == 2 => out += &format!("%{byte:02x}"),
                _ => out += &format!("%{byte:02X}"),
            }
        }
        out
    };
    let segments = pairs.iter().map(|(name, value)| {
        let (name, value) = (written(name), written(value));
        if value.is_empty() && !name.is_empty() && name.len().is_multiple_of(2) {
            name
        } else {
            format!("{name}={value}")
        }
    });
    segments.collect::<Vec<String>>().join("&").into_bytes()
}
