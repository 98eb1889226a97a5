//! A webhook that is not signed yet.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use jiff::Timestamp;

use super::ACCOUNT_SID;

/// When every event happens unless [`Fixture::at`] says otherwise, and as Twilio writes it.
const FIRST_TIME: i64 = 1_795_665_600;
pub(super) const FIRST_TIMESTAMP: &str = "Thu, 26 Nov 2026 04:00:00 +0000";
/// The last second of the year 9999.
const LAST_TIME: i64 = 253_402_300_799;

/// A webhook of one kind, to be changed and then signed.
///
/// `Debug` shows how many parameters there are and not what they say.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, testing};
///
/// let token = AuthToken::new("a token of this test")?;
/// let signed = testing::sms()
///     .body("1 + 1 = 2")
///     .param("FromCity", "")
///     .param_again("Body", "a second one")
///     .sign(&token, "https://hooks.example.com/sms")?;
/// assert_eq!(signed.method(), "POST");
/// assert!(signed.body().starts_with(b"MessageSid=SM"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "a fixture does nothing until it is signed"]
pub struct Fixture {
    pub(super) params: Vec<(String, String)>,
    pub(super) shape: Shape,
    /// The SID that tells this event from another of its kind.
    sid: String,
    /// When it happened, in seconds since 1970.
    time: i64,
}

/// How the webhook says what it says.
#[derive(Clone)]
pub(super) enum Shape {
    /// Parameters in the body.
    Form,
    /// Parameters in the query of a GET.
    Query,
    /// This text, under `bodySHA256`.
    Json(String),
    /// A WebSocket handshake: nothing but its URL.
    Handshake,
}

impl Fixture {
    /// A form.
    pub(super) fn form(sid: &str, params: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let params = params.iter().map(owned).collect();
        Self { params, shape: Shape::Form, sid: sid.to_owned(), time: FIRST_TIME }
    }

    pub(super) fn handshake() -> Self {
        Self { params: Vec::new(), shape: Shape::Handshake, sid: String::new(), time: FIRST_TIME }
    }

    /// Sets the SID that [`number`](Self::number) changes, of a fixture that is built on another.
    pub(super) fn told_apart_by(mut self, sid: &str) -> Self {
        sid.clone_into(&mut self.sid);
        self
    }

    /// Sets the parameter `name` to this value alone, in its old place, otherwise at the end.
    pub fn param(mut self, name: &str, value: &str) -> Self {
        let at = self.params.iter().position(|(own, _)| own == name);
        self.params.retain(|(own, _)| own != name);
        let at = at.unwrap_or(usize::MAX).min(self.params.len());
        self.params.insert(at, (name.to_owned(), value.to_owned()));
        self
    }

    /// Adds one more parameter at the end, whether there is one of this name or not.
    pub fn param_again(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes every parameter `name`.
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(own, _)| own != name);
        self
    }

    /// Sets the sender: `From`, and `Caller` of a call.
    pub fn from(self, number: &str) -> Self {
        self.with_alias("From", "Caller", number)
    }

    /// Sets the recipient: `To`, and `Called` of a call.
    pub fn to(self, number: &str) -> Self {
        self.with_alias("To", "Called", number)
    }

    fn with_alias(self, name: &str, alias: &str, value: &str) -> Self {
        let has_alias = self.params.iter().any(|(own, _)| own == alias);
        let fixture = self.param(name, value);
        if has_alias { fixture.param(alias, value) } else { fixture }
    }

    /// Sets the text of the message, `Body`.
    pub fn body(self, text: &str) -> Self {
        self.param("Body", text)
    }

    /// Puts this account in place of [`ACCOUNT_SID`], wherever it is named.
    pub fn account_sid(self, sid: &str) -> Self {
        self.replaced(ACCOUNT_SID, sid)
    }

    /// Makes this event number `number` of its kind: the last 16 digits of its own SID are the number in
    /// hexadecimal. Two fixtures of a kind without numbers are one event, sent twice. A handshake has no
    /// SID.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, testing};
    ///
    /// let token = AuthToken::new("a token of this test")?;
    /// let sign = |number| testing::sms().number(number).sign(&token, "https://example.com/");
    /// assert_ne!(sign(1)?.signature(), sign(2)?.signature());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn number(mut self, number: u64) -> Self {
        let Some(start) = self.sid.get(..18) else { return self };
        let sid = alloc::format!("{start}{number:016x}");
        let old = core::mem::replace(&mut self.sid, sid.clone());
        self.replaced(&old, &sid)
    }

    /// Makes this an event of that time, in seconds since 1970-01-01T00:00:00Z, from then to the end of the
    /// year 9999: in `Timestamp` and its like, of the kinds that have one. Unless set, it is
    /// 2026-11-26T04:00:00Z. A service that refuses what is too old needs the present time.
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::{AuthToken, testing};
    ///
    /// let token = AuthToken::new("a token of this test")?;
    /// let status = testing::call_status("ringing").at(0).sign(&token, "https://example.com/")?;
    /// let timestamp = ("Timestamp".into(), "Thu, 01 Jan 1970 00:00:00 +0000".into());
    /// assert!(status.params().contains(&timestamp));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(mut self, seconds: i64) -> Self {
        let old = core::mem::replace(&mut self.time, seconds.clamp(0, LAST_TIME));
        let [old, new] =
            [old, self.time].map(|time| Timestamp::from_second(time).unwrap_or_default());
        ["%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%dT%H:%M:%S"].into_iter().fold(
            self,
            |own, format| {
                own.replaced(&old.strftime(format).to_string(), &new.strftime(format).to_string())
            },
        )
    }

    fn replaced(mut self, old: &str, new: &str) -> Self {
        for (_, value) in &mut self.params {
            *value = value.replace(old, new);
        }
        if let Shape::Json(text) = &mut self.shape {
            *text = text.replace(old, new);
        }
        self
    }

    /// Sends this JSON text as the body, under `bodySHA256`, instead of parameters.
    pub fn json(mut self, text: &str) -> Self {
        self.params.clear();
        self.shape = Shape::Json(text.to_owned());
        self
    }

    /// Sends the parameters in the query of a GET, as to a URL that is configured with this method. JSON
    /// bodies and handshakes stay what they are.
    pub fn get(mut self) -> Self {
        if matches!(self.shape, Shape::Form) {
            self.shape = Shape::Query;
        }
        self
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("params", &self.params.len()).finish_non_exhaustive()
    }
}
