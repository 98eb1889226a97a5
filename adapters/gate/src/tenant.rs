//! The tenants, and the keys that a request is verified with.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
#[cfg(feature = "explain")]
use alloc::vec::Vec;
use core::fmt;
use core::pin::Pin;

use thiserror::Error;
use twilio_sig::{Verifier, Webhook};

use crate::Refusal;

/// What a request says about itself. **None of this is proven.** Use it to find the request's tenant, and
/// for no other purpose.
///
/// Give each tenant's verifier its account
/// ([`VerifierBuilder::account_sid`](twilio_sig::VerifierBuilder::account_sid)), so that one tenant
/// cannot sign for another.
#[derive(Clone, Copy)]
#[must_use]
pub struct Untrusted<'a> {
    pub(crate) url: &'a str,
    pub(crate) webhook: Webhook<'a>,
}

impl<'a> Untrusted<'a> {
    /// The parameter of this name in the body, otherwise in the URL's query: `AccountSid`, `To`.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        self.webhook.untrusted_param(name)
    }

    /// The public URL.
    #[must_use]
    pub const fn url(&self) -> &'a str {
        self.url
    }

    /// The path of the public URL, as it is written there.
    #[must_use]
    pub fn path(&self) -> &'a str {
        let after_scheme = self.url.split_once("://").map_or(self.url, |(_, rest)| rest);
        let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
        path.split(['?', '#']).next().unwrap_or("/")
    }
}

impl fmt::Debug for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Untrusted").field("webhook", &self.webhook).finish_non_exhaustive()
    }
}

/// A tenant: the name that events and handlers know it by, and its verifier.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub(crate) id: Arc<str>,
    pub(crate) verifier: Verifier,
}

impl Tenant {
    /// A tenant. The id goes into events, so it must not be secret.
    pub fn new(id: impl Into<Arc<str>>, verifier: Verifier) -> Self {
        Self { id: id.into(), verifier }
    }
}

/// Why there is no verifier for a request.
///
/// # Examples
/// ```
/// assert_eq!(twilio_sig_gate::TenantError::Unknown.to_string(), "there is no such tenant");
/// ```
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TenantError {
    /// The request names no tenant, or one that does not exist: 404.
    #[error("there is no such tenant")]
    Unknown,
    /// The tenant exists and is switched off: 503.
    #[error("the tenant is not active")]
    Inactive,
    /// The directory cannot be asked now: 503 with `Retry-After`.
    #[error("the source of verifiers is out of order")]
    Unavailable,
}

impl From<TenantError> for Refusal {
    fn from(error: TenantError) -> Self {
        match error {
            TenantError::Unknown => Self::UnknownTenant,
            TenantError::Inactive => Self::InactiveTenant,
            TenantError::Unavailable => Self::TenantsUnavailable,
        }
    }
}

/// Finds the tenant of a request: in a map, a database, a secret store.
///
/// The source is asked before anything is proven, so every client can make it work: bound what a question
/// costs, and answer repeated questions from memory.
///
/// # Examples
/// ```
/// use twilio_sig_gate::{Tenant, TenantError, Untrusted, VerifierSource};
///
/// struct Directory;
///
/// impl VerifierSource for Directory {
///     async fn find(&self, request: Untrusted<'_>) -> Result<Tenant, TenantError> {
///         let to = request.param("To").ok_or(TenantError::Unknown)?;
///         load(&to).await.ok_or(TenantError::Unknown)
///     }
/// }
///
/// async fn load(number: &str) -> Option<Tenant> {
///     None
/// }
/// ```
pub trait VerifierSource: Send + Sync + 'static {
    /// The tenant that the request claims to be for.
    ///
    /// # Errors
    /// [`TenantError`], which becomes the answer.
    fn find(
        &self,
        request: Untrusted<'_>,
    ) -> impl Future<Output = Result<Tenant, TenantError>> + Send;

    /// Other tenants, whose keys may have made the signature of a request that
    /// [`Gate::explain`](crate::Gate::explain) looks into: the likeliest first. The gate takes at
    /// most `most` of them. Default: none.
    ///
    /// These tenants verify nothing. The operator learns that the key was another tenant's, and not which
    /// tenant's. The gate asks after the answer, on the thread that explains, where the source may block; hand
    /// over what is in memory all the same.
    #[cfg(feature = "explain")]
    fn other_tenants(&self, request: Untrusted<'_>, most: usize) -> Vec<Tenant> {
        let _ = (request, most);
        Vec::new()
    }
}

/// Tenants that are known at start-up, by a parameter or by path.
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, Verifier};
/// use twilio_sig_gate::{Tenant, TenantMap};
///
/// let account = "AC00000000000000000000000000000001";
/// let verifier =
///     Verifier::builder().auth_token(AuthToken::new("12345")?).account_sid(account).build()?;
/// let tenants = TenantMap::by_param("AccountSid").with(account, Tenant::new("acme", verifier));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct TenantMap {
    /// The parameter that names the tenant; `None`: the path does.
    param: Option<Cow<'static, str>>,
    tenants: BTreeMap<String, Option<Tenant>>,
}

impl TenantMap {
    /// Tenants by the parameter `name` of the body or the query: `AccountSid`, `To`.
    pub fn by_param(name: impl Into<Cow<'static, str>>) -> Self {
        Self { param: Some(name.into()), tenants: BTreeMap::new() }
    }

    /// Tenants by the path of the public URL, the whole of it.
    pub const fn by_path() -> Self {
        Self { param: None, tenants: BTreeMap::new() }
    }

    /// Adds a tenant, or replaces the one under this value.
    pub fn with(mut self, value: impl Into<String>, tenant: Tenant) -> Self {
        self.tenants.insert(value.into(), Some(tenant));
        self
    }

    /// Adds a tenant that is switched off.
    pub fn with_inactive(mut self, value: impl Into<String>) -> Self {
        self.tenants.insert(value.into(), None);
        self
    }
}

impl VerifierSource for TenantMap {
    async fn find(&self, request: Untrusted<'_>) -> Result<Tenant, TenantError> {
        let value = match &self.param {
            Some(name) => request.param(name).ok_or(TenantError::Unknown)?,
            None => request.path().to_owned(),
        };
        let tenant = self.tenants.get(&value).ok_or(TenantError::Unknown)?;
        tenant.clone().ok_or(TenantError::Inactive)
    }

    /// The first of those that are active.
    #[cfg(feature = "explain")]
    fn other_tenants(&self, _: Untrusted<'_>, most: usize) -> Vec<Tenant> {
        self.tenants.values().flatten().take(most).cloned().collect()
    }
}

/// A [`VerifierSource`] of whatever type.
pub(crate) trait AnySource: Send + Sync {
    fn find<'a>(
        &'a self,
        request: Untrusted<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Tenant, TenantError>> + Send + 'a>>;

    #[cfg(feature = "explain")]
    fn other_tenants(&self, request: Untrusted<'_>, most: usize) -> Vec<Tenant>;
}

impl<S: VerifierSource> AnySource for S {
    fn find<'a>(
        &'a self,
        request: Untrusted<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Tenant, TenantError>> + Send + 'a>> {
        Box::pin(VerifierSource::find(self, request))
    }

    #[cfg(feature = "explain")]
    fn other_tenants(&self, request: Untrusted<'_>, most: usize) -> Vec<Tenant> {
        VerifierSource::other_tenants(self, request, most)
    }
}
