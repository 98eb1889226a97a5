//! Requests to other services: the app, Sentry, a collector of traces. `https` trusts the certificates
//! that the system does, or those in the file that `SSL_CERT_FILE` names.

use alloc::sync::Arc;

use axum::body::Bytes;
use axum::http::Uri;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore, crypto};

use crate::exit::Failure;

/// Keeps connections. Cheap to clone.
pub(crate) type Client = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client for this place. Certificates are read for `https` alone: a machine may have none.
pub(crate) fn client_for(uri: &Uri) -> Result<Client, Failure> {
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = HttpsConnectorBuilder::new();
    let builder = if uri.scheme_str() == Some("https") {
        let builder = builder.with_provider_and_native_roots(provider);
        builder.map_err(|error| format!("no certificates to trust for {uri}: {error}"))?
    } else {
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions()?;
        let roots = RootCertStore::empty();
        builder.with_tls_config(config.with_root_certificates(roots).with_no_client_auth())
    };
    let connector = builder.https_or_http().enable_http1().build();
    Ok(legacy::Client::builder(TokioExecutor::new()).build(connector))
}

/// The error and what led to it, which `Display` of a client's errors leaves out.
pub(crate) fn chain(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
