//! The known divergences, as `divergences.txt` lists them, and what of a case they look at.

use std::collections::BTreeSet;
use std::fs;

use twilio_sig::Algorithm;

use crate::case::{Case, Own, Payload, Tamper, Verdict};
use crate::library::{Failure, Name, root};
use crate::records::{self, Record};
use crate::spelling::{self, FORMS, Form, PORTS, Parts, Spelling};
use crate::tamper::canonical;

/// Who accepts what the other does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Crate,
    Library,
}

/// A class of cases in which a library and the crate differ, with one that does.
pub(crate) struct Divergence {
    pub(crate) name: String,
    pub(crate) accepts: Side,
    /// The features of a case that it belongs to the class by.
    when: Vec<String>,
    libraries: Vec<Name>,
    pub(crate) example: Case,
}

/// What is said by whom about a case.
#[derive(Clone, Debug)]
pub(crate) struct Verdicts {
    pub(crate) own: Own,
    pub(crate) library: Verdict,
}

impl Verdicts {
    /// Who alone accepts, if only one does. To raise is not to accept.
    pub(crate) fn alone(&self) -> Option<Side> {
        match (self.own.accepts(), self.library == Verdict::Accept) {
            (true, false) => Some(Side::Crate),
            (false, true) => Some(Side::Library),
            _ => None,
        }
    }
}

/// What can be said of a case; and for every way in which its URL was spelled, of that.
pub(crate) struct Traits {
    features: BTreeSet<String>,
    spellings: Vec<BTreeSet<String>>,
}

impl Traits {
    pub(crate) fn of(case: &Case, verdicts: &Verdicts) -> Self {
        Self { features: features(case, verdicts), spellings: spellings(case) }
    }

    /// All of it, for the eye.
    pub(crate) fn text(&self) -> String {
        let all: BTreeSet<_> = self.spellings.iter().flatten().chain(&self.features).collect();
        all.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl Divergence {
    pub(crate) fn concerns(&self, library: Name) -> bool {
        self.libraries.contains(&library)
    }

    /// Whether it is the reason why the verdicts on `case` differ.
    pub(crate) fn explains(
        &self,
        library: Name,
        case: &Case,
        verdicts: &Verdicts,
        traits: &Traits,
    ) -> bool {
        // Nobody may accept what was changed. A library may miss that a body is cut off, which it
        // is not told to look for, and a change of bytes that it never gets.
        let excusable = match self.accepts {
            Side::Crate => case.tamper == Tamper::None,
            Side::Library => {
                matches!(case.tamper, Tamper::None | Tamper::BodyCutOff | Tamper::NotUtf8)
            }
        };
        let Traits { features, spellings } = traits;
        let explained = |spelling: &BTreeSet<String>| {
            self.when.iter().all(|feature| features.contains(feature) || spelling.contains(feature))
        };
        excusable
            && self.concerns(library)
            && verdicts.alone() == Some(self.accepts)
            && (explained(&BTreeSet::new()) || spellings.iter().any(explained))
    }
}

/// Reads the file.
pub(crate) fn all() -> Result<Vec<Divergence>, Failure> {
    let path = root().join("tests/interop/divergences.txt");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let records = records::parse(&text).map_err(|error| format!("divergences.txt: {error}"))?;
    records.iter().map(read).collect()
}

fn read(record: &Record) -> Result<Divergence, Failure> {
    let name = record.get("name").ok_or("divergences.txt: a record without a name")?;
    let field = |field: &str| {
        record.get(field).ok_or_else(|| format!("divergences.txt: {name} has no `{field}`"))
    };
    let libraries = match field("library")? {
        "both" => Name::ALL.to_vec(),
        one => Name::ALL.into_iter().filter(|library| library.text() == one).collect(),
    };
    let accepts = match field("accepts")? {
        "crate" => Side::Crate,
        "library" => Side::Library,
        other => return Err(format!("divergences.txt: {name}: nobody is called {other}").into()),
    };
    if libraries.is_empty() || field("reason")?.is_empty() {
        return Err(format!("divergences.txt: {name} names no library or no reason").into());
    }
    let when = field("when")?.split(' ').map(str::to_owned).collect();
    Ok(Divergence { name: name.to_owned(), accepts, when, libraries, example: example(record)? })
}

/// The case of a record. What is not given is signed as it is received.
fn example(record: &Record) -> Result<Case, Failure> {
    let payload = match (record.get("form"), record.get("body")) {
        (Some(form), _) => Payload::Form(form.to_owned()),
        (None, Some(body)) => Payload::Body(body.to_owned()),
        (None, None) => Payload::None,
    };
    let algorithm = |field: &str| record.get(field).map(str::parse::<Algorithm>).transpose();
    let url = record.get("url").ok_or("divergences.txt: a record without a URL")?;
    let mut case = Case::new("12345", url, payload);
    case.handshake = record.get("handshake").is_some();
    case.settings = record.get("settings").map(str::to_owned);
    case.shared = algorithm("shared")?;
    case.signing_algorithm = algorithm("signing_algorithm")?.unwrap_or(Algorithm::HmacSha1);
    if let Some(url) = record.get("signed_url") {
        url.clone_into(&mut case.signed_url);
    }
    match record.get("signed_form") {
        Some("none") => case.signed_form = None,
        Some(form) => case.signed_form = Some(form.to_owned()),
        None => {}
    }
    if record.get("cut_off").is_some() {
        case.tamper = Tamper::BodyCutOff;
    }
    Ok(case)
}

/// What can be said of a case: `kind:what`.
fn features(case: &Case, verdicts: &Verdicts) -> BTreeSet<String> {
    let mut features = BTreeSet::new();
    let mut has = |what: &str, holds: bool| {
        if holds {
            features.insert(what.to_owned());
        }
    };
    match &verdicts.own {
        Own::Accept { coverage, candidate } => {
            has(&format!("coverage:{coverage}"), true);
            for change in candidate.split('+') {
                has(&format!("candidate:{change}"), true);
            }
            let respelled = ["apostrophes", "query_reencoded", "root_slash_added"];
            has("candidate:respelled", respelled.iter().any(|change| candidate.contains(change)));
            let dropped = case.url.contains('#') && !candidate.contains("fragment_kept");
            has("candidate:fragment_removed", dropped);
        }
        Own::Refuse { error } => has(&format!("error:{error}"), true),
    }
    has("library:raises", verdicts.library == Verdict::Raise);
    has(&format!("algorithm:{}", case.signing_algorithm), true);
    has("settings:none", case.settings.is_none());
    has("settings:no_algorithm", !case.settings.as_deref().is_some_and(names_algorithm));
    let form = matches!(case.payload, Payload::Form(_) | Payload::None);
    has("payload:no_params", form && canonical(case.payload.text()).is_empty());
    has("payload:empty", case.payload.text().is_empty());
    has("payload:form", matches!(case.payload, Payload::Form(_)));
    has("payload:body", matches!(case.payload, Payload::Body(_)));
    // What was signed is the URL of another host, if it is read as one text.
    let after_scheme = case.signed_url.split_once("://").map(|(_, rest)| rest);
    let ends_in_host = after_scheme.is_some_and(|rest| !rest.contains(['/', '?', '#']));
    has("form:behind_host", ends_in_host && !canonical(case.payload.text()).is_empty());
    let forms = [Some(case.payload.text()), case.signed_form.as_deref()];
    has("form:not_utf8", forms.into_iter().flatten().any(is_not_utf8));
    has("form:utf16_order", forms.into_iter().flatten().any(sorts_otherwise_in_utf16));
    has("url:unreadable", !spelling::is_readable(&case.url));
    has("url:white_space", case.url.contains(['\t', '\r', '\n']));
    if let Some(parts) = Parts::cut(&case.url) {
        url_features(&parts, &mut has);
    }
    features
}

fn url_features(parts: &Parts, has: &mut impl FnMut(&str, bool)) {
    has("url:websocket", parts.is_websocket());
    has("url:scheme_upper", parts.scheme.contains(|char: char| char.is_ascii_uppercase()));
    has("url:userinfo_colon", parts.userinfo.as_ref().is_some_and(|text| text.contains(':')));
    has("url:ipv6", parts.host.starts_with('['));
    has("url:port_empty", parts.port.as_deref() == Some(""));
    let zero = |port: &String| !port.is_empty() && port.bytes().all(|byte| byte == b'0');
    has("url:port_zero", parts.port.as_ref().is_some_and(zero));
    has("url:brackets", parts.text().contains(['[', ']']));
    let segment = parts.path.rsplit('/').next().unwrap_or_default();
    let parameter = segment.split_once(';').map(|(_, parameter)| parameter);
    has("url:empty_parameter", parameter == Some("") && !parts.is_websocket());
    has("url:empty_query", parts.query.as_deref() == Some(""));
    has("url:empty_fragment", parts.fragment.as_deref() == Some(""));
    let query = parts.query.as_deref().unwrap_or_default();
    let uncarried = |c: char| !c.is_ascii_graphic() || ";\\\"<>".contains(c);
    has("url:query_uncarried", query.contains(uncarried));
    let hashes = spelling::hashes(query);
    let upper = |hash: &Vec<u8>| hash.iter().any(u8::is_ascii_uppercase);
    has("hash:several", hashes.len() > 1);
    has("hash:blank", hashes.contains(&Vec::new()));
    has("hash:upper", hashes.iter().any(upper));
}

/// For every spelling of the received URL that is the signed one, what can be said of it.
///
/// A library's own spelling is looked for only if the signed URL is none of the crate's, so that it
/// excuses nothing that both should accept.
fn spellings(case: &Case) -> Vec<BTreeSet<String>> {
    let (of_libraries, shared): (Vec<_>, Vec<_>) =
        FORMS.into_iter().partition(|(form, _)| form.is_of_a_library());
    let mut found = spellings_of(case, &shared);
    if found.is_empty() {
        found = spellings_of(case, &of_libraries);
    }
    if node_rewrites_port(&case.url) {
        for features in &mut found {
            features.insert("node:rewrites_port".to_owned());
        }
    }
    // What Node would sign for the same reason, were that all it changes.
    let node = |form| Spelling { form, ..Spelling::AS_GIVEN }.of(&case.url);
    let texts = [node(Form::Normalised), node(Form::NodeLegacy)];
    let without_port = |text: &str| {
        let parts = Parts::cut(text)?;
        Some(Parts { port: None, ..parts }.text())
    };
    let signed = without_port(&case.signed_url);
    if texts.iter().flatten().all(|text| without_port(text) != signed) {
        let changes_more = "node:changes_more".to_owned();
        for features in &mut found {
            features.insert(changes_more.clone());
        }
        found.push(BTreeSet::from([changes_more]));
    }
    found
}

/// Whether the port is lost in `new URL` and another one added in its place, or written anew.
fn node_rewrites_port(url: &str) -> bool {
    let normalised = Spelling { form: Form::Normalised, ..Spelling::AS_GIVEN }.of(url);
    let port = |url: &str| Parts::cut(url)?.port;
    let (Some(given), Some(normalised)) = (port(url), normalised) else { return false };
    let added = if normalised.starts_with("https:") { "443" } else { "80" };
    given != port(&normalised).as_deref().unwrap_or(added)
}

fn spellings_of(case: &Case, forms: &[(Form, &str)]) -> Vec<BTreeSet<String>> {
    let both = [false, true];
    let mut found = Vec::new();
    for &(form, form_name) in forms {
        for (port, port_name) in PORTS {
            for (userinfo_removed, fragment_removed) in
                both.into_iter().flat_map(|first| both.map(|second| (first, second)))
            {
                let spelling = Spelling { form, port, userinfo_removed, fragment_removed };
                if spelling.of(&case.url).as_deref() == Some(&case.signed_url) {
                    let fragment = match (case.url.contains('#'), fragment_removed) {
                        (false, _) => "absent",
                        (true, true) => "removed",
                        (true, false) => "kept",
                    };
                    found.push(BTreeSet::from([
                        format!("signed:{form_name}"),
                        format!("signed:{port_name}"),
                        format!("signed:fragment_{fragment}"),
                    ]));
                }
            }
        }
    }
    found
}

fn names_algorithm(settings: &str) -> bool {
    settings.split(',').any(|part| {
        part.split_once('=')
            .is_some_and(|(name, value)| name.trim() == "algorithm" && !value.trim().is_empty())
    })
}

fn is_not_utf8(form: &str) -> bool {
    let not_utf8 = |text: &Vec<u8>| core::str::from_utf8(text).is_err();
    spelling::read(form).iter().any(|(name, value)| not_utf8(name) || not_utf8(value))
}

fn sorts_otherwise_in_utf16(form: &str) -> bool {
    let mut by_bytes = spelling::read(form);
    let mut by_units = by_bytes.clone();
    by_bytes.sort();
    let units = |text: &[u8]| String::from_utf8_lossy(text).encode_utf16().collect::<Vec<_>>();
    by_units.sort_by_key(|(name, value)| (units(name), units(value)));
    by_bytes != by_units
}
