//! Which keys a signature of one length may be checked with, as the settings header narrows it.

use super::Key;

const MAX_SETTINGS_LEN: usize = 512;

/// The places of the keys to try, in order.
pub fn fitting_keys(
    keys: &[Key],
    header: Option<&[u8]>,
    signature_is_sha256: bool,
) -> Result<Vec<usize>, &'static str> {
    let (id, algorithm) = read(header.unwrap_or_default())?;

    let named_sha256 = match algorithm {
        None => None,
        Some(name) if name.eq_ignore_ascii_case("HMAC_SHA1") => Some(false),
        Some(name) if name.eq_ignore_ascii_case("HMAC_SHA256") => Some(true),
        Some(_) => return Err("no_key_for_algorithm"),
    };
    if let Some(id) = id {
        // One id may stand for two keys, one of each algorithm.
        let all = 0..keys.len();
        let named: Vec<usize> =
            all.filter(|place| shared_id(&keys[*place]) == Some(id.as_str())).collect();
        if named.is_empty() {
            return Err("unknown_key");
        }
        let fits = |place: &usize| {
            let key_sha256 = is_sha256(&keys[*place]);
            named_sha256.is_none_or(|named| named == key_sha256)
                && key_sha256 == signature_is_sha256
        };
        let fitting: Vec<usize> = named.into_iter().filter(fits).collect();
        return if fitting.is_empty() { Err("no_key_for_algorithm") } else { Ok(fitting) };
    }
    if named_sha256.is_some_and(|named| named != signature_is_sha256) {
        return Err("no_key_for_algorithm");
    }
    let all = 0..keys.len();
    let fitting: Vec<usize> =
        all.filter(|place| is_sha256(&keys[*place]) == signature_is_sha256).collect();
    if fitting.is_empty() {
        return Err("no_key_for_algorithm");
    }
    Ok(fitting)
}

/// The values of `key` and `algorithm`; an empty value is no value.
fn read(header: &[u8]) -> Result<(Option<String>, Option<String>), &'static str> {
    const MALFORMED: &str = "malformed_settings";
    if header.len() > MAX_SETTINGS_LEN {
        return Err(MALFORMED);
    }
    // A tab is white space here, as it is in every HTTP field value.
    if header.iter().any(|b| !b.is_ascii() || (b.is_ascii_control() && *b != b'\t')) {
        return Err(MALFORMED);
    }
    let text: String = header.iter().map(|b| char::from(*b)).collect();

    let mut names: Vec<String> = Vec::new();
    let (mut id, mut algorithm) = (None, None);
    for part in text.split(',') {
        let part = trim(part);
        if part.is_empty() {
            continue;
        }
        let (name, value) = part.split_once('=').ok_or(MALFORMED)?;
        let name = trim(name).to_ascii_lowercase();
        if ["key", "algorithm"].contains(&name.as_str()) && names.contains(&name) {
            return Err(MALFORMED);
        }
        let value = Some(trim(value).to_owned()).filter(|value| !value.is_empty());
        match name.as_str() {
            "key" => id = value,
            "algorithm" => algorithm = value,
            _ => {}
        }
        names.push(name);
    }
    Ok((id, algorithm))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

fn shared_id(key: &Key) -> Option<&str> {
    match key {
        Key::AuthToken(_) => None,
        Key::Shared { id, .. } => Some(id),
    }
}

pub fn is_sha256(key: &Key) -> bool {
    matches!(key, Key::Shared { sha256: true, .. })
}
