//! Keys of the service's own.

use twilio_sig::dedup::{DedupKey, Delivery, MAX_PART_LEN, NoIdentity, Template, TemplateError};

use super::rows::CALL;
use super::{URL, asked_at, missing, sid, with};

fn made(form: &str, template: &str) -> Result<DedupKey, NoIdentity> {
    let template = Template::parse(template).unwrap();
    asked_at(URL, form, |verified| template.key(verified))
}

#[test]
fn templates_write_the_keys_that_people_use() {
    let form = with(CALL, "RecordingSid=RE1");
    let text = |template| made(&form, template).map(|key| key.to_string());
    let (call, recording) = (sid("CA1"), sid("RE1"));
    assert_eq!(text("{CallSid}:voice"), Ok(format!("{call}:voice")));
    assert_eq!(text("{CallSid}:status:{CallStatus}"), Ok(format!("{call}:status:ringing")));
    assert_eq!(
        text("{CallSid}:recording:{RecordingSid}"),
        Ok(format!("{call}:recording:{recording}"))
    );
    assert_eq!(text("{CallSid}:consent"), Ok(format!("{call}:consent")));
    assert_eq!(text("{From}"), Ok("+14158675309".into()));
    assert_eq!(text("x{From}{To}y"), Ok("x+14158675309+15005550006y".into()));
    assert_eq!(text("{DialCallSid}"), Err(missing("DialCallSid")));
    assert_eq!(text("{FromCity}:{ToZip}"), Err(missing("ToZip")));
    assert_eq!("{From}".parse(), Template::parse("{From}"));
}

#[test]
fn a_template_is_read_when_it_is_built() {
    use TemplateError::{Name, NoParameter, Unclosed, Unopened};
    for (template, error) in [
        ("{MessageSid:voice", Unclosed),
        ("{CallSid", Unclosed),
        ("{", Unclosed),
        ("{CallSid}:{From", Unclosed),
        ("CallSid}", Unopened),
        ("}", Unopened),
        ("{CallSid}}", Unopened),
        ("a}{To}", Unopened),
        ("{To}a}b", Unopened),
        ("{}", Name),
        ("{{CallSid}}", Name),
        ("{Call Sid}", Name),
        ("{CallSid:voice}", Name),
        ("{1st}", Name),
        ("{Numm\u{e9}ro}", Name),
        ("", NoParameter),
        ("nightly", NoParameter),
    ] {
        assert_eq!(Template::parse(template), Err(error), "{template}");
        assert!(!error.to_string().is_empty());
    }
    assert!(Template::parse("{MessagingBinding.Address}:{a-b_c9}").is_ok());
}

/// `{CallSid}:status` is one key for all statuses of a call: the first one takes it, and every later
/// one is dropped as a duplicate. The status must be in the key.
#[test]
fn call_sid_and_status_alone_is_a_trap() {
    let key = |status: &str, template: &str| {
        made(&with(CALL, &format!("CallStatus={status}")), template).unwrap().claim_key()
    };
    let trap = "{CallSid}:status";
    assert_eq!(key("ringing", trap), key("completed", trap), "`completed` would be dropped");
    let right = "{CallSid}:status:{CallStatus}";
    assert_ne!(key("ringing", right), key("completed", right));
}

#[test]
fn values_cannot_imitate_a_template() {
    let key = |digits: &str, speech: &str| {
        let form = with(CALL, &format!("Digits={digits}&SpeechResult={speech}"));
        made(&form, "{Digits}:{SpeechResult}").unwrap()
    };
    assert_ne!(key("1:2", "3"), key("1", "2:3"));
    assert_ne!(key("1%3A2", "3"), key("1:2", "3"));
    assert_eq!(key("\0\u{fc} \n", "3").to_string(), "%00%C3%BC%20%0A:3");
    let long = "x".repeat(MAX_PART_LEN + 1);
    let refused = made(&format!("Digits={long}"), "{Digits}");
    assert_eq!(refused, Err(NoIdentity::Malformed("Digits".into())));
    assert_eq!(made("CallSid=CA", "{CallSid}"), Err(NoIdentity::Malformed("CallSid".into())));
}

/// A key of one's own is the same at every URL; tenants and accounts do not share it.
#[test]
fn a_template_is_scoped_by_tenant_and_account_and_by_no_url() {
    let template = Template::parse("{CallSid}:voice").unwrap();
    let key = |url: &str, form: &str, tenant| {
        asked_at(url, form, |verified| {
            let mut delivery = Delivery::new(verified);
            delivery.tenant = tenant;
            template.key(delivery).unwrap()
        })
    };
    let first = key(URL, CALL, None);
    assert_eq!(key("https://example.com/next", CALL, None), first);
    assert_ne!(key(URL, CALL, Some("acme")), first);
    assert_ne!(key(URL, &with(CALL, "AccountSid=AC2"), None), first);
    assert_ne!(first.clone().endpoint("voice").claim_key(), first.claim_key());
}
