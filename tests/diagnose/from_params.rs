//! Mistakes with the parameters, and signers that are not Twilio's.

use twilio_sig::{Cause, Diagnosis, Hints, Webhook, diagnose};

use super::{BODY, Case, URL, form, params, signer, verifier};

/// A body that is changed after signing.
fn body(damage: impl Fn(&str) -> String) -> Diagnosis {
    form((URL, BODY), (URL, &damage(BODY)), &Hints::new())
}

/// A request whose signer appended `tail` to the URL, which is not what Twilio appends.
fn signed_so(url_and_tail: &str, given: &str) -> Diagnosis {
    let header = signer().sign_url(url_and_tail).header_value();
    let webhook = Webhook::post(URL, given.as_bytes()).signature(&header);
    diagnose(&verifier(), &webhook, &Hints::new())
}

pub(crate) const CASES: &[Case] = &[
    (Cause::QueryPassedAsParams, || {
        let url = "https://e.com/voice?CallSid=CA1&From=%2B1500";
        let header = signer().sign_url(url).header_value();
        let query = [("CallSid", "CA1"), ("From", "+1500")];
        let webhook = Webhook::post_params(url, &query).signature(&header);
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
    (Cause::ParamTrimmed, || {
        params(
            &[("Body", "Yes "), ("From", "+1500"), ("To", "+1501")],
            &[("Body", "Yes"), ("From", "+1500"), ("To", "+1501")],
        )
    }),
    (Cause::ParamTrimmed, || params(&[("A", "1"), ("Note", " x")], &[("A", "1"), ("Note", "x")])),
    (Cause::ParamTrimmed, || params(&[("A", "1"), ("Body", "x\n")], &[("A", "1"), ("Body", "x")])),
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
    (Cause::FormAsJson, || {
        let json = r#"{"Body": "Zo\u00eb \"x\"", "From": "+1500", "NumMedia": 0, "M": ["2", "1"]}"#;
        let form_body = "Body=Zo%C3%AB+%22x%22&From=%2B1500&NumMedia=0&M=1&M=2";
        form((URL, form_body), (URL, json), &Hints::new())
    }),
    (Cause::BodyNotSigned, || {
        let header = signer().sign_url(URL).header_value();
        let webhook = Webhook::post(URL, b"Body=Ahoy&From=%2B1500").signature(&header);
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::BodyNotSigned, || {
        let header = signer().sign_url(URL).header_value();
        diagnose(&verifier(), &Webhook::post(URL, b"&=&").signature(&header), &Hints::new())
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
