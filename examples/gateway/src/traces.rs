//! Traces to a collector, by OTLP over HTTP: a span for each webhook, each job and each request to the app.
//! Only with the setting `OTEL_EXPORTER_OTLP_ENDPOINT`.

use core::time::Duration;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::client::{Client, chain, client_for};
use crate::exit::Failure;

const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer of a collector, in bytes.
const MAX_ANSWER: usize = 65_536;

/// The traces, until they are finished.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends them to `/v1/traces` below this endpoint, in batches. What finds no room is dropped.
    pub(crate) fn start(endpoint: &str) -> Result<Self, Failure> {
        let name = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let uri: Uri = url.parse().map_err(|error| format!("{name} {endpoint}: {error}"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(format!("{name} {endpoint} is not of the form http://host:port").into());
        }
        let sender = Sender { client: client_for(&uri)?, runtime: Handle::current() };
        let exporter = SpanExporter::builder().with_http().with_http_client(sender);
        let exporter = exporter.with_endpoint(url).with_timeout(TIMEOUT).build();
        let exporter = exporter.map_err(|error| format!("{name} {endpoint}: {error}"))?;
        let resource = Resource::builder().with_service_name(env!("CARGO_PKG_NAME")).build();
        let provider = SdkTracerProvider::builder().with_resource(resource);
        Ok(Self(provider.with_batch_exporter(exporter).build()))
    }

    /// Takes the spans of this program, and none of its libraries.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + Send + Sync + for<'a> LookupSpan<'a>,
    {
        let tracer = self.0.tracer(env!("CARGO_PKG_NAME"));
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false);
        layer.with_filter(filter_fn(|span| span.is_span() && span.target().starts_with("gateway")))
    }

    /// Sends what waits.
    pub(crate) async fn finish(self) {
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
    }
}

/// The exporter has a thread of its own, and the client needs the runtime.
#[derive(Debug)]
struct Sender {
    client: Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = async {
                let answer = client.request(request.map(Full::new)).await;
                let (parts, body) = answer.map_err(|error| chain(&error))?.into_parts();
                let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
                Ok(Response::from_parts(parts, body))
            };
            tokio::time::timeout(TIMEOUT, answer).await?
        });
        sent.await?
    }
}
