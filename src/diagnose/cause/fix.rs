//! How each cause is fixed.

/// For [`Cause::PathPrefixMissing`] where all of the path is the prefix: what is left of it does not
/// tell whether it ended in a slash.
pub(in crate::diagnose) const PREFIX_OF_NOTHING: &str = "All of the path was cut off: configure it (Origin::fixed, path_prefix or whole_url), with or without a slash at its end, as in Twilio's console.";

use super::Cause;

impl Cause {
    /// What the operator of the service can do about it.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub const fn fix(self) -> &'static str {
        match self {
            Self::TlsTerminated => {
                "Build the URL with https: configure the public URL (Origin::fixed), or trust the proxy's X-Forwarded-Proto (Origin::behind_proxy)."
            }
            Self::SignedAsHttp => {
                "Change the URL in Twilio's console to https, or verify the http one."
            }
            Self::WebSocketAsHttp => {
                "Verify it with Webhook::websocket, or with the URL that begins with wss."
            }
            Self::HttpAsWebSocket => {
                "Verify it with Webhook::get, and the URL that begins with https."
            }
            Self::WrongHost => {
                "Configure the public host (Origin::fixed), or let the proxy hand on the Host header unchanged and allow it (Origin::allowed_hosts)."
            }
            Self::HostCase => {
                "Write the host in the same case on both sides; lower case is the safest."
            }
            Self::WrongPort => {
                "Put the public port into the URL that is verified, not the one the service listens on."
            }
            Self::PathPrefixMissing => {
                "Put the prefix back before verifying: Origin::path_prefix, or the path of Origin::fixed."
            }
            Self::PathPrefixAdded => {
                "Verify the path as it arrived at the edge, before a proxy or a mount point adds to it."
            }
            Self::TrailingSlashMissing => {
                "Verify the target as it arrived, or remove the slash in Twilio's console. A path that is configured (Origin::fixed, path_prefix or whole_url) must end in a slash."
            }
            Self::TrailingSlashAdded => {
                "Verify the target as it arrived, or add the slash in Twilio's console. A path that is configured (Origin::fixed, path_prefix or whole_url) must not end in a slash."
            }
            Self::SlashesMerged => "Remove the double slash from the URL in Twilio's console.",
            Self::PathRewritten => "Verify the target as it arrived, or use Origin::whole_url.",
            Self::PathReencoded => {
                "Take the raw request target, not the path that a framework has decoded."
            }
            Self::QueryReordered => {
                "Take the raw request target, or configure URL and query (Origin::whole_url). If Twilio itself sends them sorted, write them sorted in its console."
            }
            Self::QueryReencoded => {
                "Take the query from the raw request target, or configure URL and query (Origin::whole_url); never build it from parsed parameters."
            }
            Self::QueryDropped => "Verify path and query: all of the raw request target.",
            Self::QueryParamAdded => {
                "Remove what the proxy or gateway adds before verifying, or tell it not to add it."
            }
            Self::BodyHashDropped => {
                "Verify path and query: all of the raw request target, bodySHA256 included."
            }
            Self::BodyHashRepeated => {
                "Remove bodySHA256 from the URL in Twilio's console: Twilio adds it to each request."
            }
            Self::FragmentMissing => {
                "Sign without the fragment, as Twilio does, or give Webhook the URL with it: every Origin leaves it out."
            }
            Self::FragmentEncoded => {
                "Leave everything from `#` on out of the URL that is verified."
            }
            Self::UserinfoMissing => {
                "Sign without user name and password, as Twilio does, or give Webhook the URL with them: every Origin leaves them out."
            }
            Self::UrlHtmlEscaped => {
                "Unescape the URL: it was copied from TwiML or a page in its escaped form."
            }
            Self::UrlWhitespace => "Remove it from the configuration.",
            Self::UrlNotAbsolute => {
                "Put scheme and host of the public URL before the request target (Origin::fixed)."
            }
            Self::UrlDoubled => {
                "Put a base before a path alone; an absolute request target is the URL."
            }
            Self::UrlPolicyExact => {
                "Use UrlPolicy::Compatible, or give the URL in the spelling that is named here."
            }
            Self::QueryPassedAsParams => {
                "Pass the parameters of the body alone; those of the query are in the URL."
            }
            Self::ParamAdded => {
                "Verify the raw body, before anything adds to the parsed parameters."
            }
            Self::ParamMissing => {
                "Pass every parameter: verify the raw body, not a type with chosen fields."
            }
            Self::EmptyParamsDropped => {
                "Verify the raw body, before a middleware drops empty values."
            }
            Self::ParamNullConverted => {
                "Verify the raw body, before a middleware converts empty values."
            }
            Self::ParamTrimmed => "Verify the raw body, before a middleware trims strings.",
            Self::ParamsMerged => "Verify the raw body, in which each value stands by itself.",
            Self::ParamRenamed => {
                "Verify the raw body; parsed names are not always the names that were sent."
            }
            Self::ParamsNotDecoded => "Decode names and values once, or pass the raw body instead.",
            Self::ParamsDecodedTwice => {
                "Decode once. In a test, escape the plus sign of a number as %2B."
            }
            Self::LineEndings => "Verify the raw body, before line endings are normalised.",
            Self::ParamsHtmlEscaped => "Verify the raw body, before sanitising.",
            Self::ParamsCharset => "Read the body as UTF-8, or verify the raw bytes.",
            Self::FormAsJson => {
                "Pass the raw form, or the decoded parameters by Webhook::post_params."
            }
            Self::JsonReserialized => {
                "Keep the raw bytes of the body and verify those; parse afterwards."
            }
            Self::JsonAsForm => "Pass the raw bytes of the body, not parameters.",
            Self::BodyMissing => {
                "Keep the raw body before any parser reads it, and verify that. If it never arrived, look for a redirect or a proxy that drops it."
            }
            Self::BodyBase64 => {
                "Decode the body before verifying when the event says isBase64Encoded."
            }
            Self::BodyChanged => {
                "Verify the bytes as they arrived. If they are, a captured URL is being sent with another body: refuse it."
            }
            Self::BodyNotSigned => {
                "Twilio sent this request without a body, or for a GET. Find out what added one; refuse it until then."
            }
            Self::OrderKept => {
                "Sort the pairs by name and value before signing. Twilio does: the signer is a tool of your own."
            }
            Self::SortIgnoresCase => "Sort by bytes: upper case before lower case.",
            Self::RepeatsKept => {
                "Sort the values of one name and sign equal pairs once, each value after its name."
            }
            Self::RawBodySigned => {
                "Sign the URL followed by the decoded names and values, without separators."
            }
            Self::EncodedParamsSigned => {
                "Sign the URL followed by the decoded names and values, sorted, without separators; `twilio-sig sign` does it."
            }
            Self::SecondaryToken => {
                "Add it to the verifier: both are needed while tokens are rotated."
            }
            Self::OtherAccountToken => {
                "Use the auth token of the account (or subaccount) that AccountSid names."
            }
            Self::TokenWhitespace => {
                "Copy the token again, without spaces, line feeds or a byte order mark."
            }
            Self::TokenQuoted => {
                "Configure the 32 characters of the token and nothing around them."
            }
            Self::TokenLength => "Copy the token again: it has 32 hexadecimal digits.",
            Self::TokenCase => "Copy the token as the console shows it, in lower case.",
            Self::WrongAlgorithm => {
                "Bind the key to the algorithm of the signature: 28 characters are HMAC-SHA1, 44 are HMAC-SHA256."
            }
            Self::UnknownSharedKey => {
                "Configure the shared key under the id that the header names."
            }
            Self::SharedKeyNotConfigured => {
                "Configure the shared key (SharedKey::new, Algorithm::HmacSha256), or let Twilio sign with the auth token."
            }
            Self::AuthTokenNotConfigured => {
                "Configure the auth token, or make sure that the webhook uses the shared key."
            }
            Self::SettingsMalformed => {
                "Hand on X-Twilio-Webhooks-Signature-Settings as it arrived, once."
            }
            Self::SignatureMissing => {
                "Let the proxy hand on X-Twilio-Signature. If it does, the request is not from Twilio."
            }
            Self::SignatureTrimmed => "Hand on the header whole, with the equals sign at its end.",
            Self::SignaturePadded => "Hand on the header's value alone.",
            Self::SignatureJoined => {
                "Find what adds a second header. Refuse such requests; do not choose one of the values."
            }
            Self::SignatureReencoded => {
                "Hand on the header as it arrived: no URL encoding, no URL-safe alphabet, no hexadecimal."
            }
            Self::SignatureOfOtherProvider => "Verify it by that provider's rules.",
            Self::OtherAccount => "Verify with the verifier of the account that AccountSid names.",
            Self::StrictPolicy => {
                "Use ParameterPolicy::Any for this webhook, if its parameters are what you expect."
            }
            Self::LimitExceeded => "Raise the limit of the verifier, if such requests are genuine.",
        }
    }
}
