//! The key of an event, and its scope.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::signed::{Signed, push_escaped};
use super::{Delivery, MAX_PART_LEN, NoIdentity, events, kinds, place::place};
use crate::claim::ClaimKey;
use crate::verifier::Coverage;

/// The identity of an event, scoped by tenant, account and place.
///
/// `Display` shows the identity without its scope. Parts are joined by colons. Colons and percent signs in
/// a part, and bytes that are not visible ASCII, are written as `%XX`, so no two identities look alike.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use]
pub struct DedupKey {
    tenant: String,
    account: String,
    place: Destination,
    text: String,
}

/// Where an event came to.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Destination {
    Anywhere,
    /// The hash of a URL.
    Url(ClaimKey),
    Endpoint(String),
}

impl DedupKey {
    /// The key of the one event that a delivery tells of.
    ///
    /// # Errors
    /// A [`NoIdentity`]. Act on every such request, in a way that is harmless to repeat, or use a
    /// [`Template`](super::Template).
    pub fn of<'a>(delivery: impl Into<Delivery<'a>>) -> Result<Self, NoIdentity> {
        let mut keys = Self::each(delivery)?;
        match (keys.pop(), keys.is_empty()) {
            (Some(key), true) => Ok(key),
            (Some(_), false) => Err(NoIdentity::SeveralEvents),
            (None, _) => Err(NoIdentity::Unknown),
        }
    }

    /// The keys of all events of a delivery, in order: several only for Event Streams, whose body is
    /// an array. Claim each by itself: Twilio may pack events differently when it sends again.
    ///
    /// # Errors
    /// A [`NoIdentity`], and no key at all, if any of the events has none.
    pub fn each<'a>(delivery: impl Into<Delivery<'a>>) -> Result<Vec<Self>, NoIdentity> {
        let delivery = delivery.into();
        if delivery.verdict().coverage() == Coverage::BodyHash {
            let place = Destination::Url(place(delivery.url(), true));
            let tenant = delivery.tenant.unwrap_or_default();
            let keys = events::identify(delivery.body())?.into_iter().map(|text| Self {
                tenant: tenant.into(),
                account: String::new(),
                place: place.clone(),
                text,
            });
            return Ok(keys.collect());
        }
        let params = delivery.params();
        let signed = Signed::of(&delivery, &params);
        let (place, text) = kinds::identify(&delivery, &signed)?;
        let key = Self::scoped(&delivery, &signed, text)?;
        Ok(Vec::from([Self { place: Destination::Url(place), ..key }]))
    }

    /// The key of one delivery and its retries: the MAC, and the
    /// [idempotency token](Delivery::idempotency_token), which Twilio keeps the same when it sends
    /// again.
    ///
    /// This key tells honest requests apart that are alike, such as the turns of a `<Redirect>` loop.
    /// **The token is not signed**: an attacker who changes it has another key. This key is therefore no
    /// replay protection, and leaves none for requests that are alike.
    ///
    /// # Errors
    /// [`NoIdentity::MissingToken`] if there is no token or it is empty,
    /// [`NoIdentity::MalformedToken`] if it is longer than [`MAX_PART_LEN`].
    ///
    /// # Examples
    /// ```
    /// use twilio_sig::dedup::{DedupKey, Delivery};
    /// use twilio_sig::{AuthToken, Signer, Verifier, Webhook};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let url = "https://example.com/menu?Digits=1";
    /// let signature = Signer::auth_token(&token).sign_url(url).header_value();
    /// let verified = Verifier::new(token).verify(&Webhook::get(url).signature(&signature))?;
    ///
    /// let key = |token| {
    ///     let mut delivery = Delivery::new(&verified);
    ///     delivery.idempotency_token = Some(token);
    ///     DedupKey::of_token(delivery)
    /// };
    /// assert_eq!(key("3f0c")?, key("3f0c")?); // its retry
    /// assert_ne!(key("3f0c")?, key("77aa")?); // the next turn
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_token<'a>(delivery: impl Into<Delivery<'a>>) -> Result<Self, NoIdentity> {
        let delivery = delivery.into();
        let token = delivery.idempotency_token.unwrap_or_default();
        if token.is_empty() {
            return Err(NoIdentity::MissingToken);
        }
        if token.len() > MAX_PART_LEN {
            return Err(NoIdentity::MalformedToken);
        }
        let mac = ClaimKey::new("mac", &[delivery.verdict().signature().as_bytes()]);
        let mut text = alloc::format!("delivery:{mac}:");
        push_escaped(&mut text, token);
        Self::scoped(&delivery, &Signed::of(&delivery, &delivery.params()), text)
    }

    /// Names the place that the event came to. Default: the URL, or none for a
    /// [`Template`](super::Template).
    ///
    /// An event that Twilio reports to two URLs has two keys, and both act on it. Give both URLs one name
    /// if one action is enough. Never take the name from the request.
    pub fn endpoint(mut self, name: impl Into<String>) -> Self {
        self.place = Destination::Endpoint(name.into());
        self
    }

    /// Sets the account. Default: the signed `AccountSid`, and none where it is not signed as a
    /// parameter, as with Event Streams.
    pub fn account(mut self, sid: impl Into<String>) -> Self {
        self.account = sid.into();
        self
    }

    /// The key to claim in a store.
    #[must_use]
    pub fn claim_key(&self) -> ClaimKey {
        let (kind, place): (&[u8], &[u8]) = match &self.place {
            Destination::Anywhere => (b"anywhere", b""),
            Destination::Url(hash) => (b"url", hash.as_bytes()),
            Destination::Endpoint(name) => (b"endpoint", name.as_bytes()),
        };
        let [tenant, account, text] = [&self.tenant, &self.account, &self.text];
        let parts = [tenant.as_bytes(), account.as_bytes(), kind, place, text.as_bytes()];
        ClaimKey::new("dedup", &parts)
    }

    /// A key of the delivery's tenant and account, of no place.
    pub(super) fn scoped(
        delivery: &Delivery<'_>,
        signed: &Signed<'_>,
        text: String,
    ) -> Result<Self, NoIdentity> {
        let names = ["AccountSid", "account_sid"];
        let name = names.into_iter().find(|name| signed.has(name));
        let account = name.map(|name| signed.sid(name)).transpose()?.unwrap_or_default();
        let tenant = delivery.tenant.unwrap_or_default().into();
        Ok(Self { tenant, account: account.into(), place: Destination::Anywhere, text })
    }
}

impl fmt::Display for DedupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
