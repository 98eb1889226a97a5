//! What may be read of a request before it is verified.

use twilio_sig::Webhook;

#[test]
fn an_untrusted_parameter_is_the_first_of_the_body_or_else_of_the_query() {
    let webhook = Webhook::post("https://example.com/?a=q&b=r%20s#?c=t", b"a=1&a=2");
    assert_eq!(webhook.untrusted_param("a").as_deref(), Some("1"));
    assert_eq!(webhook.untrusted_param("b").as_deref(), Some("r s"));
    assert_eq!(webhook.untrusted_param("c"), None);
    let webhook = Webhook::post_params("not a URL", &[("a", "+1")]);
    assert_eq!(webhook.untrusted_param("a").as_deref(), Some("+1"));
}

/// The text of a message inside JSON must not choose the tenant.
#[test]
fn a_hashed_body_is_not_read_for_an_untrusted_parameter() {
    let body = br#"[{"data":{"body":"&AccountSid=AC2&"}}]"#;
    for url in
        ["https://h.io/?bodySHA256=0&AccountSid=AC1", "https://h.io/?AccountSid=AC1&body%53HA256"]
    {
        let webhook = Webhook::post(url, body);
        assert_eq!(webhook.untrusted_param("AccountSid").as_deref(), Some("AC1"), "{url}");
        assert_eq!(webhook.untrusted_param("To"), None);
    }
    // What no verifier reads is not read for a tenant either.
    let many = format!("{}AccountSid=AC1", "a&".repeat(5_000));
    assert_eq!(Webhook::post("https://h.io/", many.as_bytes()).untrusted_param("AccountSid"), None);
}
