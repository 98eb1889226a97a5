//! What a request says before anything is proven. No verdict depends on it.

use alloc::{string::String, vec::Vec};

use crate::form::{MAX_PARAMS_LIMIT, Params};
use crate::url::{self, BodyHash};
use crate::webhook::{Payload, Webhook};

impl Webhook<'_> {
    /// The first parameter called `name` of the body, otherwise of the URL's query, if it is UTF-8. A body
    /// under `bodySHA256` is no form, so it is not searched.
    ///
    /// **The value is not proven.** Use it for one thing: to find the verifier of the tenant that the
    /// request claims to come from, by `AccountSid` or `To`.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::Webhook;
    ///
    /// let claims = Webhook::post("https://example.com/sms", b"AccountSid=AC1&Body=Ahoy");
    /// assert_eq!(claims.untrusted_param("AccountSid").as_deref(), Some("AC1"));
    /// ```
    pub fn untrusted_param(&self, name: &str) -> Option<String> {
        let query = url::query_of(self.url);
        let is_hashed =
            matches!(self.payload, Payload::Body(_)) && BodyHash::of_query(query).is_some();
        let form = Some(self.payload).filter(|_| !is_hashed);
        let mut texts = form.into_iter().chain([Payload::Body(query)]);
        texts.find_map(|text| first_of(&text, name)).and_then(|value| String::from_utf8(value).ok())
    }
}

/// The first value of a name in a text, decoded. `None` for a text that no verifier would read.
fn first_of(text: &Payload<'_>, name: &str) -> Option<Vec<u8>> {
    let mut params = Params::new();
    text.read(&mut params, usize::MAX, MAX_PARAMS_LIMIT).ok()?;
    params.get_all(name).next().map(<[u8]>::to_vec)
}
