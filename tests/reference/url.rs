//! The signed URL: its parts, and the texts Twilio may have signed for it.

use super::form::{self, Pair};

const INVALID: &str = "invalid_url";

/// One text that Twilio may have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateText {
    /// Everything before the first pair.
    pub url: Vec<u8>,
    /// The query as pairs, where the text carries them instead of the query itself.
    pub query_pairs: Option<Vec<Pair>>,
    /// The number of the form of the text, 0 to 7 as numbered in `forms`.
    pub form: usize,
    pub userinfo_removed: bool,
    pub port_changed: bool,
    pub fragment_kept: bool,
    /// Whether nothing follows the host and the port.
    pub ends_in_authority: bool,
}

#[derive(Clone)]
struct Parts {
    scheme: String,
    userinfo: Option<String>,
    host: String,
    /// What follows the colon, if there is a colon.
    port: Option<String>,
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

/// Every candidate in the order in which they are tried.
pub fn candidates(
    url: &str,
    websocket: bool,
    exact: bool,
) -> Result<Vec<CandidateText>, &'static str> {
    let mut given = parse(url)?;
    if websocket {
        given.scheme = websocket_scheme(&given.scheme);
    }
    let as_given = CandidateText {
        url: write(&given).into_bytes(),
        query_pairs: None,
        form: 0,
        userinfo_removed: false,
        port_changed: false,
        fragment_kept: false,
        ends_in_authority: ends_in_authority(&given),
    };
    if exact {
        return Ok(vec![as_given]);
    }

    let mut all: Vec<CandidateText> = Vec::new();
    let mut emit = |new: CandidateText| {
        let seen = all.iter().any(|old| old.url == new.url && old.query_pairs == new.query_pairs);
        if !seen {
            all.push(new);
        }
    };
    for (form, text, query_pairs) in forms(&given, websocket) {
        if query_pairs.is_some() && ends_in_authority(&text) {
            continue;
        }
        for userinfo_removed in [false, true] {
            if userinfo_removed && given.userinfo.is_none() {
                continue;
            }
            for port_changed in [false, true] {
                let mut text = text.clone();
                if userinfo_removed {
                    text.userinfo = None;
                }
                if port_changed {
                    text.port = changed_port(&given);
                }
                emit(CandidateText {
                    url: write(&text).into_bytes(),
                    query_pairs: query_pairs.clone(),
                    form,
                    userinfo_removed,
                    port_changed,
                    fragment_kept: false,
                    ends_in_authority: ends_in_authority(&text),
                });
            }
        }
    }
    if let Some(fragment) = &given.fragment {
        emit(CandidateText {
            url: format!("{}#{fragment}", write(&given)).into_bytes(),
            fragment_kept: true,
            ends_in_authority: false,
            ..as_given
        });
    }
    Ok(all)
}

/// The forms that the text of this URL gives rise to, each with its number.
fn forms(given: &Parts, websocket: bool) -> Vec<(usize, Parts, Option<Vec<Pair>>)> {
    let query = given.query.clone().unwrap_or_default();
    let with_query = |query: &str| Parts { query: Some(query.to_owned()), ..given.clone() };
    let with_path = |path: &str| Parts { path: path.to_owned(), ..given.clone() };

    let mut forms = vec![(0, given.clone(), None)];
    if query.contains('\'') {
        forms.push((1, with_query(&query.replace('\'', "%27")), None));
    }
    let apostrophes_unescaped = query.replace("%27", "'");
    if query.contains("%27") {
        forms.push((2, with_query(&apostrophes_unescaped), None));
    }
    let query_pairs = form::pairs(query.as_bytes());
    let legacy = legacy_query(&query_pairs);
    // What no request line carries, and what some readers split at, is not what Twilio sent.
    let odd = |c: char| !c.is_ascii_graphic() || ";\\\"<>".contains(c);
    let differs = legacy != query && legacy != apostrophes_unescaped;
    if !query_pairs.is_empty() && differs && !query.contains(odd) {
        forms.push((3, with_query(&legacy), None));
    }
    if given.path.is_empty() {
        forms.push((4, with_path("/"), None));
    }
    if given.path == "/" {
        forms.push((4, with_path(""), None));
    }
    if !websocket {
        return forms;
    }

    let path_with_slash = format!("{}/", given.path);
    if !given.path.is_empty() && !given.path.ends_with('/') {
        forms.push((5, with_path(&path_with_slash), None));
    }
    let begins_with_letter = |(name, _): &Pair| name.first().is_some_and(u8::is_ascii_alphabetic);
    if !query_pairs.is_empty() && query_pairs.iter().all(begins_with_letter) {
        let without_query = Parts { query: None, ..given.clone() };
        forms.push((6, without_query, Some(query_pairs.clone())));
        if !given.path.ends_with('/') {
            let with_slash = Parts { query: None, ..with_path(&path_with_slash) };
            forms.push((7, with_slash, Some(query_pairs)));
        }
    }
    forms
}

fn ends_in_authority(parts: &Parts) -> bool {
    parts.path.is_empty() && parts.query.is_none()
}

fn legacy_query(pairs: &[Pair]) -> String {
    let written = pairs.iter().map(|(n, v)| format!("{}={}", form::encode(n), form::encode(v)));
    written.collect::<Vec<String>>().join("&")
}

fn changed_port(given: &Parts) -> Option<String> {
    if given.port.is_some() {
        return None;
    }
    Some(match given.scheme.to_ascii_lowercase().as_str() {
        "https" | "wss" => "443".to_owned(),
        _ => "80".to_owned(),
    })
}

fn websocket_scheme(scheme: &str) -> String {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => "wss".to_owned(),
        "http" => "ws".to_owned(),
        _ => scheme.to_owned(),
    }
}

/// The text without its fragment.
fn write(parts: &Parts) -> String {
    let mut text = format!("{}://", parts.scheme);
    if let Some(userinfo) = &parts.userinfo {
        text += &format!("{userinfo}@");
    }
    text += &parts.host;
    if let Some(port) = &parts.port {
        text += &format!(":{port}");
    }
    text += &parts.path;
    if let Some(query) = &parts.query {
        text += &format!("?{query}");
    }
    text
}

fn parse(url: &str) -> Result<Parts, &'static str> {
    let (text, fragment) = cut(url, '#');
    let (scheme, rest) = text.split_once("://").ok_or(INVALID)?;
    if !["http", "https", "ws", "wss"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return Err(INVALID);
    }
    let (before_query, query) = cut(rest, '?');
    let path_at = before_query.find('/').unwrap_or(before_query.len());
    let (authority, path) = before_query.split_at(path_at);
    let (userinfo, host_and_port) = match authority.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo.to_owned()), rest),
        None => (None, authority),
    };
    let (host, port) = parse_host(host_and_port)?;
    Ok(Parts {
        scheme: scheme.to_owned(),
        userinfo,
        host,
        port,
        path: path.to_owned(),
        query,
        fragment,
    })
}

fn parse_host(text: &str) -> Result<(String, Option<String>), &'static str> {
    let (host, port) = if let Some(inside_and_rest) = text.strip_prefix('[') {
        let (inside, rest) = inside_and_rest.split_once(']').ok_or(INVALID)?;
        if inside.is_empty() || inside.contains('[') {
            return Err(INVALID);
        }
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.to_owned()),
            None if rest.is_empty() => None,
            None => return Err(INVALID),
        };
        (format!("[{inside}]"), port)
    } else {
        let (host, port) = cut(text, ':');
        if host.is_empty() || host.contains(['[', ']']) {
            return Err(INVALID);
        }
        (host.to_owned(), port)
    };
    // A second colon is not a digit, so it is caught here.
    let digits = port.as_deref().unwrap_or_default();
    if !digits.chars().all(|c| c.is_ascii_digit()) || digits.len() > 5 {
        return Err(INVALID);
    }
    if !digits.is_empty() && digits.parse::<u32>().map_err(|_| INVALID)? > 65_535 {
        return Err(INVALID);
    }
    Ok((host, port))
}

/// The text before the first `mark`, and the text after it if there is one.
fn cut(text: &str, mark: char) -> (&str, Option<String>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after.to_owned())),
        None => (text, None),
    }
}

/// The query of the URL as given, without its fragment; empty if there is none.
pub fn query(url: &str) -> Vec<u8> {
    let (text, _) = cut(url, '#');
    let (_, query) = cut(text, '?');
    query.unwrap_or_default().into_bytes()
}

/// The decoded values of every `bodySHA256` in the query, its name decoded too.
pub fn body_hashes(url: &str) -> Vec<Vec<u8>> {
    let pairs = form::pairs(&query(url));
    let named = pairs.into_iter().filter(|(name, _)| name == b"bodySHA256");
    named.map(|(_, value)| value).collect()
}
