//! Mistakes with the parameters, and signers that are not Twilio's.

use twilio_sig::{Cause, Diagnosis, Hints, diagnose};

use super::arrived::{post, post_params};
use super::{BODY, Case, URL, decoded, form, params, signer, verifier};

/// A body that is changed after signing.
fn body(damage: impl Fn(&str) -> String) -> Diagnosis {
    form((URL, BODY), (URL, &damage(BODY)), &Hints::new())
}

/// A message of which one value was trimmed after signing.
fn trimmed(name: &str, before: &str, after: &str) -> Diagnosis {
    let wrap = |(own, value): (String, String)| {
        let wrapped = if own == name { format!("{before}{value}{after}") } else { value };
        (own, wrapped)
    };
    let given = decoded(BODY);
    let signed: Vec<(String, String)> = given.iter().cloned().map(wrap).collect();
    assert_ne!(signed, given, "no parameter `{name}`");
    let signed: Vec<(&str, &str)> = signed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let given: Vec<(&str, &str)> = given.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    params(&signed, &given)
}

/// A request whose signer appended `tail` to the URL, which is not what Twilio appends.
fn signed_so(url_and_tail: &str, given: &str) -> Diagnosis {
    let header = signer().sign_url(url_and_tail).header_value();
    let webhook = post(URL, given.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, &Hints::new())
}

pub(crate) const CASES: &[Case] = &[
    (Cause::QueryPassedAsParams, || {
        let url = "https://e.com/voice?CallSid=CA1&From=%2B1500";
        let header = signer().sign_url(url).header_value();
        let query = [("CallSid", "CA1"), ("From", "+1500")];
        let webhook = post_params(url, &query).signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::QueryPassedAsParams, || {
        let url = "https://e.com/sms?tenant=7";
        let merged = format!("tenant=7&{BODY}");
        form((url, BODY), (url, &merged), &Hints::new())
    }),
    (Cause::ParamAdded, || body(|body| format!("{body}&tenant_id=7"))),
    (Cause::ParamAdded, || body(|body| format!("RequestId=5f2&{body}"))),
    (Cause::ParamAdded, || body(|body| format!("{body}&controller=sms&action=create"))),
    (Cause::ParamMissing, || body(|body| body.replace("&ApiVersion=2010-04-01", ""))),
    (Cause::ParamMissing, || {
        body(|body| body.replace("&SmsSid=SM00000000000000000000000000000101", ""))
    }),
    (Cause::EmptyParamsDropped, || {
        body(|body| body.replace("&ToCity=", "").replace("&ToZip=", ""))
    }),
    (Cause::EmptyParamsDropped, || {
        params(&[("Body", ""), ("NumMedia", "1"), ("X", "1")], &[("NumMedia", "1"), ("X", "1")])
    }),
    // All that a kind of webhook sends empty, where no list of it is at hand.
    (Cause::EmptyParamsDropped, || {
        let signed = BODY.replace("Running+late", "").replace("=NEW+YORK", "=");
        let given = signed.replace("&Body=", "").replace("&FromCity=", "");
        form(
            (URL, &signed),
            (URL, &given.replace("&ToCity=", "").replace("&ToZip=", "")),
            &Hints::new(),
        )
    }),
    (Cause::EmptyParamsDropped, || {
        let call = "CallSid=CA1&From=%2B1&To=%2B2&Caller=%2B1&Called=%2B2&FromState=&CallerState=\
            &FromZip=&CallerZip=&ToCity=&CalledCity=&FromCity=X&CallerCity=X&CallerName=";
        let given: Vec<&str> = call.split('&').filter(|pair| !pair.ends_with('=')).collect();
        form((URL, call), (URL, &given.join("&")), &Hints::new())
    }),
    (Cause::EmptyParamsDropped, || {
        let status = "MessageSid=SM1&MessageStatus=sent&ErrorMessage=&RawDlrDoneDate=&To=%2B1";
        form((URL, status), (URL, "MessageSid=SM1&MessageStatus=sent&To=%2B1"), &Hints::new())
    }),
    (Cause::EmptyParamsDropped, || {
        let event = "ConversationSid=CH1&EventType=onMessageAdded&Attributes=&Body=&Author=x";
        form(
            (URL, event),
            (URL, "ConversationSid=CH1&EventType=onMessageAdded&Author=x"),
            &Hints::new(),
        )
    }),
    (Cause::ParamTrimmed, || {
        params(
            &[("Body", "Yes "), ("From", "+1500"), ("To", "+1501")],
            &[("Body", "Yes"), ("From", "+1500"), ("To", "+1501")],
        )
    }),
    (Cause::ParamTrimmed, || params(&[("A", "1"), ("Note", " x")], &[("A", "1"), ("Note", "x")])),
    (Cause::ParamTrimmed, || params(&[("A", "1"), ("Body", "x\n")], &[("A", "1"), ("Body", "x")])),
    // What frameworks trim: any white space, what looks like none, several, at both ends.
    (Cause::ParamTrimmed, || trimmed("Body", "\u{a0}", "")),
    (Cause::ParamTrimmed, || trimmed("Body", "", "\u{200b}")),
    (Cause::ParamTrimmed, || trimmed("Body", "  ", "  ")),
    (Cause::ParamTrimmed, || trimmed("Body", "\n\n", " ")),
    (Cause::ParamTrimmed, || trimmed("Body", "\u{feff}", "\r\n")),
    (Cause::ParamTrimmed, || trimmed("Body", "", "\u{200e} ")),
    (Cause::ParamTrimmed, || trimmed("Body", "\u{202b}", "\u{202c}")),
    (Cause::ParamTrimmed, || trimmed("FromCity", "\u{3000}", "")),
    (Cause::ParamTrimmed, || trimmed("ApiVersion", " ", "\u{2069}")),
    (Cause::ParamTrimmed, || trimmed("To", "\t", "\t")),
    (Cause::ParamTrimmed, || trimmed("NumMedia", "", "    ")),
    // In several parameters.
    (Cause::ParamTrimmed, || {
        params(
            &[("Body", "Yes "), ("ProfileName", " Zoë"), ("To", "+1501")],
            &[("Body", "Yes"), ("ProfileName", "Zoë"), ("To", "+1501")],
        )
    }),
    (Cause::ParamNullConverted, || body(|body| body.replace("ToCity=", "ToCity=null"))),
    (Cause::ParamNullConverted, || {
        body(|body| body.replace("ToCity=", "ToCity=None").replace("ToZip=", "ToZip=None"))
    }),
    (Cause::ParamsMerged, || {
        params(&[("D", "5678"), ("D", "1234"), ("E", "1")], &[("D", "5678,1234"), ("E", "1")])
    }),
    (Cause::ParamsMerged, || {
        let signed = [("Body", "a, b"), ("D", "2"), ("D", "1")];
        params(&signed, &[("Body", "a, b"), ("D", "2, 1")])
    }),
    (Cause::ParamRenamed, || {
        params(
            &[("MessagingBinding.Address", "+1"), ("A", "1")],
            &[("MessagingBinding_Address", "+1"), ("A", "1")],
        )
    }),
    (Cause::ParamRenamed, || {
        params(&[("CallSid", "CA1"), ("To", "x")], &[("call_sid", "CA1"), ("to", "x")])
    }),
    (Cause::ParamRenamed, || {
        params(&[("CallSid", "CA1"), ("To", "x")], &[("callsid", "CA1"), ("to", "x")])
    }),
    (Cause::ParamRenamed, || params(&[("M", "1"), ("M", "2")], &[("M[]", "1"), ("M[]", "2")])),
    (Cause::ParamsNotDecoded, || {
        params(&[("From", "+1500"), ("Body", "a b")], &[("From", "%2B1500"), ("Body", "a+b")])
    }),
    (Cause::ParamsDecodedTwice, || {
        params(&[("From", "+1500"), ("Body", "a b")], &[("From", " 1500"), ("Body", "a b")])
    }),
    (Cause::ParamsDecodedTwice, || {
        params(&[("A", "1"), ("Body", "a+b+c")], &[("A", "1"), ("Body", "a b c")])
    }),
    (Cause::LineEndings, || {
        params(&[("A", "1"), ("Body", "a\nb")], &[("A", "1"), ("Body", "a\r\nb")])
    }),
    (Cause::LineEndings, || {
        params(&[("A", "1"), ("Body", "a\r\nb")], &[("A", "1"), ("Body", "a\nb")])
    }),
    (Cause::ParamsHtmlEscaped, || {
        params(
            &[("Body", "<3 & it's"), ("A", "1")],
            &[("Body", "&lt;3 &amp; it&#39;s"), ("A", "1")],
        )
    }),
    (Cause::ParamsCharset, || {
        params(&[("Body", "Zoë"), ("A", "1")], &[("Body", "ZoÃ«"), ("A", "1")])
    }),
    (Cause::ParamsCharset, || {
        form((URL, "Body=Zo%C3%AB&A=1"), (URL, "Body=Zo%EB&A=1"), &Hints::new())
    }),
    // Windows-1252 as browsers decode it: the bytes without a character become control characters.
    (Cause::ParamsCharset, || {
        params(
            &[("Body", "Café “ok” – 5€"), ("A", "1")],
            &[("Body", "CafÃ© â€œokâ€\u{9d} â€“ 5â‚¬"), ("A", "1")],
        )
    }),
    (Cause::ParamsCharset, || {
        form((URL, "Body=5%E2%82%AC&A=1"), (URL, "Body=5%80&A=1"), &Hints::new())
    }),
    (Cause::ParamsCharset, || {
        params(&[("Body", "ë"), ("A", "1")], &[("Body", "ÃƒÂ«"), ("A", "1")])
    }),
    (Cause::FormAsJson, || {
        let json = r#"{"Body": "Zo\u00eb \"x\"", "From": "+1500", "NumMedia": 0, "M": ["2", "1"]}"#;
        let form_body = "Body=Zo%C3%AB+%22x%22&From=%2B1500&NumMedia=0&M=1&M=2";
        form((URL, form_body), (URL, json), &Hints::new())
    }),
    (Cause::BodyNotSigned, || {
        let header = signer().sign_url(URL).header_value();
        let webhook = post(URL, b"Body=Ahoy&From=%2B1500").signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::BodyNotSigned, || {
        let header = signer().sign_url(URL).header_value();
        diagnose(&verifier(), &post(URL, b"&=&").signature(&header), &Hints::new())
    }),
    // Test clients that encode, or join with separators, before they sign.
    (Cause::EncodedParamsSigned, || {
        signed_so(&format!("{URL}Bodya+b%26cFrom%2B1"), "From=%2B1&Body=a+b%26c")
    }),
    (Cause::EncodedParamsSigned, || {
        signed_so(&format!("{URL}Bodya%20b%26cFrom%2B1"), "From=%2B1&Body=a+b%26c")
    }),
    (Cause::EncodedParamsSigned, || {
        signed_so(&format!("{URL}Body=a b&c&From=+1"), "From=%2B1&Body=a+b%26c")
    }),
    (Cause::EncodedParamsSigned, || {
        signed_so(&format!("{URL}?Body=a%20b%26c&From=%2B1"), "From=%2B1&Body=a+b%26c")
    }),
    (Cause::EncodedParamsSigned, || {
        signed_so(&format!("{URL}From=+1&Body=a b&c&"), "From=%2B1&Body=a+b%26c")
    }),
    (Cause::OrderKept, || signed_so(&format!("{URL}To1Body2From3"), "To=1&Body=2&From=3")),
    (Cause::SortIgnoresCase, || signed_so(&format!("{URL}aBody2From3z4"), "z=4&From=3&a=&Body=2")),
    (Cause::RepeatsKept, || signed_so(&format!("{URL}D1D1D2E1"), "E=1&D=2&D=1&D=1")),
    (Cause::RepeatsKept, || signed_so(&format!("{URL}AD21"), "D=2&D=1&A=")),
    (Cause::RepeatsKept, || signed_so(&format!("{URL}A1D2"), "D=2&D=1&D=3&A=1")),
    (Cause::RepeatsKept, || signed_so(&format!("{URL}A1D1"), "D=2&D=3&D=1&A=1")),
    (Cause::RawBodySigned, || signed_so(&format!("{URL}Body=Ahoy%21&A=1"), "Body=Ahoy%21&A=1")),
    (Cause::RawBodySigned, || signed_so("Body=Ahoy%21&A=1", "Body=Ahoy%21&A=1")),
];
