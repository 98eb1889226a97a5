//! The spellings of a URL that a library may sign in its place, written apart from the crate.

use url::Url;

/// A URL cut at its marks, nothing decoded. `text` gives it back.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) scheme: String,
    pub(crate) userinfo: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<String>,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) fragment: Option<String>,
}

impl Parts {
    pub(crate) fn cut(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, fragment) = halves(rest, "#");
        let (rest, query) = halves(rest, "?");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
            None => (None, authority),
        };
        let bracket = host.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match host[bracket..].split_once(':') {
            Some((_, port)) => (&host[..host.len() - port.len() - 1], Some(port.to_owned())),
            None => (host, None),
        };
        Some(Self {
            scheme: scheme.to_owned(),
            userinfo,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
            query,
            fragment,
        })
    }

    pub(crate) fn text(&self) -> String {
        let between = |before: &str, part: &Option<String>, after: &str| {
            part.as_ref().map_or_else(String::new, |part| format!("{before}{part}{after}"))
        };
        let Self { scheme, userinfo, host, port, path, query, fragment } = self;
        let (userinfo, port) = (between("", userinfo, "@"), between(":", port, ""));
        let (query, fragment) = (between("?", query, ""), between("#", fragment, ""));
        format!("{scheme}://{userinfo}{host}{port}{path}{query}{fragment}")
    }

    pub(crate) fn is_websocket(&self) -> bool {
        self.scheme.to_ascii_lowercase().starts_with("ws")
    }

    pub(crate) fn standard_port(&self) -> &'static str {
        if self.scheme.len() == 5 || self.scheme.len() == 3 { "443" } else { "80" }
    }
}

fn halves<'a>(text: &'a str, mark: &str) -> (&'a str, Option<String>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after.to_owned())),
        None => (text, None),
    }
}

/// How a text is spelled, besides its port, its user information and its fragment.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    AsGiven,
    ApostrophesEscaped,
    ApostrophesUnescaped,
    QueryReencoded,
    RootSlashAdded,
    RootSlashRemoved,
    SlashAdded,
    /// What `new URL` makes of it.
    Normalised,
    /// That, its query read and written by Node's `querystring`.
    NodeLegacy,
    /// What Python's `urlparse` and `geturl` make of it.
    PythonRebuilt,
    /// That, with the authority cut at its first colon: how the Python library removes a port.
    PythonCut,
}

impl Form {
    /// Whether a library alone writes URLs so, and the crate never does.
    pub(crate) const fn is_of_a_library(self) -> bool {
        matches!(self, Self::Normalised | Self::NodeLegacy | Self::PythonRebuilt | Self::PythonCut)
    }
}

pub(crate) const FORMS: [(Form, &str); 11] = [
    (Form::AsGiven, "as_given"),
    (Form::ApostrophesEscaped, "apostrophes_escaped"),
    (Form::ApostrophesUnescaped, "apostrophes_unescaped"),
    (Form::QueryReencoded, "query_reencoded"),
    (Form::RootSlashAdded, "root_slash_added"),
    (Form::RootSlashRemoved, "root_slash_removed"),
    (Form::SlashAdded, "slash_added"),
    (Form::Normalised, "normalised"),
    (Form::NodeLegacy, "node_legacy"),
    (Form::PythonRebuilt, "python_rebuilt"),
    (Form::PythonCut, "python_cut"),
];

/// What becomes of the port.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Port {
    AsGiven,
    Removed,
    /// The scheme's, if there is none.
    Added,
    /// 80, which the libraries add for every scheme but https.
    Added80,
}

pub(crate) const PORTS: [(Port, &str); 4] = [
    (Port::AsGiven, "port_as_given"),
    (Port::Removed, "port_removed"),
    (Port::Added, "port_added"),
    (Port::Added80, "port_80_added"),
];

/// One change of every kind.
#[derive(Clone, Copy)]
pub(crate) struct Spelling {
    pub(crate) form: Form,
    pub(crate) port: Port,
    pub(crate) userinfo_removed: bool,
    pub(crate) fragment_removed: bool,
}

impl Spelling {
    pub(crate) const AS_GIVEN: Self = Self {
        form: Form::AsGiven,
        port: Port::AsGiven,
        userinfo_removed: false,
        fragment_removed: false,
    };

    /// `url` spelled so; `None` if it cannot be.
    pub(crate) fn of(self, url: &str) -> Option<String> {
        let mut parts = Parts::cut(url)?;
        if self.fragment_removed {
            parts.fragment = None;
        }
        if self.userinfo_removed {
            parts.userinfo = None;
        }
        let mut parts = Parts::cut(&spell(self.form, parts)?)?;
        match self.port {
            Port::AsGiven => {}
            Port::Removed => parts.port = None,
            Port::Added if parts.port.is_none() => {
                parts.port = Some(parts.standard_port().to_owned());
            }
            Port::Added80 if parts.port.is_none() => parts.port = Some("80".to_owned()),
            Port::Added | Port::Added80 => return None,
        }
        Some(parts.text())
    }
}

fn spell(form: Form, mut parts: Parts) -> Option<String> {
    match form {
        Form::AsGiven => {}
        Form::ApostrophesEscaped => parts.query = Some(parts.query?.replace('\'', "%27")),
        Form::ApostrophesUnescaped => parts.query = Some(parts.query?.replace("%27", "'")),
        Form::QueryReencoded => parts.query = Some(written(&read(&parts.query?))),
        Form::RootSlashAdded if parts.path.is_empty() => parts.path.push('/'),
        Form::RootSlashRemoved if parts.path == "/" => parts.path.clear(),
        Form::SlashAdded if !parts.path.ends_with('/') => parts.path.push('/'),
        Form::RootSlashAdded | Form::RootSlashRemoved | Form::SlashAdded => return None,
        Form::Normalised => return normalised(&parts.text()),
        Form::NodeLegacy => return normalised(&parts.text()).as_deref().map(node_legacy),
        Form::PythonRebuilt => return Some(python_rebuilt(parts).text()),
        Form::PythonCut => {
            let mut parts = python_rebuilt(parts);
            let userinfo = parts.userinfo.take().map(|userinfo| format!("{userinfo}@"));
            let authority = format!("{}{}", userinfo.unwrap_or_default(), parts.host);
            authority.split(':').next()?.clone_into(&mut parts.host);
            parts.port = None;
            return Some(parts.text());
        }
    }
    Some(parts.text())
}

fn python_rebuilt(mut parts: Parts) -> Parts {
    parts.scheme.make_ascii_lowercase();
    // An empty parameter of the last segment of the path is lost, too.
    let segment = parts.path.rfind('/').unwrap_or(0);
    if parts.path[segment..].find(';') == Some(parts.path[segment..].len().wrapping_sub(1))
        && parts.scheme.starts_with("http")
    {
        parts.path.pop();
    }
    parts.query = parts.query.filter(|query| !query.is_empty());
    parts.fragment = parts.fragment.filter(|fragment| !fragment.is_empty());
    let kept = |text: &String| text.replace(['\t', '\r', '\n'], "");
    Parts {
        scheme: parts.scheme,
        userinfo: parts.userinfo.as_ref().map(kept),
        host: kept(&parts.host),
        port: parts.port.as_ref().map(kept),
        path: kept(&parts.path),
        query: parts.query.as_ref().map(kept),
        fragment: parts.fragment.as_ref().map(kept),
    }
}

/// Whether it has a host, `new URL` can read it, and its scheme is one that Twilio calls. Where
/// there is no host, `new URL` takes one from the path; a backslash ends its authority.
pub(crate) fn is_readable(url: &str) -> bool {
    let backslash = |userinfo: String| userinfo.contains('\\');
    let has_host = |parts: Parts| !parts.host.is_empty() && !parts.userinfo.is_some_and(backslash);
    if !Parts::cut(url).is_some_and(has_host) {
        return false;
    }
    Url::parse(url).is_ok_and(|url| ["http", "https", "ws", "wss"].contains(&url.scheme()))
}

fn normalised(url: &str) -> Option<String> {
    Url::parse(url).ok().map(String::from)
}

/// The pairs of a query, decoded: bytes, because a query need not be UTF-8.
pub(crate) fn read(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let segments = query.split('&').filter(|segment| !segment.is_empty());
    let pair = |segment: &str| {
        let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
        (decoded(name), decoded(value))
    };
    segments.map(pair).collect()
}

/// The values of `bodySHA256` in a query.
pub(crate) fn hashes(query: &str) -> Vec<Vec<u8>> {
    let pairs = read(query).into_iter().filter(|(name, _)| name == b"bodySHA256");
    pairs.map(|(_, hash)| hash).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    let text = text.as_bytes();
    let digit = |at: usize| text.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let (mut bytes, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.get(at) {
        let escaped = (byte == b'%').then(|| Some(digit(at + 1)? * 16 + digit(at + 2)?)).flatten();
        at += if escaped.is_some() { 3 } else { 1 };
        bytes.push(match escaped.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => byte,
            None if byte == b'+' => b' ',
            None => byte,
        });
    }
    bytes
}

fn written(pairs: &[(Vec<u8>, Vec<u8>)]) -> String {
    let component = |text: &[u8]| {
        let char = |&byte: &u8| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        };
        text.iter().map(char).collect::<String>()
    };
    let pair =
        |(name, value): &(Vec<u8>, Vec<u8>)| format!("{}={}", component(name), component(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// The Node library reads all that follows the first `?`, the fragment too. Its object of pairs
/// groups repeated names, and has names that look like an index first, by number.
fn node_legacy(url: &str) -> String {
    let Some((before, query)) = url.split_once('?').filter(|(_, query)| !query.is_empty()) else {
        return url.to_owned();
    };
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned().into_bytes();
    let pairs: Vec<_> =
        read(query).into_iter().map(|(name, value)| (lossy(name), lossy(value))).collect();
    let mut names: Vec<&Vec<u8>> = Vec::new();
    for (name, _) in &pairs {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| index(name).unwrap_or(u32::MAX));
    let of = |name: &Vec<u8>| pairs.iter().filter(|(own, _)| own == name).cloned().collect();
    let grouped: Vec<_> = names.into_iter().flat_map(|name| -> Vec<_> { of(name) }).collect();
    format!("{before}?{}", written(&grouped))
}

/// The array index that `name` is the canonical text of.
fn index(name: &[u8]) -> Option<u32> {
    let number: u32 = core::str::from_utf8(name).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == name && number < u32::MAX).then_some(number)
}
