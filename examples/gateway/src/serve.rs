//! Starts the service, and stops it without losing what is at work.

use alloc::sync::Arc;
use core::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use twilio_sig::testing;

use crate::access::AdminToken;
use crate::alerts::Alerts;
use crate::app::{self, Parts};
use crate::attempts::{Attempts, Diagnosis, Log};
use crate::events::Events;
use crate::exit::{Exit, Failure};
use crate::forward::Forwarder;
use crate::gates::{self, Gates};
use crate::jobs::{Queue, Runner};
use crate::limit::Limit;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::store::{Store, disk};
use crate::tenants::{DefaultTenant, Directory, rows};
use crate::traces::Traces;
use crate::vault::Vault;
use crate::{cleanup, connections, demo, logs, meters};

/// What to do without a tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tenants {
    /// Refuse to start.
    Required,
    /// Make a demo tenant.
    OrDemo,
}

pub(crate) async fn run(mut settings: Settings, tenants: Tenants) -> Result<(), Failure> {
    let secrets = Secrets::from_env()?;
    let alerts = settings.sentry_dsn.as_deref().map(Alerts::start).transpose()?;
    let traces = settings.otel_exporter_otlp_endpoint.as_deref().map(Traces::start).transpose()?;
    logs::start(&settings.log, alerts.as_ref(), traces.as_ref())?;
    let meters = meters::install()?;
    let store = Store::open(&settings.database_url).await?;
    let directory = open_directory(&settings, &secrets, &store, tenants).await?;

    let address = settings.listen_addr;
    let listener = TcpListener::bind(address).await;
    let listener = listener.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    settings.listen_addr = listener.local_addr()?;
    let secret = secrets.forward_secret.as_ref().map(|secret| secret.as_str());
    let forwarder = Forwarder::new(&settings, secret)?;
    let gates = Gates::new(&settings, &directory).await?;
    tracing::info!(
        address = %settings.listen_addr,
        public_url = gates::public_url(&settings),
        tenants = directory.len(),
        "listening"
    );

    let (stop, stopping) = watch::channel(false);
    let (queue, begun) = Queue::new(forwarder.is_some());
    let runner = Runner {
        store: store.clone(),
        queue: queue.clone(),
        max_attempts: settings.job_attempts,
        forwarder: forwarder.clone(),
    };
    let runner = tokio::spawn(runner.run(begun, stopping.clone()));
    tokio::spawn(directory.clone().keep_fresh());
    tokio::spawn(meters::keep_up(meters.clone()));
    let keep = Duration::from_secs(u64::from(settings.keep_days).saturating_mul(86_400));
    tokio::spawn(cleanup::run(store.clone(), keep));
    let (log, writing) = Log::new(store.clone());
    let writing = tokio::spawn(writing);

    let drain = Duration::from_secs(settings.drain_s);
    let disk_full = Duration::from_secs(settings.disk_full_s);
    let events = Events { store: store.clone(), queue };
    let limit = Arc::new(Limit::new(settings.rate_limit_per_minute));
    let app = Arc::new(Parts {
        settings,
        store: store.clone(),
        tenants: directory.clone(),
        events,
        admin: secrets.admin_token.as_ref().map(|token| AdminToken::new(token)),
        meters,
        limit: Arc::clone(&limit),
    });
    let attempts = Attempts {
        limit,
        log,
        diagnosis: Diagnosis::new(directory.clone(), gates.origins.clone()),
        trusted_proxies: app.settings.trusted_proxies.clone().into(),
        payloads: app.settings.log_payloads,
    };
    let router = app::router(app, &gates, forwarder, attempts);
    let server = connections::serve(listener, router, connections::SILENCE, stopped(stopping));
    let server = tokio::spawn(server);

    let lost = tokio::select! {
        told = until_told_to_stop() => told.map(|()| None)?,
        reason = disk::lost(&store, disk_full) => Some(Exit::Disk(reason)),
    };
    tracing::info!(drain_s = drain.as_secs(), "stopping");
    stop.send_replace(true);
    let drained = tokio::time::timeout(drain, async {
        let end = server.await;
        let _ = runner.await;
        let _ = writing.await;
        if let Some(alerts) = alerts {
            alerts.finish().await;
        }
        if let Some(traces) = traces {
            traces.finish().await;
        }
        end
    });
    if let Ok(end) = drained.await {
        end?;
    } else {
        // What is dropped here was not answered, so Twilio sends it again.
        tracing::warn!("some requests or jobs were still at work");
    }
    if let Some(lost) = lost {
        return Err(lost.into());
    }
    // When the keys were last used is written now and then, and now.
    directory.refresh().await?;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The tenants of the database and of the environment.
async fn open_directory(
    settings: &Settings,
    secrets: &Secrets,
    store: &Store,
    tenants: Tenants,
) -> Result<Directory, Failure> {
    let has_sealed = !rows::all(store).await?.is_empty();
    let default = default_tenant(settings, secrets)?;
    if !has_sealed && default.is_none() && tenants == Tenants::Required {
        return Err("there is no auth token to verify with: set TWILIO_ACCOUNT_SID and \
            TWILIO_AUTH_TOKEN, or add a tenant with `gateway tenant add ID`"
            .into());
    }
    let vault = Vault::open(&settings.key_file, has_sealed)?;
    let has_default = default.is_some();
    let base_path = gates::base_path(settings);
    let directory = Directory::open(store.clone(), vault, default, base_path).await?;
    if !has_sealed && !has_default {
        demo::add_tenant(store, &directory).await?;
        tracing::warn!(
            tenant = demo::TENANT,
            account_sid = testing::ACCOUNT_SID,
            number = demo::NUMBER,
            "there is no tenant, so this is a demo: send it webhooks with `gateway demo`"
        );
    }
    Ok(directory)
}

/// The account and the tokens of the environment, primary first.
fn default_tenant(
    settings: &Settings,
    secrets: &Secrets,
) -> Result<Option<DefaultTenant>, Failure> {
    let tokens = [&secrets.auth_token, &secrets.auth_token_secondary];
    match (&settings.twilio_account_sid, &secrets.auth_token) {
        (Some(account), Some(_)) => {
            let tokens = tokens.into_iter().flatten().cloned().collect();
            Ok(Some((account.clone(), tokens)))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err("TWILIO_ACCOUNT_SID is set and TWILIO_AUTH_TOKEN is not".into()),
        (None, Some(_)) => Err("TWILIO_AUTH_TOKEN is set and TWILIO_ACCOUNT_SID is not".into()),
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, and so is the service.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
}

async fn until_told_to_stop() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
