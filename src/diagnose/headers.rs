//! The headers of a request that a diagnosis looks at.

use alloc::borrow::Cow;

/// Headers that say under which host the request came in, the most trustworthy first.
pub(super) const HOST: [&str; 5] =
    ["x-forwarded-host", "x-original-host", "disguised-host", "x-host", "host"];
/// Headers that hold the path that a gateway has cut off.
pub(super) const PREFIX: [&str; 2] = ["x-forwarded-prefix", "x-script-name"];
/// Headers that hold path and query, or the whole URL, as they were before a proxy rewrote them.
pub(super) const TARGET: [&str; 9] = [
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-uri",
    "x-forwarded-url",
    "x-forwarded-path",
    "x-envoy-original-path",
    "x-replaced-path",
    "x-waws-unencoded-url",
];
/// Headers that say under which scheme the request came in.
pub(super) const SCHEME: [&str; 5] =
    ["x-forwarded-proto", "x-forwarded-scheme", "x-forwarded-ssl", "front-end-https", "x-arr-ssl"];
const OTHER: [&str; 5] =
    ["forwarded", "x-forwarded-port", "content-type", "content-length", "user-agent"];

/// Headers in which other providers send their signatures.
const PROVIDERS: [(&str, &str); 27] = [
    ("messagebird-signature", "MessageBird"),
    ("messagebird-signature-jwt", "MessageBird"),
    ("stripe-signature", "Stripe"),
    ("svix-signature", "a provider that signs through Svix"),
    ("telnyx-signature-ed25519", "Telnyx"),
    ("webhook-signature", "a provider with Standard Webhooks"),
    ("x-authy-signature", "Authy"),
    ("x-bandwidth-signature", "Bandwidth"),
    ("x-callback-signature", "Bandwidth"),
    ("x-hub-signature", "GitHub or Meta"),
    ("x-hub-signature-256", "GitHub or Meta"),
    ("x-nexmo-signature", "Vonage"),
    ("x-opentok-signature", "Vonage"),
    ("x-plivo-signature", "Plivo"),
    ("x-plivo-signature-ma-v2", "Plivo"),
    ("x-plivo-signature-ma-v3", "Plivo"),
    ("x-plivo-signature-v2", "Plivo"),
    ("x-plivo-signature-v3", "Plivo"),
    ("x-shopify-hmac-sha256", "Shopify"),
    ("x-signalwire-signature", "SignalWire"),
    ("x-signature", "Segment, or another provider"),
    ("x-sinch-webhook-signature", "Sinch"),
    ("x-slack-signature", "Slack"),
    ("x-telnyx-signature", "Telnyx"),
    ("x-twilio-email-event-webhook-signature", "SendGrid"),
    ("x-vonage-signature", "Vonage"),
    ("x-vonage-webhook-auth-token", "Vonage"),
];

/// The sender of a signature that is not Twilio's, and the header that it came in.
#[derive(Clone)]
pub(super) struct Provider {
    pub(super) header: Cow<'static, str>,
    pub(super) name: &'static str,
}

/// The name of a header whose value is kept.
pub(super) fn kept(name: &str) -> Option<&'static str> {
    let kept = [&HOST[..], &PREFIX, &TARGET, &SCHEME, &OTHER];
    kept.into_iter().flatten().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a header of this name can tell anything. It is asked of every header, and allocates nothing.
pub(super) fn is_read(name: &str) -> bool {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    let holds = |word: &[u8]| {
        name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
    };
    kept(name).is_some()
        || is("authorization")
        || PROVIDERS.iter().any(|(header, _)| is(header))
        || holds(b"signature") && !holds(b"x-twilio")
}

/// The provider of a header. Its value is not kept.
pub(super) fn provider(name: &str, value: &str) -> Option<Provider> {
    let lower = name.to_ascii_lowercase();
    if let Some((header, name)) = PROVIDERS.into_iter().find(|(header, _)| *header == lower) {
        return Some(Provider { header: Cow::Borrowed(header), name });
    }
    // Vonage sends a JWT, whose header and claims are JSON objects.
    if lower == "authorization" && value.trim().starts_with("Bearer eyJ") {
        return Some(Provider {
            header: "authorization".into(),
            name: "Vonage, or another provider",
        });
    }
    let is_other = lower.contains("signature")
        && !lower.contains("x-twilio")
        && !["signature", "signature-input"].contains(&&*lower);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (is_other && lower.len() <= 64 && lower.bytes().all(is_plain))
        .then(|| Provider { header: lower.into(), name: "another provider" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `is_read` leaves out, neither of the two takes.
    #[test]
    fn every_name_that_is_taken_is_read() {
        let named = [&HOST[..], &PREFIX, &TARGET, &SCHEME, &OTHER].concat();
        let providers = PROVIDERS.map(|(header, _)| header);
        for name in named.into_iter().chain(providers).chain(["X-Other-Signature", "Authorization"])
        {
            let takes = kept(name).is_some() || provider(name, "Bearer eyJ").is_some();
            assert!(takes && is_read(name) && is_read(&name.to_ascii_uppercase()), "{name}");
        }
        for name in
            ["cookie", "accept", "x-twilio-signature", "x-twilio-webhooks-signature-settings"]
        {
            assert!(!is_read(name), "{name}");
            assert!(kept(name).is_none() && provider(name, "Bearer eyJ").is_none(), "{name}");
        }
    }
}
