//! Forms and queries, encoded as Twilio does: what `java.net.URLEncoder` writes.

use alloc::string::String;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The bytes that are escaped. A space becomes a `+`.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// The parameters as a form, in their order.
pub(super) fn form(params: &[(String, String)]) -> String {
    let mut form = String::new();
    for (name, value) in params {
        if !form.is_empty() {
            form.push('&');
        }
        push(&mut form, name);
        form.push('=');
        push(&mut form, value);
    }
    form
}

fn push(form: &mut String, text: &str) {
    for piece in utf8_percent_encode(text, ESCAPED) {
        form.extend(piece.chars().map(|character| if character == ' ' { '+' } else { character }));
    }
}
