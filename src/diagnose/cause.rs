//! Why a signature can be wrong: every known cause, and what it is.

mod fix;

pub(super) use fix::PREFIX_OF_NOTHING;

macro_rules! causes {
    ($($name:ident $code:literal $what:literal)+) => {
        /// Why a genuine request is refused. `Display` says what happened, [`fix`](Self::fix) what
        /// to do about it, and [`code`](Self::code) is a stable label for logs and metrics.
        ///
        /// # Examples
        /// ```
        /// use twilio_sig::Cause;
        ///
        /// let cause = Cause::TlsTerminated;
        /// assert_eq!(cause.code(), "tls_terminated");
        /// assert!(cause.fix().contains("https"));
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
        }

        impl core::fmt::Display for Cause {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { $(Self::$name => $what,)+ })
            }
        }
    };
}

// Sources: Twilio's security page, its error 57012, and the bug reports of its libraries' users.
causes! {
    // The URL.
    TlsTerminated "tls_terminated"
        "TLS is terminated upstream: Twilio signed https, the service sees http."
    SignedAsHttp "signed_as_http"
        "Twilio was given an http URL, and the service verifies an https one."
    WebSocketAsHttp "web_socket_as_http"
        "A WebSocket handshake is verified as if it were a plain request."
    HttpAsWebSocket "http_as_web_socket"
        "A plain request is verified as if it were a WebSocket handshake."
    WrongHost "wrong_host"
        "The host is not the public one that Twilio calls."
    HostCase "host_case"
        "The host is written in other upper and lower case letters than in Twilio's console."
    WrongPort "wrong_port"
        "The port is not the one in the URL that Twilio calls."
    PathPrefixMissing "path_prefix_missing"
        "A gateway cuts off the beginning of the path, such as its stage."
    PathPrefixAdded "path_prefix_added"
        "The path begins with a prefix that Twilio's URL does not have."
    TrailingSlashMissing "trailing_slash_missing"
        "Twilio's URL ends its path with a slash, and the one verified does not."
    TrailingSlashAdded "trailing_slash_added"
        "The path ends with a slash that Twilio's URL does not have."
    SlashesMerged "slashes_merged"
        "Twilio's URL has two slashes in a row, and something merged them into one."
    PathRewritten "path_rewritten"
        "The path was rewritten on its way, for instance to that of an index page."
    PathReencoded "path_reencoded"
        "The path was decoded, or encoded anew, on its way."
    QueryReordered "query_reordered"
        "The query's parameters are in another order than in the URL that Twilio signed."
    QueryReencoded "query_reencoded"
        "The query was decoded and encoded anew, in another spelling."
    QueryDropped "query_dropped"
        "The query, or a part of it, is missing from the URL that is verified."
    QueryParamAdded "query_param_added"
        "Something on the way added to the query."
    BodyHashDropped "body_hash_dropped"
        "bodySHA256, which Twilio adds to the URL of a JSON request, is missing from the query."
    BodyHashRepeated "body_hash_repeated"
        "bodySHA256 is in the URL more than once, and not every value is the body's."
    FragmentMissing "fragment_missing"
        "The URL was signed with its fragment, which no request carries."
    FragmentEncoded "fragment_encoded"
        "The fragment of the configured URL became a part of the path or the query."
    UserinfoMissing "userinfo_missing"
        "The URL was signed with its user name and password, which the service does not see."
    UrlHtmlEscaped "url_html_escaped"
        "The URL that is verified holds XML or HTML escapes, such as `&amp;`."
    UrlWhitespace "url_whitespace"
        "There is white space or a quotation mark around the URL that is verified."
    UrlNotAbsolute "url_not_absolute"
        "What is verified is not an absolute URL: it has no scheme or no host."
    UrlDoubled "url_doubled"
        "What is verified is two URLs: a base was put before one that is absolute already."
    UrlPolicyExact "url_policy_exact"
        "Twilio signed another spelling of the URL, which the exact URL policy does not try."
    // The parameters.
    QueryPassedAsParams "query_passed_as_params"
        "The parameters of the query are passed as parameters of the body, too."
    ParamAdded "param_added"
        "A middleware or a framework added a parameter."
    ParamMissing "param_missing"
        "A parameter that Twilio sent is missing."
    EmptyParamsDropped "empty_params_dropped"
        "Parameters with an empty value were dropped."
    ParamNullConverted "param_null_converted"
        "Empty values were turned into null, and null into text."
    ParamTrimmed "param_trimmed"
        "White space, or another character that cannot be seen, was trimmed from a value."
    ParamsMerged "params_merged"
        "The values of a repeated parameter were joined into one."
    ParamRenamed "param_renamed"
        "The name of a parameter was changed, as PHP does with dots."
    ParamsNotDecoded "params_not_decoded"
        "The parameters are passed as they are encoded in the body, without decoding."
    ParamsDecodedTwice "params_decoded_twice"
        "The values were decoded twice: a plus sign has become a space."
    LineEndings "line_endings"
        "The line endings in a value were changed."
    ParamsHtmlEscaped "params_html_escaped"
        "A sanitiser escaped the values for HTML."
    ParamsCharset "params_charset"
        "The text was read in another character set than UTF-8."
    FormAsJson "form_as_json"
        "Twilio sent a form, and what is verified is its parameters as JSON."
    // The body.
    JsonReserialized "json_reserialized"
        "The JSON body was parsed and printed again."
    JsonAsForm "json_as_form"
        "Twilio sent a body under bodySHA256, and what is verified is parameters parsed from it."
    BodyMissing "body_missing"
        "The body is missing, or a part of it: something has read it already, or lost it."
    BodyBase64 "body_base64"
        "The body is still in base64, as API Gateway and Lambda hand it over."
    BodyChanged "body_changed"
        "The URL's signature is good, but the body is not the one whose hash was signed."
    BodyNotSigned "body_not_signed"
        "The signature is that of the URL alone, and nothing in it covers the body."
    // A signer that is not Twilio's.
    OrderKept "order_kept"
        "The signer appended the parameters in their order, without sorting them."
    SortIgnoresCase "sort_ignores_case"
        "The signer sorted the parameters without regard to case."
    RepeatsKept "repeats_kept"
        "The signer does not treat a repeated parameter as Twilio does."
    RawBodySigned "raw_body_signed"
        "The signer signed the encoded body instead of its decoded parameters."
    EncodedParamsSigned "encoded_params_signed"
        "The signer encoded the parameters, or joined them with separators, before signing."
    // The key.
    SecondaryToken "secondary_token"
        "The request was signed with the secondary auth token, which is not configured."
    OtherAccountToken "other_account_token"
        "The request was signed with the auth token of another account."
    TokenWhitespace "token_whitespace"
        "The configured auth token holds white space or an invisible character."
    TokenQuoted "token_quoted"
        "The configured auth token holds quotation marks, or the name of its variable."
    TokenLength "token_length"
        "The configured auth token is too short or too long."
    TokenCase "token_case"
        "The configured auth token is in upper case."
    WrongAlgorithm "wrong_algorithm"
        "The right secret is bound to the wrong algorithm."
    UnknownSharedKey "unknown_shared_key"
        "The settings header names a shared key that is not configured."
    SharedKeyNotConfigured "shared_key_not_configured"
        "The signature is an HMAC-SHA256, which a shared key makes, and no such key is configured."
    AuthTokenNotConfigured "auth_token_not_configured"
        "The signature is an HMAC-SHA1, which an auth token makes, and no such key is configured."
    SettingsMalformed "settings_malformed"
        "The settings header is malformed, or joined from two."
    // The signature header.
    SignatureMissing "signature_missing"
        "There is no signature header."
    SignatureTrimmed "signature_trimmed"
        "The signature header is cut off."
    SignaturePadded "signature_padded"
        "There is other text around the signature, such as white space, quotation marks or the name of the header."
    SignatureJoined "signature_joined"
        "Several signature headers were joined into one."
    SignatureReencoded "signature_reencoded"
        "The signature is not in the base64 that Twilio sends, but in another spelling of it."
    SignatureOfOtherProvider "signature_of_other_provider"
        "The signature is in the form of another provider."
    // The verifier's settings.
    OtherAccount "other_account"
        "The signature is good, but the request is for another account than the verifier's."
    StrictPolicy "strict_policy"
        "The signature is good, but the parameters break the strict policy."
    LimitExceeded "limit_exceeded"
        "The URL, the body or the number of parameters is above the verifier's limit."
}
