//! Proofs, headers, bodies, settings and tenants.

use twilio_sig::{Algorithm, Origin, SharedKey, Signer, Verifier};
use twilio_sig_gate::{
    Gate, GateResponse, Tenant, TenantError, TenantMap, Untrusted, VerifierSource,
};

use super::wire::Request;
use super::{
    ACCOUNT, BASE, Check, FORM, JSON, Row, Step, bare, form, form_to, gate, json, other_token,
    refused, token, unverified, upgrade, verified,
};

fn row(name: &'static str, step: Step) -> Row {
    Row { name, gate: gate(), steps: vec![step] }
}

pub(super) fn rows() -> Vec<Row> {
    [proofs(), headers(), bodies(), settings(), tenants()].into_iter().flatten().collect()
}

fn proofs() -> Vec<Row> {
    let odd = "/a/../b//c;d=e?q=%27'+%20&b&&=c&d=%2f%2F#".trim_end_matches('#');
    let other = form_to(BASE, "/sms", FORM, &other_token());
    let short_hash = "/events?bodySHA256=00";
    vec![
        row("a form", verified(form("/sms", FORM), FORM, "form")),
        row("a form and a query", verified(form("/sms?x=1", FORM), FORM, "form")),
        row("a target that could be normalised", verified(form(odd, FORM), FORM, "form")),
        row("JSON under a hash", verified(json("/events", JSON), JSON, "body_hash")),
        row(
            "any bytes under a hash",
            verified(json("/events?a=1", b"\0\xff\r\n"), b"\0\xff\r\n", "body_hash"),
        ),
        row(
            "a GET",
            verified(bare("/sms?Body=Ahoy", &format!("{BASE}/sms?Body=Ahoy")), b"", "url_only"),
        ),
        row("an empty POST", verified(form("/sms", b""), b"", "url_only")),
        row(
            "a target in absolute form",
            verified(
                bare("https://example.com/sms?x=1", &format!("{BASE}/sms?x=1")),
                b"",
                "url_only",
            ),
        ),
        row("another body", refused(form("/sms", FORM).body(b"Body=Evil"), &[403])),
        row("a body where none was signed", refused(form("/sms", b"").body(b"Body=Evil"), &[403])),
        row("a body that adds no byte", refused(form("/sms", b"").body(b"&&"), &[403])),
        row("no body where one was signed", refused(form("/sms", FORM).body(b""), &[403])),
        row("another JSON body", refused(json("/events", JSON).body(b"[]"), &[403])),
        row(
            "JSON without a hash",
            refused(bare("/events", &format!("{BASE}/events")).body(JSON), &[403]),
        ),
        row(
            "a hash that is none",
            refused(bare(short_hash, &format!("{BASE}{short_hash}")).body(JSON), &[403]),
        ),
        row("another token", refused(other, &[403])),
        row("another path", refused(bare("/admin", &format!("{BASE}/sms")), &[403])),
        row("another query", refused(bare("/sms?x=2", &format!("{BASE}/sms?x=1")), &[403])),
        row("another host's", refused(bare("/sms", "https://evil.example/sms"), &[403])),
        row(
            "a WebSocket handshake",
            verified(upgrade(bare("/media", "wss://example.com/media")), b"", "url_only"),
        ),
        row(
            "a handshake's signature without the upgrade",
            refused(bare("/media", "wss://example.com/media"), &[403]),
        ),
        row(
            "a GET's signature with an upgrade",
            refused(upgrade(bare("/media", "https://example.com/media")), &[403]),
        ),
        Row {
            name: "one refusal does not spoil the next request",
            gate: gate(),
            steps: vec![
                refused(form("/sms", FORM).body(b"Body=Evil"), &[403]),
                verified(form("/sms", FORM), FORM, "form"),
                refused(Request::new("POST", "/sms").body(FORM), &[403]),
                verified(json("/events", JSON), JSON, "body_hash"),
            ],
        },
    ]
}

fn headers() -> Vec<Row> {
    let unsigned = || Request::new("POST", "/sms").body(FORM);
    let genuine = Signer::auth_token(&token()).sign_form(&format!("{BASE}/sms"), FORM);
    let genuine = genuine.unwrap().header_value();
    let name = "x-twilio-signature";
    let settings = "x-twilio-webhooks-signature-settings";
    let twice = || form("/sms", FORM).header(settings, "algorithm=HMAC_SHA1");
    let shared = SharedKey::new("key_1", "a shared secret", Algorithm::HmacSha256).unwrap();
    let by_key = Signer::shared_key(&shared).sign_form(&format!("{BASE}/sms"), FORM).unwrap();
    let by_key = by_key.header_value();
    let holds_key = |row: Row| {
        let verifier = Verifier::builder().auth_token(token()).shared_key(shared.clone());
        Row { gate: Gate::new(verifier.build().unwrap(), Origin::fixed(BASE).unwrap()), ..row }
    };
    vec![
        row("no signature", refused(unsigned(), &[403])),
        row("an empty signature", refused(unsigned().header(name, ""), &[403])),
        row("a signature that is no base64", refused(unsigned().header(name, "*"), &[400])),
        row(
            "a signature of 64 KiB",
            refused(unsigned().header(name, vec![b'A'; 65_536]), &[400, 431, 0]),
        ),
        row(
            "the same signature twice",
            refused(unsigned().header(name, &genuine).header(name, &genuine), &[400]),
        ),
        row(
            "a genuine signature, then another",
            refused(unsigned().header(name, &genuine).header("X-TWILIO-signature", "x"), &[400]),
        ),
        row(
            "two signatures in one line",
            refused(unsigned().header(name, format!("{genuine}, {genuine}")), &[400]),
        ),
        row("one settings header", verified(twice(), FORM, "form")),
        row(
            "two settings headers",
            refused(twice().header(settings, "algorithm=HMAC_SHA1"), &[400]),
        ),
        row(
            "settings that are malformed",
            refused(form("/sms", FORM).header(settings, "key=a,key=b"), &[400]),
        ),
        row(
            "settings that name a key that nobody holds",
            refused(form("/sms", FORM).header(settings, "key=unknown"), &[403]),
        ),
        row(
            "an algorithm that no key is bound to",
            refused(unsigned().header(name, &by_key), &[500]),
        ),
        holds_key(row(
            "a shared key",
            verified(
                unsigned()
                    .header(name, &by_key)
                    .header(settings, "key=key_1,algorithm=HMAC_SHA256"),
                FORM,
                "form",
            ),
        )),
        holds_key(row(
            "a shared key and another algorithm",
            refused(
                unsigned().header(name, &by_key).header(settings, "key=key_1,algorithm=HMAC_SHA1"),
                &[500],
            ),
        )),
        row(
            "a content type that lies",
            verified(form("/sms", FORM).header("content-type", "application/json"), FORM, "form"),
        ),
    ]
}

fn bodies() -> Vec<Row> {
    let longest = [b"Body=".as_slice(), &[b'x'; 995]].concat();
    let longer = [b"Body=".as_slice(), &[b'x'; 996]].concat();
    let huge = [b"Body=".as_slice(), &vec![b'x'; 200_000]].concat();
    let limited = |row: Row| Row { gate: gate().body_limit(1_000), ..row };
    vec![
        row("a chunked form", verified(form("/sms", FORM).chunked(), FORM, "form")),
        row("chunked JSON", verified(json("/events", JSON).chunked(), JSON, "body_hash")),
        row("a slow form", verified(form("/sms", FORM).slow(), FORM, "form")),
        row("a long form", verified(form("/sms", &huge), &huge, "form")),
        limited(row("a form at the limit", verified(form("/sms", &longest), &longest, "form"))),
        limited(row("a form one byte over it", refused(form("/sms", &longer), &[413]))),
        limited(row(
            "a chunked form at the limit",
            verified(form("/sms", &longest).chunked(), &longest, "form"),
        )),
        limited(row(
            "a chunked form one byte over it",
            refused(form("/sms", &longer).chunked(), &[413]),
        )),
        row("a form that waits for leave", verified(form("/sms", FORM).expect(), FORM, "form")),
        row(
            "a forgery that waits for leave",
            refused(Request::new("POST", "/sms").body(FORM).expect(), &[403]),
        ),
        // What a server takes for the body is what is verified, whatever else was sent.
        row("a length that is too short", refused(form("/sms", FORM).long_by(1), &[403])),
        row("two lengths", refused(form("/sms", FORM).header("content-length", "5"), &[400])),
        // Cut off, it is never the empty body that would verify, nor the shorter one that was sent.
        row("a form that is cut short", refused(form("/sms", FORM).short_by(1), &[400, 0])),
        row(
            "a chunked form without its end",
            refused(form("/sms", FORM).short_chunked(), &[400, 0]),
        ),
        row(
            "an empty body that should have been longer",
            refused(form("/sms", b"").short_by(10), &[400, 0]),
        ),
        row(
            "a GET that should have had a body",
            refused(bare("/sms", &format!("{BASE}/sms")).short_chunked(), &[400, 0]),
        ),
    ]
}

fn settings() -> Vec<Row> {
    let over = [b"Body=".as_slice(), &vec![b'x'; 200_000]].concat();
    let reporting = |name, steps| Row { name, gate: gate().report_only().body_limit(1_000), steps };
    let answering = gate().refusal_answer(|refusal| {
        GateResponse::new(418).with_body("text/plain", refusal.code().to_owned())
    });
    let custom = |request, text: &str| {
        refused(request, &[418])
            .with(Check::Body(text.as_bytes().to_owned()))
            .with(Check::Header("content-type", "text/plain"))
    };
    vec![
        reporting(
            "report only: all pass, none is verified",
            vec![
                unverified(form("/sms", FORM), FORM),
                unverified(form("/sms", FORM).body(b"Body=Evil"), b"Body=Evil"),
                unverified(Request::new("POST", "/sms").body(FORM), FORM),
                unverified(Request::new("POST", "/sms").body(FORM).chunked(), FORM),
                unverified(form("/sms", &over), &over),
                unverified(form("/sms", &over).chunked(), &over),
            ],
        ),
        reporting(
            "report only: what is cut short does not pass",
            vec![refused(form("/sms", FORM).short_by(1), &[400, 0])],
        ),
        Row {
            name: "a refusal of the user's choice",
            gate: answering,
            steps: vec![
                custom(form("/sms", FORM).body(b"Body=Evil"), "mismatch"),
                custom(Request::new("POST", "/sms"), "missing_signature"),
                verified(form("/sms", FORM), FORM, "form"),
            ],
        },
        row(
            "a refusal says nothing",
            refused(form("/sms", FORM).body(b"Body=Evil"), &[403]).with(Check::Body(Vec::new())),
        ),
    ]
}

struct OutOfOrder;

impl VerifierSource for OutOfOrder {
    async fn find(&self, _: Untrusted<'_>) -> Result<Tenant, TenantError> {
        Err(TenantError::Unavailable)
    }
}

fn tenants() -> Vec<Row> {
    let fixed = || Origin::fixed(BASE).unwrap();
    let second = "AC00000000000000000000000000000002";
    let third = "AC00000000000000000000000000000003";
    let tenant = |name: &str, token, account: &str| {
        let verifier = Verifier::builder().auth_token(token).account_sid(account).build();
        Tenant::new(name, verifier.unwrap())
    };
    let map = TenantMap::by_param("AccountSid")
        .with(ACCOUNT, tenant("one", token(), ACCOUNT))
        .with(second, tenant("two", other_token(), second))
        .with_inactive(third);
    let of = |account: &str| format!("AccountSid={account}&Body=Ahoy").into_bytes();
    // The attacker's tenant is found by the first value, the victim's data comes second.
    let mixed = format!("AccountSid={second}&AccountSid={ACCOUNT}&Body=Ahoy").into_bytes();
    let is = |name| Check::Header("x-tenant", name);
    let accounts = Row {
        name: "tenants by AccountSid",
        gate: Gate::for_tenants(map, fixed()),
        steps: vec![
            verified(form("/sms", &of(ACCOUNT)), &of(ACCOUNT), "form").with(is("one")),
            verified(form_to(BASE, "/sms", &of(second), &other_token()), &of(second), "form")
                .with(is("two")),
            refused(form("/sms", &of(second)), &[403]),
            refused(form_to(BASE, "/sms", &of(ACCOUNT), &other_token()), &[403]),
            refused(form_to(BASE, "/sms", &mixed, &other_token()), &[403]),
            refused(form("/sms", &of(third)), &[503]),
            refused(form("/sms", &of("AC4")), &[404]),
            refused(form("/sms", b"Body=Ahoy"), &[404]),
        ],
    };
    let plain = |name: &str, token| Tenant::new(name, Verifier::new(token));
    let map = TenantMap::by_path().with("/a/sms", plain("a", token())).with_inactive("/b/sms");
    let paths = Row {
        name: "tenants by path",
        gate: Gate::for_tenants(map, fixed()),
        steps: vec![
            verified(form("/a/sms?x=/b/sms", FORM), FORM, "form").with(is("a")),
            refused(form("/b/sms", FORM), &[503]),
            refused(form("/A/sms", FORM), &[404]),
            refused(form("/a/sms/", FORM), &[404]),
        ],
    };
    let map = TenantMap::by_param("To").with("+15005550001", plain("number", token()));
    let numbers = Row {
        name: "tenants by number",
        gate: Gate::for_tenants(map, fixed()),
        steps: vec![
            verified(form("/sms", FORM), FORM, "form").with(is("number")),
            refused(form("/sms", b"To=%2B15005550002"), &[404]),
        ],
    };
    let outage = Row {
        name: "a directory that is out of order",
        gate: Gate::for_tenants(OutOfOrder, fixed()),
        steps: vec![refused(form("/sms", FORM), &[503]).with(Check::Header("retry-after", "5"))],
    };
    let map = || {
        TenantMap::by_param("AccountSid")
            .with(ACCOUNT, tenant("one", token(), ACCOUNT))
            .with(second, tenant("two", other_token(), second))
            .with_inactive(third)
    };
    // An algorithm that no key of the tenant is bound to: 500 of a known tenant.
    let mac = format!("{}=", "A".repeat(43));
    let of_a_key = || super::signed("POST", "/sms", &mac).body(of(second));
    let empty = |request| refused(request, &[403]).with(Check::Body(Vec::new()));
    let shown = Row {
        name: "tenants that are not hidden",
        gate: Gate::for_tenants(map(), fixed()),
        steps: vec![refused(of_a_key(), &[500])],
    };
    let hidden = Row {
        name: "tenants that are hidden",
        gate: Gate::for_tenants(map(), fixed()).hide_tenants(),
        steps: vec![
            verified(form("/sms", &of(ACCOUNT)), &of(ACCOUNT), "form").with(is("one")),
            empty(form("/sms", &of(second))),
            empty(of_a_key()),
            empty(form("/sms", &of(third))),
            empty(form("/sms", &of("AC4"))),
        ],
    };
    // A sender's text in a JSON body names no tenant: with a body hash only the query counts.
    let text = format!(r#"[{{"Body": "&AccountSid={second}&"}}]"#).into_bytes();
    let events = Row {
        name: "a JSON body that looks like a form of another tenant",
        gate: Gate::for_tenants(map(), fixed()),
        steps: vec![
            verified(json(&format!("/events?AccountSid={ACCOUNT}"), &text), &text, "body_hash")
                .with(is("one")),
        ],
    };
    vec![accounts, paths, numbers, outage, shown, hidden, events]
}
