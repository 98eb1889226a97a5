//! Why a signature can be wrong: every known cause, what it is, and how it is mended.

use core::fmt;

macro_rules! causes {
    ($($name:ident $code:literal $what:literal $mend:literal)+) => {
        /// Why a genuine request is refused.
        ///
        /// `Display` says what happened, [`mend`](Self::mend) what to do about it, and
        /// [`code`](Self::code) is a stable label for logs and metrics.
        ///
        /// # Examples
        /// ```
        /// use twilio_sig::Cause;
        ///
        /// let cause = Cause::TlsTerminated;
        /// assert_eq!(cause.code(), "tls_terminated");
        /// assert!(cause.mend().contains("https"));
        /// ```
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Cause {
            $(#[doc = $what] $name,)+
        }

        impl Cause {
            /// All causes.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name of the variant in snake case.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What the operator of the service can do about it.
            #[must_use]
            pub const fn mend(self) -> &'static str {
                match self { $(Self::$name => $mend,)+ }
            }

            const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)+ }
            }
        }
    };
}

// Grouped by where to look. Sources: Twilio's security page and error 57012, and the defects that
// users of its helper libraries report most often.
causes! {
    // The URL.
    TlsTerminated "tls_terminated"
        "TLS is terminated upstream: Twilio signed https, the service sees http."
        "Build the URL with https: configure the public URL, or trust the proxy's X-Forwarded-Proto."
    SignedAsHttp "signed_as_http"
        "Twilio was given an http URL, and the service verifies an https one."
        "Change the URL in Twilio's console to https, or verify the http one."
    WebSocketAsHttp "web_socket_as_http"
        "A WebSocket handshake is verified as if it were a plain request."
        "Verify it with Webhook::websocket, or with the URL that begins with wss."
    HttpAsWebSocket "http_as_web_socket"
        "A plain request is verified as if it were a WebSocket handshake."
        "Verify it with Webhook::new, and the URL that begins with https."
    WrongHost "wrong_host"
        "The host is not the public one that Twilio calls."
        "Configure the public host, or let the proxy hand on the Host header unchanged."
    HostCase "host_case"
        "The host is written in other upper and lower case letters than in Twilio's console."
        "Write the host in the same case on both sides; lower case is the safest."
    WrongPort "wrong_port"
        "The port is not the one in the URL that Twilio calls."
        "Put the public port into the URL that is verified, not the one the service listens on."
    PathPrefixMissing "path_prefix_missing"
        "A gateway cuts off the beginning of the path, such as its stage."
        "Put the prefix back before verifying (Origin::path_prefix, or the configured URL)."
    PathPrefixAdded "path_prefix_added"
        "The path begins with a prefix that Twilio's URL does not have."
        "Verify the path as it arrived at the edge, before a proxy or a mount point adds to it."
    TrailingSlashMissing "trailing_slash_missing"
        "Twilio's URL ends its path with a slash, and the one verified does not."
        "Verify the target as it arrived, or remove the slash in Twilio's console."
    TrailingSlashAdded "trailing_slash_added"
        "The path ends with a slash that Twilio's URL does not have."
        "Verify the target as it arrived, or add the slash in Twilio's console."
    SlashesMerged "slashes_merged"
        "Twilio's URL has two slashes in a row, and something merged them into one."
        "Remove the double slash from the URL in Twilio's console."
    PathRewritten "path_rewritten"
        "The path was rewritten on its way, for instance to that of an index page."
        "Verify the target as it arrived, before rewriting."
    PathReencoded "path_reencoded"
        "The path was decoded, or encoded anew, on its way."
        "Take the raw request target, not the path that a framework has decoded."
    QueryReordered "query_reordered"
        "The query's parameters are in another order than in the URL that Twilio signed."
        "Take the raw request target. If Twilio itself sends them sorted, write them sorted in its console."
    QueryReencoded "query_reencoded"
        "The query was decoded and encoded anew, in another spelling."
        "Take the query from the raw request target; never build it from parsed parameters."
    QueryDropped "query_dropped"
        "The query, or a part of it, is missing from the URL that is verified."
        "Verify path and query: all of the raw request target."
    QueryParamAdded "query_param_added"
        "Something on the way added to the query."
        "Remove what the proxy or gateway adds before verifying, or tell it not to add it."
    BodyHashDropped "body_hash_dropped"
        "bodySHA256, which Twilio adds to the URL of a JSON request, is missing from the query."
        "Verify path and query: all of the raw request target, bodySHA256 included."
    FragmentMissing "fragment_missing"
        "The URL was signed with its fragment, which no request carries."
        "Add the fragment of the configured URL, or remove it there."
    FragmentEncoded "fragment_encoded"
        "The fragment of the configured URL became a part of the path or the query."
        "Leave everything from `#` on out of the URL that is verified."
    UserinfoMissing "userinfo_missing"
        "The URL was signed with its user name and password, which the service does not see."
        "Verify the URL as configured, with user name and password."
    UrlHtmlEscaped "url_html_escaped"
        "The URL that is verified holds XML or HTML escapes, such as `&amp;`."
        "Unescape the URL: it was copied from TwiML or a page in its escaped form."
    UrlWhitespace "url_whitespace"
        "There is white space or a quotation mark around the URL that is verified."
        "Remove it from the configuration."
    UrlNotAbsolute "url_not_absolute"
        "What is verified is not an absolute URL: it has no scheme or no host."
        "Put scheme and host of the public URL before the request target."
    UrlPolicyExact "url_policy_exact"
        "Twilio signed another spelling of the URL, which the exact URL policy does not try."
        "Use UrlPolicy::Compatible, or give the URL in the spelling that is named here."
    // The parameters.
    QueryPassedAsParams "query_passed_as_params"
        "The parameters of the query are passed as parameters of the body, too."
        "Pass the parameters of the body alone; those of the query are in the URL."
    ParamAdded "param_added"
        "A middleware or a framework added a parameter."
        "Verify the raw body, before anything adds to the parsed parameters."
    ParamMissing "param_missing"
        "A parameter that Twilio sent is missing."
        "Pass every parameter: verify the raw body, not a type with chosen fields."
    EmptyParamsDropped "empty_params_dropped"
        "Parameters with an empty value were dropped."
        "Verify the raw body, before a middleware drops empty values."
    ParamNullConverted "param_null_converted"
        "Empty values were turned into null, and null into text."
        "Verify the raw body, before a middleware converts empty values."
    ParamTrimmed "param_trimmed"
        "White space was trimmed from a value."
        "Verify the raw body, before a middleware trims strings."
    ParamsMerged "params_merged"
        "The values of a repeated parameter were joined into one."
        "Verify the raw body, in which each value stands by itself."
    ParamRenamed "param_renamed"
        "The name of a parameter was changed, as PHP does with dots."
        "Verify the raw body; parsed names are not always the names that were sent."
    ParamsNotDecoded "params_not_decoded"
        "The parameters are passed as they are encoded in the body, without decoding."
        "Decode names and values once, or pass the raw body instead."
    ParamsDecodedTwice "params_decoded_twice"
        "The values were decoded twice: a plus sign has become a space."
        "Decode once. In a test, escape the plus sign of a number as %2B."
    LineEndings "line_endings"
        "The line endings in a value were changed."
        "Verify the raw body, before line endings are normalised."
    ParamsHtmlEscaped "params_html_escaped"
        "A sanitiser escaped the values for HTML."
        "Verify the raw body, before sanitising."
    ParamsCharset "params_charset"
        "The values were read in another character set than UTF-8."
        "Read the body as UTF-8, or verify the raw bytes."
    FormAsJson "form_as_json"
        "Twilio sent a form, and what is verified is its parameters as JSON."
        "Pass the raw form, or the parameters by Webhook::params."
    // The body.
    JsonReserialized "json_reserialized"
        "The JSON body was parsed and printed again."
        "Keep the raw bytes of the body and verify those; parse afterwards."
    JsonAsForm "json_as_form"
        "Twilio sent a body under bodySHA256, and what is verified is parameters parsed from it."
        "Pass the raw bytes of the body, not parameters."
    BodyMissing "body_missing"
        "The URL's signature is good, but the body is empty, and the one signed was not."
        "Read the body before verifying; something has consumed it already, or a redirect lost it."
    BodyChanged "body_changed"
        "The URL's signature is good, but the body is not the one whose hash was signed."
        "Verify the bytes as they arrived. If they are, someone sends a captured URL with a body of their own."
    BodyNotSigned "body_not_signed"
        "The signature is that of the URL alone, and nothing in it covers the body."
        "Twilio sent this request without a body, or for a GET. Find out what added one; refuse it until then."
    // A signer that is not Twilio's.
    OrderKept "order_kept"
        "The signer appended the parameters in their order, without sorting them."
        "Sort the pairs by name and value before signing. Twilio does: the signer is a tool of your own."
    SortIgnoresCase "sort_ignores_case"
        "The signer sorted the parameters without regard to case."
        "Sort by bytes: upper case before lower case."
    RepeatsKept "repeats_kept"
        "The signer does not treat a repeated parameter as Twilio does."
        "Sort the values of one name and sign equal pairs once, each value after its name."
    RawBodySigned "raw_body_signed"
        "The signer signed the encoded body instead of its decoded parameters."
        "Sign the URL followed by the decoded names and values, without separators."
    // The key.
    SecondaryToken "secondary_token"
        "The request was signed with the secondary auth token, which is not configured."
        "Add it to the verifier: both are needed while tokens are rotated."
    OtherAccountToken "other_account_token"
        "The request was signed with the auth token of another account."
        "Use the auth token of the account (or subaccount) that AccountSid names."
    TokenWhitespace "token_whitespace"
        "The configured auth token holds white space or an invisible character."
        "Copy the token again, without spaces, line feeds or a byte order mark."
    TokenQuoted "token_quoted"
        "The configured auth token holds quotation marks, or the name of its variable."
        "Configure the 32 characters of the token and nothing around them."
    TokenLength "token_length"
        "The configured auth token is too short or too long."
        "Copy the token again: it has 32 hexadecimal digits."
    TokenCase "token_case"
        "The configured auth token is in upper case."
        "Copy the token as the console shows it, in lower case."
    WrongAlgorithm "wrong_algorithm"
        "The right secret is bound to the wrong algorithm."
        "Bind the key to the algorithm of the signature: 28 characters are HMAC-SHA1, 44 are HMAC-SHA256."
    UnknownSharedKey "unknown_shared_key"
        "The settings header names a shared key that is not configured."
        "Configure the shared key under the id that the header names."
    SharedKeyNotConfigured "shared_key_not_configured"
        "The signature is an HMAC-SHA256, which a shared key makes, and no such key is configured."
        "Configure the shared key (SharedKey::new, Algorithm::HmacSha256), or let Twilio sign with the auth token."
    AuthTokenNotConfigured "auth_token_not_configured"
        "The signature is an HMAC-SHA1, which an auth token makes, and no such key is configured."
        "Configure the auth token, or make sure that the webhook uses the shared key."
    SettingsMalformed "settings_malformed"
        "The settings header is malformed, or joined from two."
        "Hand on X-Twilio-Webhooks-Signature-Settings as it arrived, once."
    // The signature header.
    SignatureMissing "signature_missing"
        "There is no signature header."
        "Let the proxy hand on X-Twilio-Signature. If it does, the request is not from Twilio."
    SignatureTrimmed "signature_trimmed"
        "The signature header is cut off."
        "Hand on the header whole, with the equals sign at its end."
    SignaturePadded "signature_padded"
        "There is white space or a quotation mark around the signature."
        "Hand on the header's value alone."
    SignatureJoined "signature_joined"
        "Several signature headers were joined into one."
        "Find what adds a second header. Refuse such requests; do not choose one of the values."
    SignatureReencoded "signature_reencoded"
        "The signature is not in the base64 that Twilio sends, but in another spelling of it."
        "Hand on the header as it arrived: no URL encoding, no URL-safe alphabet, no hexadecimal."
    SignatureOfOtherProvider "signature_of_other_provider"
        "The signature is in the form of another provider."
        "Route this provider's webhooks elsewhere, or verify them by its own rules."
    // The verifier's settings.
    OtherAccount "other_account"
        "The signature is good, but the request is for another account than the verifier's."
        "Verify with the verifier of the account that AccountSid names."
    StrictPolicy "strict_policy"
        "The signature is good, but the parameters break the strict policy."
        "Use ParameterPolicy::Any for this webhook, if its parameters are what you expect."
    LimitExceeded "limit_exceeded"
        "The URL, the body or the number of parameters is above the verifier's limit."
        "Raise the limit of the verifier, if such requests are genuine."
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}
