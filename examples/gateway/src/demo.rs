//! A tenant to try things with, and the webhooks that it gets.

use std::io::{self, Write as _};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use twilio_sig::AuthToken;
use twilio_sig::testing::{self, ACCOUNT_SID, Fixture, SignedWebhook};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::settings::Settings;
use crate::store::Store;
use crate::tenants::{Directory, rows};
use crate::vault::Vault;
use crate::{clock, gates};

/// The id of the demo tenant.
pub(crate) const TENANT: &str = "demo";
/// The number that the demo's messages are sent to.
pub(crate) const NUMBER: &str = "+15005550001";

const CALL: &str = "?callId=demo-";

/// Adds the demo tenant, with a random token that only the key file unseals.
pub(crate) async fn add_tenant(store: &Store, directory: &Directory) -> Result<(), Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| format!("no random bytes: {error}"))?;
    let token = Zeroizing::new(format!("{:032x}", u128::from_be_bytes(bytes)));
    let sealed = directory.vault().seal(TENANT, &token)?;
    let numbers = [NUMBER.to_owned()];
    rows::add(store, TENANT, Some(ACCOUNT_SID), &numbers, &sealed).await?;
    directory.load().await
}

/// Sends `count` of each kind to the running service, and says what it answered.
pub(crate) async fn run(settings: Settings, count: u64) -> Result<(), Failure> {
    let store = Store::open(&settings.database_url).await?;
    let tenants = rows::all(&store).await?;
    let demo = tenants.iter().find(|row| row.id == TENANT);
    let demo = demo.ok_or("there is no demo tenant: start the service first, with `gateway`")?;
    let vault = Vault::open(&settings.key_file, true)?;
    let token = AuthToken::new(vault.unseal(TENANT, &demo.primary_token)?.as_str())?;
    let first = clock::now().unsigned_abs();
    for number in first..first.saturating_add(count) {
        for webhook in webhooks(&settings, &token, number)? {
            send(&settings, &webhook).await?;
        }
    }
    Ok(())
}

/// The life of a message and of a call; then one that is sent twice, and one that is forged.
fn webhooks(
    settings: &Settings,
    token: &AuthToken,
    number: u64,
) -> Result<Vec<SignedWebhook>, Failure> {
    let base = gates::public_url(settings);
    let url = |path: &str| format!("{base}{path}");
    let call_url = |path: &str| format!("{base}/api/webhooks/twilio/{path}{CALL}{number}");
    let sign = |fixture: Fixture, url: String| {
        fixture.number(number).at(clock::now().div_euclid(1_000)).sign(token, &url)
    };

    let mut all = vec![sign(testing::sms(), url("/v1/webhooks/twilio"))?];
    for status in testing::sms_status_series() {
        all.push(sign(status, url("/v1/webhooks/twilio/status"))?);
    }
    all.push(sign(testing::voice(), call_url("voice"))?);
    all.push(sign(testing::gather().param("Digits", "1"), call_url("consent"))?);
    for status in testing::call_status_series() {
        all.push(sign(status, call_url("status"))?);
    }
    all.push(sign(testing::recording(), call_url("recording"))?);

    let whatsapp = settings.webhook_url.clone().unwrap_or_else(|| url("/api/v1/whatsapp/webhook"));
    let message = sign(testing::whatsapp().to(NUMBER), whatsapp)?;
    all.extend([message.clone(), message]);
    let forger = AuthToken::new("not the token of the demo")?;
    all.push(testing::sms().number(number).sign(&forger, &url("/v1/webhooks/twilio"))?);
    Ok(all)
}

async fn send(settings: &Settings, webhook: &SignedWebhook) -> Result<(), Failure> {
    let url = format!("http://{}{}", settings.listen_addr, webhook.target());
    let mut request = Request::builder().method(webhook.method()).uri(url);
    for (name, value) in webhook.headers() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(webhook.body().to_vec()))?;
    let response = Client::builder(TokioExecutor::new()).build_http().request(request).await;
    let response = response.map_err(|error| {
        format!("no answer from {}: {error}; is the service running?", settings.listen_addr)
    })?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    let (target, body) = (webhook.target(), String::from_utf8_lossy(&body));
    writeln!(io::stdout(), "{} {target}\n    {status} {body}", webhook.method())?;
    Ok(())
}
