//! What arrived, which keys a verifier tries, and whether a MAC is right. With `spelled`, the only
//! file of the feature that takes private items of the verifier.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::layout::Pair;
use super::spelled::pairs;
use crate::config::{Config, VerifierKey};
use crate::key::{AuthToken, Settings};
use crate::mac::{Algorithm, KeyedMac, Signature, Sink};
use crate::url::UrlPolicy;
use crate::verifier::Verifier;
use crate::webhook::{Payload, Webhook};

/// What is diagnosed.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    pub(super) websocket: bool,
    pub(super) header: &'a [u8],
    pub(super) body: Body<'a>,
    settings: Settings<'a>,
    config: &'a Config,
}

/// What came besides the URL.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Raw(&'a [u8]),
    Params(&'a [(&'a str, &'a str)]),
}

/// A keyed MAC. In a box, so that a list that grows leaves no key in freed memory.
#[derive(Clone)]
pub(super) struct Key(Box<KeyedMac>);

/// The keys that may have made a signature, as the settings header and the configuration have it.
pub(super) struct Asked<'a> {
    /// Those that a verifier tries.
    pub(super) keys: Vec<Key>,
    /// All keys of the algorithm.
    pub(super) fitting: Vec<Key>,
    pub(super) configured: usize,
    /// The id in the settings header, if no configured key has it.
    pub(super) unknown_id: Option<&'a str>,
    /// The algorithm in the settings header, if the signature is of another.
    pub(super) other_algorithm: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(super) fn new(verifier: &'a Verifier, webhook: &Webhook<'a>) -> Self {
        Self {
            url: webhook.url,
            websocket: webhook.websocket,
            header: webhook.signature.unwrap_or_default(),
            body: match webhook.payload {
                Payload::Body(body) => Body::Raw(body),
                Payload::Params(params) => Body::Params(params),
            },
            settings: Settings::from_header(webhook.settings).unwrap_or_default(),
            config: &verifier.0,
        }
    }

    pub(super) const fn max_params(&self) -> usize {
        self.config.max_params
    }

    pub(super) fn account_sid(&self) -> Option<&'a str> {
        self.config.account_sid.as_deref()
    }

    /// Whether the verifier tries the URL as given alone.
    pub(super) fn is_exact(&self) -> bool {
        self.config.url_policy == UrlPolicy::Exact
    }

    pub(super) fn asked(&self, algorithm: Algorithm) -> Asked<'a> {
        let Self { settings, config, .. } = *self;
        let fitting = || config.keys.iter().filter(|key| key.mac.algorithm() == algorithm);
        let own = |key: &Arc<VerifierKey>| Key(Box::new(key.mac.clone()));
        let is_known = config.keys.iter().any(|key| settings.allow_id(key.id.as_deref()));
        let refused = settings.name_unknown_algorithm() || !settings.allow(algorithm);
        Asked {
            keys: fitting().filter(|key| settings.allow_id(key.id.as_deref())).map(own).collect(),
            fitting: fitting().map(own).collect(),
            configured: config.keys.len(),
            unknown_id: settings.key_id.filter(|_| !is_known),
            other_algorithm: settings.algorithm.filter(|_| refused),
        }
    }

    /// The key at a position of the verifier's.
    pub(super) fn key(&self, position: usize) -> Option<Key> {
        self.config.keys.get(position).map(|key| Key(Box::new(key.mac.clone())))
    }

    pub(super) fn is_configured(&self, key: &Key) -> bool {
        (0..self.config.keys.len()).any(|at| self.key(at).is_some_and(|own| own.is_same(key)))
    }
}

impl Body<'_> {
    /// The body, if it was given as bytes.
    pub(super) const fn raw(&self) -> &[u8] {
        match *self {
            Self::Raw(body) => body,
            Self::Params(_) => &[],
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        match *self {
            Self::Raw(body) => body.is_empty(),
            Self::Params(params) => params.is_empty(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Raw(body) => body.len(),
            Self::Params(params) => {
                params.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum()
            }
        }
    }

    /// The decoded pairs, unless there are more than `max`.
    pub(super) fn pairs(&self, max: usize) -> Option<Vec<Pair<'_>>> {
        let pairs: Vec<Pair<'_>> = match *self {
            Self::Raw(body) => return pairs(body, max),
            Self::Params(params) => params
                .iter()
                .take(max.saturating_add(1))
                .map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into()))
                .collect(),
        };
        (pairs.len() <= max).then_some(pairs)
    }
}

impl Key {
    /// Nothing for a secret that makes no key.
    pub(super) fn new(algorithm: Algorithm, secret: &str) -> Option<Self> {
        KeyedMac::new(algorithm, secret.as_bytes()).ok().map(|mac| Self(Box::new(mac)))
    }

    pub(super) fn of_token(token: AuthToken) -> Self {
        Self(Box::new(token.0))
    }

    /// The keys of a verifier.
    pub(super) fn all_of(verifier: &Verifier) -> impl Iterator<Item = Self> {
        verifier.0.keys.iter().map(|key| Self(Box::new(key.mac.clone())))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.algorithm() == other.algorithm() && self.probe() == other.probe()
    }

    /// A MAC by which equal keys are told.
    pub(super) fn probe(&self) -> Vec<u8> {
        self.0.mac(|out| out.update(b"probe")).as_bytes().to_vec()
    }

    /// Whether the signature is the MAC of a URL and the text that is appended.
    pub(super) fn made(&self, signature: &Signature, url: &[u8], appended: &[u8]) -> bool {
        let own = self.0.mac(|out| {
            out.update(url);
            out.update(appended);
        });
        own == *signature
    }
}
