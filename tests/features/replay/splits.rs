//! A sender's text that is split anew into a timestamp: Twilio signs no separators.

use twilio_sig::replay::{Freshness, FreshnessError as Error, ReplayError};
use twilio_sig::{AuthToken, ParameterPolicy, Verifier, Webhook};

use super::{DAY, NOW, Request, Service, TOKEN, URL, form, seconds, signer};

const AC: &str = "AC00000000000000000000000000000001";
const CA: &str = "CA00000000000000000000000000000001";

/// The time of a replay: 30 days from now.
const LATER: u64 = NOW.as_secs() + 30 * DAY.as_secs();

/// A status of a call whose SIP `From` holds this text.
fn status(from: &str) -> Request {
    let from = from.replace(' ', "+");
    let now = NOW.as_secs();
    let head = format!("AccountSid={AC}&CallSid={CA}&CallStatus=completed&From=sip:{from}");
    form(URL, &format!("{head}&SequenceNumber=2&Timestamp={now}&To=sip:b"))
}

/// The caller's address spells a timestamp to come, and the name that hides the one that is signed.
#[test]
fn a_timestamp_in_a_sip_address_is_not_taken_for_the_signed_one() {
    let (now, later) = (NOW.as_secs(), LATER);
    let captured = status(&format!("aTimestamp{later}Tk"));
    let head = format!("AccountSid={AC}&CallSid={CA}&CallStatus=completed&From=sip:a");
    let split = captured
        .split(URL, &format!("{head}&Timestamp={later}&Tk=SequenceNumber2Timestamp{now}&To=sip:b"));
    // It verifies, under the strict policy and an account too.
    let strict = Verifier::builder()
        .auth_token(AuthToken::new(TOKEN).unwrap())
        .parameter_policy(ParameterPolicy::Strict)
        .account_sid(AC)
        .build()
        .unwrap();
    let webhook = Webhook::post(URL, &split.body).signature(&split.signature);
    assert!(strict.verify(&webhook).is_ok());

    let service = Service::strict();
    service.later(30 * DAY);
    assert!(service.refuses(&split, Error::Ambiguous));
    assert!(service.refuses(&captured, Error::Stale));
    // The price: even at once, a text that holds the word is refused.
    assert!(Service::strict().refuses(&captured, Error::Ambiguous));
    Service::strict().handle(&status("a"));
}

/// Each way to split a request whose text the sender chose, so that another time is read 30 days
/// later.
#[test]
fn no_split_makes_an_old_request_fresh() {
    let (now, later) = (NOW.as_secs(), LATER);
    let head = format!("AccountSid={AC}&CallSid={CA}&CallStatus=completed&From=sip:a");
    for (text, splits) in [
        // Another name hides what Twilio signed, or a part of it does.
        (
            format!("aTimestamp{later}Tk"),
            vec![
                format!("{head}&Timestamp={later}&Tk=SequenceNumber2Timestamp{now}&To=sip:b"),
                format!("{head}&Timestamp={later}&TkSequenceNumber2Timestam=p{now}&To=sip:b"),
                format!("{head}&Timestamp={later}&TkSequenceNumber2Timestamp{now}=To&sip:b="),
            ],
        ),
        // A name that begins with the word.
        (
            format!("aTimestamp{later}Timestamp0"),
            vec![format!(
                "{head}&Timestamp={later}&Timestamp0=SequenceNumber2&Timestamp{now}=Tosip:b"
            )],
        ),
        (
            format!("aTimestamp{later}TimestampMs"),
            vec![format!(
                "{head}&Timestamp={later}&TimestampMs=SequenceNumber2Timestamp{now}&To=sip:b"
            )],
        ),
        // Twice the name, once what Twilio signed, made unreadable.
        (
            format!("aTimestamp{later}"),
            vec![
                format!("{head}Timestamp{later}SequenceNumber2&Timestamp={now}To&sip:b="),
                format!("{head}Timestamp{later}SequenceNumber2&Timestam=p{now}To&sip:b="),
            ],
        ),
    ] {
        let captured = status(&text);
        let service = Service::strict();
        service.later(30 * DAY);
        for body in splits {
            let refused = service.receive(&captured.split(URL, &body));
            assert!(matches!(refused, Err(ReplayError::Freshness(_))), "{body} {refused:?}");
        }
    }
}

/// All ways to make pairs of these pieces, in the order in which pairs are signed, each once.
fn pairs(pieces: &[&str]) -> Vec<Vec<(String, String)>> {
    let mut all = vec![];
    for name_end in 1..=pieces.len() {
        let (name, after) = pieces.split_at(name_end);
        for value_len in 0..=after.len() {
            let (value, after) = after.split_at(value_len);
            let pair = (name.concat(), value.concat());
            let rests = if after.is_empty() { vec![vec![]] } else { pairs(after) };
            for rest in rests {
                if rest.first().is_none_or(|next| *next > pair) {
                    all.push([vec![pair.clone()], rest].concat());
                }
            }
        }
    }
    all
}

/// For any text of the sender, of all ways to split the request anew at the ends of words none is
/// admitted 30 days later.
#[test]
fn of_all_splits_of_all_texts_none_is_fresh() {
    let (now, later) = (NOW.as_secs().to_string(), LATER.to_string());
    let words = ["Timestamp", &later, "Timestam", "p", "Tk", "Ms", "0"];
    let mut tried = 0;
    let texts = (0..words.len().pow(3)).map(|number| {
        let digits = [number, number / words.len(), number / words.len().pow(2)];
        digits.map(|digit| words[digit % words.len()])
    });
    for text in texts.filter(|text| text.contains(&&*later)) {
        let tail = ["Sid", "2", "Timestamp", &now, "To", "b"];
        let pieces = [&["From"], &text[..], &tail].concat();
        let captured = form(URL, &format!("From={}&Sid=2&Timestamp={now}&To=b", text.concat()));
        let service = Service::strict();
        service.later(30 * DAY);
        for split in pairs(&pieces) {
            if !split.iter().any(|(name, _)| name == "Timestamp") {
                continue;
            }
            let body: Vec<_> =
                split.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let refused = service.receive(&captured.split(URL, &body.join("&")));
            assert!(matches!(refused, Err(ReplayError::Freshness(_))), "{body:?} {refused:?}");
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried} splits have a timestamp");
}

/// The end of a form can be moved into the URL, and back.
#[test]
fn no_moved_url_boundary_makes_an_old_request_fresh() {
    let (now, later) = (NOW.as_secs(), LATER);
    let service = Service::strict();
    service.later(30 * DAY);
    let url = format!("{URL}?own=1");
    // A form whose text is the rest of a query.
    let captured = form(&url, &format!("From=x%26Timestamp%3D{later}%26z%3D&Timestamp={now}"));
    let query = captured.split(&format!("{url}Fromx&Timestamp={later}&z=Timestamp{now}"), "");
    assert!(service.refuses(&query, Error::Ambiguous));
    let captured = form(&url, &format!("From=x%26%2554imestamp%3D{later}%26z%3D&Timestamp={now}"));
    let query = captured.split(&format!("{url}Fromx&%54imestamp={later}&z=Timestamp{now}"), "");
    assert!(service.refuses(&query, Error::Ambiguous));
    // A form whose own timestamp goes into the URL.
    let captured = form(&url, &format!("Timestamp={now}&To=Timestamp{later}"));
    let moved = captured.split(&format!("{url}Timestamp{now}To"), &format!("Timestamp={later}"));
    assert!(service.refuses(&moved, Error::Ambiguous));
    // A query that becomes a form.
    let signed = format!("{url}&From=Timestamp{later}zz&Timestamp={now}");
    let signature = signer().sign_url(&signed).header_value();
    let get = Request { url: signed, body: Vec::new(), signature };
    let body = format!("Timestamp={later}&zz%26Timestamp%3D={now}");
    assert!(service.refuses(&get.split(&format!("{url}&From="), &body), Error::Ambiguous));
}

/// The timestamp of a captured request can be hidden by splitting it anew. So it is remembered for
/// as long as one without, and a guard that requires one refuses it.
#[test]
fn a_hidden_timestamp_does_not_outlive_the_nonce() {
    let captured = form(URL, "Sid=EV1&Timestamp=1645027913");
    let hidden = captured.split(URL, "Sid=EV1&Timestam=p1645027913");
    let service = Service::new(100);
    service.handle(&captured);
    service.later(seconds(331));
    assert!(service.refuses(&captured, Error::Stale));
    assert!(service.is_seen(&hidden));

    let strict = Service::strict();
    strict.handle(&captured);
    strict.later(10 * DAY);
    assert!(strict.refuses(&captured, Error::Stale));
    assert!(strict.refuses(&hidden, Error::Ambiguous));
    let unreadable = captured.split(URL, "Sid=EV1&Timestamp1645027913=");
    assert!(strict.refuses(&unreadable, Error::Ambiguous));
}

/// Where Twilio signs no timestamp, the sender's is the only one, and nothing that is signed tells:
/// as the docs say, such an endpoint needs a URL of its own, its names, or its nonces for as long as
/// the key.
#[test]
fn a_message_at_the_url_of_timestamps_is_the_limit_that_the_docs_state() {
    let later = LATER;
    let captured = form(URL, &format!("Body=Ahoy+Timestamp{later}Tk&From=a&To=b"));
    let split = captured.split(URL, &format!("Body=Ahoy+&Timestamp={later}&Tk=Froma&To=b"));
    let service = Service::strict();
    assert!(service.receive(&captured).is_err(), "it is never admitted as it was signed");
    service.later(30 * DAY);
    assert!(service.receive(&split).is_ok(), "the docs must say otherwise");

    let names = ["CallSid", "CallStatus", "From", "SequenceNumber", "To"];
    let told = Freshness::new().required().expects(names).unwrap();
    let told = Service::with(100, |guard| Ok(guard.freshness(told)));
    told.later(30 * DAY);
    assert!(told.refuses(&split, Error::Unexpected));
    told.handle(&form(URL, &format!("CallSid={CA}&SequenceNumber=1&Timestamp={later}")));

    // A request that is admitted when it comes is seen for as long as the nonce is kept.
    let kept = Service::with(100, |guard| guard.ttl(365 * DAY));
    kept.handle(&captured);
    kept.later(30 * DAY);
    assert!(kept.is_seen(&split));
}
