//! What an account and the strict policy ask of the signed parameters.

use super::form::{self, Pair};
use super::url;

pub fn check_account(
    account_sid: &str,
    coverage: &str,
    signed_pairs: &[Pair],
    url: &str,
) -> Result<(), &'static str> {
    let accounts = |pairs: &[Pair]| -> Vec<Vec<u8>> {
        let named = pairs.iter().filter(|(name, _)| name == b"AccountSid");
        named.map(|(_, value)| value.clone()).collect()
    };
    let in_form = if coverage == "form" { accounts(signed_pairs) } else { Vec::new() };
    if coverage == "form" && in_form.is_empty() {
        return Err("wrong_account");
    }
    let in_query = accounts(&form::pairs(&url::query(url)));
    if in_form.iter().chain(&in_query).any(|value| value != account_sid.as_bytes()) {
        return Err("wrong_account");
    }
    Ok(())
}

pub fn check_strictly(pairs: &[Pair]) -> Result<(), &'static str> {
    for (place, (name, value)) in pairs.iter().enumerate() {
        let repeated = pairs[..place].iter().any(|(earlier, _)| earlier == name);
        let sid_expected = name.ends_with(b"Sid");
        if repeated || !is_strict_name(name) || (sid_expected && !is_sid(value)) {
            return Err("strict_parameter");
        }
    }
    Ok(())
}

/// `[A-Za-z][A-Za-z0-9._-]{0,63}`
fn is_strict_name(name: &[u8]) -> bool {
    let starts_well = name.first().is_some_and(u8::is_ascii_alphabetic);
    let rest_is_well = name.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
    starts_well && rest_is_well && name.len() <= 64
}

/// Two ASCII letters and 32 hex digits.
fn is_sid(value: &[u8]) -> bool {
    value.len() == 34
        && value[..2].iter().all(u8::is_ascii_alphabetic)
        && value[2..].iter().all(u8::is_ascii_hexdigit)
}
