//! Whose keys a webhook is verified with: by path, number or account.

pub(crate) mod command;
pub(crate) mod rows;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicI64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use twilio_sig::{AuthToken, Verifier};
use twilio_sig_tower::{Tenant, TenantError, Untrusted, VerifierSource};
use zeroize::Zeroizing;

use crate::clock;
use crate::exit::Failure;
use crate::fault::Fault;
use crate::store::Store;
use crate::vault::Vault;

/// How soon a running service sees what `gateway tenant` has changed.
pub(crate) const RELOAD: Duration = Duration::from_secs(2);
/// The id of the tenant that the environment makes.
pub(crate) const DEFAULT: &str = "default";
/// What comes before the id of a tenant in a path.
const PATH: &str = "/t/";

/// All tenants, in memory, because strangers ask before anything is proven. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Directory(Arc<Shared>);

struct Shared {
    store: Store,
    vault: Vault,
    /// From the environment.
    default: Option<Arc<Known>>,
    /// What comes before all routes in the path of the public URL.
    base_path: String,
    view: RwLock<Arc<View>>,
}

/// The account and the tokens of the environment, primary first.
pub(crate) type DefaultTenant = (String, Vec<Zeroizing<String>>);

#[derive(Default)]
struct View {
    changes: i64,
    by_id: HashMap<String, Arc<Known>>,
    by_number: HashMap<String, Arc<Known>>,
    by_account: HashMap<String, Arc<Known>>,
}

struct Known {
    id: String,
    account_sid: Option<String>,
    active: bool,
    verifier: Verifier,
    /// When each key has last verified a webhook, in milliseconds; 0: not since the start.
    used: [AtomicI64; 2],
}

impl Directory {
    /// Reads the tenants.
    pub(crate) async fn open(
        store: Store,
        vault: Vault,
        default: Option<DefaultTenant>,
        base_path: String,
    ) -> Result<Self, Failure> {
        let default = default.map(|(account, tokens)| {
            Known::new(DEFAULT.into(), Some(account), true, &tokens).map(Arc::new)
        });
        let shared = Shared {
            store,
            vault,
            default: default.transpose()?,
            base_path,
            view: RwLock::default(),
        };
        let directory = Self(Arc::new(shared));
        directory.load().await?;
        Ok(directory)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.view().by_id.len().saturating_add(usize::from(self.0.default.is_some()))
    }

    /// The verifier of a tenant that is known and active.
    pub(crate) fn verifier(&self, id: &str) -> Option<Verifier> {
        let known = self.by_id(&self.view(), id)?;
        known.active.then(|| known.verifier.clone())
    }

    /// Every account and its verifier, for a diagnosis.
    pub(crate) fn verifiers(&self) -> Vec<(String, Verifier)> {
        let view = self.view();
        let known = view.by_id.values().chain(&self.0.default);
        known.map(|known| (known.id.clone(), known.verifier.clone())).collect()
    }

    /// Notes that the key at this position has verified a webhook.
    pub(crate) fn used(&self, id: &str, position: usize) {
        if let Some(known) = self.by_id(&self.view(), id)
            && let Some(used) = known.used.get(position)
        {
            used.store(clock::now(), Ordering::Relaxed);
        }
    }

    /// Reads the tenants again if they were changed, and writes when their keys were used. Runs
    /// until it is dropped.
    pub(crate) async fn keep_fresh(self) {
        loop {
            tokio::time::sleep(RELOAD).await;
            if let Err(error) = self.refresh().await {
                // What is known stays known.
                tracing::error!(event_type = "tenants_unavailable", %error, "tenants not read");
            }
        }
    }

    /// One round of [`keep_fresh`](Self::keep_fresh).
    pub(crate) async fn refresh(&self) -> Result<(), Failure> {
        let view = self.view();
        for known in view.by_id.values() {
            for (position, used) in known.used.iter().enumerate() {
                let at = used.swap(0, Ordering::Relaxed);
                if at > 0 {
                    rows::mark_used(&self.0.store, &known.id, position, at).await?;
                }
            }
        }
        if rows::changes(&self.0.store).await? == view.changes {
            return Ok(());
        }
        self.load().await
    }

    /// Reads all tenants.
    pub(crate) async fn load(&self) -> Result<(), Failure> {
        let mut view = View { changes: rows::changes(&self.0.store).await?, ..View::default() };
        for row in rows::all(&self.0.store).await? {
            let known = Arc::new(Known::of(&row, &self.0.vault)?);
            for number in row.numbers {
                view.by_number.insert(number, Arc::clone(&known));
            }
            if let Some(account) = row.account_sid {
                view.by_account.entry(account).or_insert_with(|| Arc::clone(&known));
            }
            view.by_id.insert(row.id, known);
        }
        *self.0.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        Ok(())
    }

    /// Seals a token for a tenant.
    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.0.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn by_id(&self, view: &View, id: &str) -> Option<Arc<Known>> {
        let default = self.0.default.as_ref().filter(|_| id == DEFAULT);
        view.by_id.get(id).or(default).cloned()
    }

    /// The path names the tenant, otherwise the number that was called or that sends, otherwise the account;
    /// or there is one tenant and no choice.
    fn find_known(&self, request: &Untrusted<'_>) -> Option<Arc<Known>> {
        let view = self.view();
        let path = request.path().strip_prefix(&self.0.base_path).unwrap_or_default();
        if let Some(rest) = path.strip_prefix(PATH) {
            return self.by_id(&view, rest.split('/').next().unwrap_or_default());
        }
        // Each look reads the form, so there is none where no tenant has a number.
        let has_numbers = !view.by_number.is_empty();
        for name in ["To", "Called", "From"].into_iter().filter(|_| has_numbers) {
            let number = request.param(name).unwrap_or_default();
            let bare = number.rsplit(':').next().unwrap_or_default();
            let known = view.by_number.get(&number).or_else(|| view.by_number.get(bare));
            if let Some(known) = known {
                return Some(Arc::clone(known));
            }
        }
        let default = self.0.default.as_ref();
        let Some(account) = request.param("AccountSid") else {
            // JSON names no account. Where there are several tenants, the path must name one.
            let mut all = view.by_id.values().chain(default);
            return all.next().filter(|_| all.next().is_none()).cloned();
        };
        let default = default.filter(|known| known.account_sid.as_ref() == Some(&account));
        view.by_account.get(&account).or(default).cloned()
    }
}

impl VerifierSource for Directory {
    async fn find(&self, request: Untrusted<'_>) -> Result<Tenant, TenantError> {
        let known = self.find_known(&request).ok_or(TenantError::Unknown)?;
        if known.active {
            Ok(Tenant::new(known.id.as_str(), known.verifier.clone()))
        } else {
            Err(TenantError::Inactive)
        }
    }
}

impl Known {
    fn of(row: &rows::Tenant, vault: &Vault) -> Result<Self, Failure> {
        let sealed = [Some(&row.primary_token), row.secondary_token.as_ref()];
        let tokens = sealed.into_iter().flatten().map(|sealed| vault.unseal(&row.id, sealed));
        let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
        Self::new(row.id.clone(), row.account_sid.clone(), row.active, &tokens)
    }

    fn new(
        id: String,
        account_sid: Option<String>,
        active: bool,
        tokens: &[Zeroizing<String>],
    ) -> Result<Self, Failure> {
        let mut builder = Verifier::builder();
        for token in tokens {
            let token = AuthToken::new(token.as_str());
            builder = builder.auth_token(token.map_err(|error| format!("tenant {id}: {error}"))?);
        }
        if let Some(sid) = &account_sid {
            builder = builder.account_sid(sid);
        }
        let verifier = builder.build().map_err(|error| format!("tenant {id}: {error}"))?;
        Ok(Self { id, account_sid, active, verifier, used: Default::default() })
    }
}

/// The id of a tenant that is proven. There is always one behind a gate with tenants.
pub(crate) fn id_of(webhook: &twilio_sig_tower::VerifiedWebhook) -> Result<&str, Fault> {
    webhook.tenant().ok_or_else(|| Fault::Unavailable("the proof names no tenant".into()))
}
