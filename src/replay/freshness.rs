//! How old a request may be, by the timestamps that are signed.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{FreshnessError, SettingError, signed, timestamp};
use crate::form::Params;
use crate::url;
use crate::verifier::{Coverage, Proof, Verified};

/// How old a signed timestamp may be, and whether there must be one. The check needs no store, no `std`
/// and no clock: the caller gives the time.
///
/// Every signed parameter `Timestamp` that can be read must be within the window. Formats: RFC 2822,
/// ISO 8601 and SQL (without a zone: UTC, which Twilio uses throughout), seconds and milliseconds
/// since 1970. Sources: Twilio's pages on
/// [call status](https://www.twilio.com/docs/voice/api/call-resource#statuscallback),
/// [conferences](https://www.twilio.com/docs/voice/api/conference-resource),
/// [streams](https://www.twilio.com/docs/voice/twiml/stream) and
/// [TaskRouter](https://www.twilio.com/docs/taskrouter/api/event/reference).
///
/// [The module](super) says what this promises, and where it cannot.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig::replay::{Freshness, FreshnessError};
/// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
///
/// let token = AuthToken::new("12345")?;
/// let (url, body) = ("https://example.com/task", b"Sid=EV1&Timestamp=1645027913");
/// let signature = Signer::auth_token(&token).sign_form(url, body)?.header_value();
/// let webhook = Webhook::post(url, body).signature(&signature);
/// let verified = Verifier::new(token).verify(&webhook)?;
///
/// let freshness = Freshness::new().window(Duration::from_secs(60))?.required();
/// let since_1970 = Duration::from_secs(1_645_027_913);
/// assert_eq!(freshness.check(&verified, since_1970 + Duration::from_secs(60)), Ok(()));
/// let later = since_1970 + Duration::from_secs(61);
/// assert_eq!(freshness.check(&verified, later), Err(FreshnessError::Stale));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Freshness {
    window: Duration,
    skew: Duration,
    required: bool,
    expected: Option<Vec<String>>,
}

/// The name of a timestamp.
const TIMESTAMP: &[u8] = b"Timestamp";
/// TaskRouter's other name that begins so. Its value is not read.
const TIMESTAMP_MS: &[u8] = b"TimestampMs";

impl Freshness {
    /// The most names that an endpoint can [expect](Self::expects): 256.
    pub const MAX_NAMES: usize = 256;

    /// The longest skew: a day.
    pub const MAX_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

    /// The longest window: 365 days. With the skew it is no longer than a store remembers.
    pub const MAX_WINDOW: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    /// The defaults that each setting names.
    pub const fn new() -> Self {
        let (window, skew) = (Duration::from_secs(300), Duration::from_secs(30));
        Self { window, skew, required: false, expected: None }
    }

    /// Sets how old a signed timestamp may be. Default: 300 seconds.
    ///
    /// The timestamp is the time of the event. Twilio may deliver late, most of all where it retries for
    /// hours. Event Streams sign no `Timestamp`, so this does not concern them.
    ///
    /// # Errors
    /// [`SettingError::Window`] if it is zero or longer than [`MAX_WINDOW`](Self::MAX_WINDOW).
    pub fn window(mut self, window: Duration) -> Result<Self, SettingError> {
        if window.is_zero() || window > Self::MAX_WINDOW {
            return Err(SettingError::Window);
        }
        self.window = window;
        Ok(self)
    }

    /// Sets how far ahead of the clock a signed timestamp may be. Default: 30 seconds.
    ///
    /// # Errors
    /// [`SettingError::Skew`] if it is longer than [`MAX_SKEW`](Self::MAX_SKEW).
    pub fn skew(mut self, skew: Duration) -> Result<Self, SettingError> {
        if skew > Self::MAX_SKEW {
            return Err(SettingError::Skew);
        }
        self.skew = skew;
        Ok(self)
    }

    /// Refuses what has no signed timestamp. Default: no, because incoming messages and calls have
    /// none.
    ///
    /// The word `Timestamp` may then be signed as a name alone, so that no value can be split into one.
    /// The protection holds where Twilio sends nothing without a `Timestamp` to the endpoint's URL; see
    /// [the module](super).
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets the names of all parameters that the endpoint expects. A request with another name is
    /// refused. `Timestamp` is always expected. Default: any name.
    ///
    /// The list narrows how a request can be split anew: what is split off needs one of these names.
    /// Twilio adds parameters without notice; a request with a new name is refused until it is listed.
    ///
    /// # Errors
    /// [`SettingError::Expected`] if there is no name, or more than [`MAX_NAMES`](Self::MAX_NAMES).
    pub fn expects(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, SettingError> {
        // One more than allowed is enough to see that there are too many.
        let names = names.into_iter().take(Self::MAX_NAMES.saturating_add(1));
        let names: Vec<String> = names.map(Into::into).collect();
        if names.is_empty() || names.len() > Self::MAX_NAMES {
            return Err(SettingError::Expected);
        }
        self.expected = Some(names);
        Ok(self)
    }

    /// Whether the request is fresh at this time since 1970-01-01 00:00:00 UTC.
    ///
    /// # Errors
    /// A [`FreshnessError`]; each variant states its condition.
    pub fn check(&self, verified: &Verified<'_>, now: Duration) -> Result<(), FreshnessError> {
        self.check_signed(verified.url(), verified.coverage(), &verified.params(), now)
    }

    /// Whether the request of a proof is fresh at this time since 1970-01-01 00:00:00 UTC. No form is read
    /// again.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    ///
    /// # Examples
    /// ```
    /// use core::time::Duration;
    /// use twilio_sig::replay::{Freshness, FreshnessError};
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let (url, body) = ("https://example.com/task", b"Sid=EV1&Timestamp=1645027913");
    /// let signature = Signer::auth_token(&token).sign_form(url, body)?.header_value();
    /// let webhook = Webhook::post(url, body).signature(&signature);
    /// let (_, proof) = Verifier::new(token).prove(&webhook)?;
    ///
    /// let an_hour_later = Duration::from_secs(1_645_027_913 + 3_600);
    /// assert_eq!(Freshness::new().check_proof(&proof, an_hour_later), Err(FreshnessError::Stale));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_proof(&self, proof: &Proof, now: Duration) -> Result<(), FreshnessError> {
        self.check_signed(proof.url(), proof.coverage(), proof.params(), now)
    }

    fn check_signed(
        &self,
        url: &str,
        coverage: Coverage,
        form: &Params,
        now: Duration,
    ) -> Result<(), FreshnessError> {
        // The parameters of a `GET` webhook are those of its query.
        let is_get = coverage == Coverage::UrlOnly;
        let query = is_get.then(|| url::query_params(url::query_of(url)));
        let params = || form.iter().chain(query.iter().flat_map(Params::iter));
        if !params().all(|(name, _)| self.expects_name(name)) {
            return Err(FreshnessError::Unexpected);
        }
        let (mut readable, mut unreadable) = (0_usize, 0_usize);
        for (_, text) in params().filter(|(name, _)| *name == TIMESTAMP) {
            match timestamp::read(text) {
                Some(time) if time.saturating_add(self.window) < now => {
                    return Err(FreshnessError::Stale);
                }
                Some(time) if now.saturating_add(self.skew) < time => {
                    return Err(FreshnessError::Early);
                }
                Some(_) => readable = readable.saturating_add(1),
                None => unreadable = unreadable.saturating_add(1),
            }
        }
        if !self.required {
            return Ok(());
        }
        let others = params().filter(|(name, _)| *name == TIMESTAMP_MS).count();
        let as_names = readable.saturating_add(unreadable).saturating_add(others);
        if signed::count(TIMESTAMP, url, form) != as_names {
            Err(FreshnessError::Ambiguous)
        } else if unreadable > 0 {
            Err(FreshnessError::Malformed)
        } else if readable == 0 {
            Err(FreshnessError::Missing)
        } else {
            Ok(())
        }
    }

    fn expects_name(&self, name: &[u8]) -> bool {
        self.expected.as_ref().is_none_or(|expected| {
            name == TIMESTAMP || expected.iter().any(|own| own.as_bytes() == name)
        })
    }

    /// How long a request can be fresh, at most.
    pub(super) const fn longest(&self) -> Duration {
        self.window.saturating_add(self.skew)
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Self::new()
    }
}
