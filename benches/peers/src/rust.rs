//! The crates that verify Twilio's signature, each used as its documentation says.
//!
//! What a service has anyway is made beforehand and not timed: the request as the crate's kind of
//! server has it, and the client with the token. Timed is the way from there to the verdict, with
//! the parsing of parameters where the crate wants them parsed.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fraiseql_webhooks::SignatureVerifier;
use fraiseql_webhooks::signature::twilio::TwilioVerifier;
use sms_core::InboundWebhook;
use twilio_sig::{AuthToken, Verifier, Webhook};

use crate::cases::{Case, Kind, TOKEN};

/// One verdict, which can be had once.
pub(crate) type Call = Box<dyn FnOnce() -> bool>;
/// Makes one for each time that a request is verified.
pub(crate) type Calls = Box<dyn Fn() -> Call>;

/// A crate.
pub(crate) struct Crate {
    pub(crate) name: &'static str,
    /// The verdicts on a case.
    pub(crate) on: fn(&'static Case) -> Calls,
}

impl Crate {
    /// As the manifest pins it.
    pub(crate) fn version(&self) -> &'static str {
        let pin = |line: &'static str| {
            line.strip_prefix(self.name)?.strip_prefix(" = \"=")?.strip_suffix('"')
        };
        include_str!("../Cargo.toml").lines().find_map(pin).unwrap_or("this one")
    }
}

pub(crate) const OURS: &str = "twilio_sig";

/// This one first.
pub(crate) const CRATES: [Crate; 8] = [
    Crate { name: OURS, on: ours },
    Crate { name: "fraiseql-webhooks", on: fraiseql },
    Crate { name: "webhook-verify", on: webhook_verify },
    Crate { name: "rusty_twilio", on: rusty },
    Crate { name: "sms-twilio", on: sms },
    Crate { name: "twilio", on: twilio },
    Crate { name: "twilio-agnostic", on: agnostic },
    Crate { name: "qhook", on: qhook },
];

fn ours(case: &'static Case) -> Calls {
    let verifier: &_ = Box::leak(Box::new(Verifier::new(AuthToken::new(TOKEN).expect("a token"))));
    Box::new(move || {
        Box::new(move || {
            let webhook = match case.kind {
                Kind::Handshake => Webhook::websocket(&case.url),
                _ => Webhook::post(&case.url, case.body.as_bytes()),
            };
            verifier.verify(&webhook.signature(&case.signature)).is_ok()
        })
    })
}

/// Takes the URL and the raw body.
fn fraiseql(case: &'static Case) -> Calls {
    let headers = case.headers().into_iter();
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (url, headers): (&str, &_) =
        (case.signed_scheme_url().leak(), Box::leak(Box::new(headers)));
    Box::new(move || {
        Box::new(move || {
            let request =
                fraiseql_webhooks::InboundRequest::new(headers, case.body.as_bytes(), Some(url));
            TwilioVerifier.verify(&request, TOKEN).is_ok()
        })
    })
}

/// Takes the URL and parsed parameters, of JSON "an explicitly empty parameter list".
fn webhook_verify(case: &'static Case) -> Calls {
    let url: &str = case.signed_scheme_url().leak();
    let secret: &_ = Box::leak(Box::new(webhook_verify::Secret::new(TOKEN)));
    let headers: &_ = Box::leak(Box::new(case.headers()));
    Box::new(move || {
        Box::new(move || {
            let form = if case.kind == Kind::Form { case.body } else { "" };
            let params = form_urlencoded::parse(form.as_bytes()).into_owned();
            let options = webhook_verify::VerifyOptions::default()
                .with_request_url(url)
                .with_form_params(params);
            let (provider, body) = (webhook_verify::Provider::Twilio, case.body.as_bytes());
            webhook_verify::verify(provider, headers, body, secret, options).is_ok()
        })
    })
}

/// Takes the head of the request and parsed parameters.
fn rusty(case: &'static Case) -> Calls {
    let method: http::Method = case.method().parse().expect("a method");
    let uri: http::Uri = case.path_and_query().parse().expect("a URI");
    let head: &_ = Box::leak(Box::new((method, uri, head(case))));
    Box::new(move || {
        Box::new(move || {
            let (method, uri, headers) = head;
            let parse = || form_urlencoded::parse(case.body.as_bytes()).into_owned().collect();
            let params: Option<BTreeMap<_, _>> = (case.kind == Kind::Form).then(parse);
            let validate = rusty_twilio::validation::validate_twilio_signature;
            validate(TOKEN, method, uri, headers, params.as_ref()).is_ok()
        })
    })
}

/// Takes the URL at its making, and the raw body.
fn sms(case: &'static Case) -> Calls {
    let client = sms_twilio::TwilioClient::new("AC1", TOKEN);
    let client: &_ = Box::leak(Box::new(client.with_webhook_url(case.signed_scheme_url())));
    let headers = case.headers().into_iter();
    let headers: sms_core::Headers =
        headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let headers: &_ = Box::leak(Box::new(headers));
    Box::new(move || Box::new(|| client.verify(headers, case.body.as_bytes()).is_ok()))
}

/// Takes a request of hyper 0.14.
fn twilio(case: &'static Case) -> Calls {
    struct Params;
    impl twilio::FromMap for Params {
        fn from_map(_: BTreeMap<String, String>) -> Result<Box<Self>, twilio::TwilioError> {
            Ok(Box::new(Self))
        }
    }
    let client: &_ = Box::leak(Box::new(twilio::Client::new("AC1", TOKEN)));
    Box::new(move || {
        let request = request(case, hyper_0_14::Body::from(case.body));
        Box::new(move || ready(client.parse_request::<Params>(request)).is_ok())
    })
}

/// Takes a request of http 0.2.
fn agnostic(case: &'static Case) -> Calls {
    struct Params;
    impl twilio_agnostic::FromMap for Params {
        fn from_map(
            _: BTreeMap<String, String>,
        ) -> Result<Box<Self>, twilio_agnostic::TwilioError> {
            Ok(Box::new(Self))
        }
    }
    let client: &_ = Box::leak(Box::new(twilio_agnostic::Client::new("AC1", TOKEN)));
    Box::new(move || {
        let request = request(case, case.body.as_bytes());
        Box::new(move || ready(client.parse_request::<Params>(request)).is_ok())
    })
}

/// Takes the body and no URL.
fn qhook(case: &'static Case) -> Calls {
    let headers: &_ = Box::leak(Box::new(head(case)));
    Box::new(move || {
        Box::new(|| {
            let verdict =
                qhook::verify::verify_signature("twilio", TOKEN, case.body.as_bytes(), headers);
            verdict.unwrap_or(false)
        })
    })
}

fn head(case: &Case) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    for (name, value) in case.headers() {
        headers.insert(name, value.parse().expect("a header's value"));
    }
    headers
}

fn request<B>(case: &Case, body: B) -> http_0_2::Request<B> {
    let builder = http_0_2::Request::builder().method(case.method()).uri(case.path_and_query());
    let headers = case.headers().into_iter();
    let builder = headers.fold(builder, |builder, (name, value)| builder.header(name, value));
    builder.body(body).expect("a request")
}

/// The result of what is ready when it is asked.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("the body is in memory"),
    }
}
