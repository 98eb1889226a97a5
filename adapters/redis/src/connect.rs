//! One server.

use core::time::Duration;

use redis::ConnectionInfo;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use tokio::time::timeout;

use super::error::unusable;
use super::link::{Link, Role, check};
use super::{ConnectError, RedisStore, TIMEOUT};

/// The longest pause between two attempts to connect again.
const RETRY: Duration = Duration::from_secs(1);

impl RedisStore {
    /// Connects to `redis://[user:password@]host[:port][/database]`, or `rediss://…` with the
    /// feature `tls`: then a program that has not chosen its cryptography for rustls gets `ring`'s.
    ///
    /// A call takes 2 seconds at most. A connection that breaks is made anew, and the call that
    /// found it broken is made once more.
    ///
    /// # Errors
    /// A [`ConnectError`].
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let info = read(url)?;
        let client = redis::Client::open(info).map_err(unusable)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_max_delay(RETRY)
            .set_number_of_retries(1);
        let connection = client.get_connection_manager_with_config(config).await;
        Self::with_connection(connection.map_err(unusable)?).await
    }

    /// Takes a connection that was made elsewhere. Its server is asked what it is, too.
    ///
    /// # Errors
    /// A [`ConnectError`].
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = redis::Client::open("redis://127.0.0.1/")?;
    /// let connection = client.get_connection_manager().await?;
    /// let store = twilio_sig_redis::RedisStore::with_connection(connection).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with_connection(mut connection: ConnectionManager) -> Result<Self, ConnectError> {
        in_time(check(&mut connection, Role::Alone)).await?;
        Ok(Self::new(Link::Server(connection)))
    }
}

/// A URL as a client takes it.
pub(crate) fn read(url: &str) -> Result<ConnectionInfo, ConnectError> {
    let info: ConnectionInfo = url.parse().map_err(unusable)?;
    #[cfg(feature = "tls")]
    if matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. }) {
        choose_cryptography();
    }
    Ok(info.set_tcp_settings(tcp_settings()))
}

pub(crate) async fn in_time<T>(
    future: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    let late = |_| ConnectError::Unusable("it gave no answer within 2 s".to_owned());
    timeout(TIMEOUT, future).await.map_err(late)?
}

pub(crate) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    // A host that has vanished says nothing. Without this the system takes a quarter of an hour to
    // give up the connection.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let settings = settings.set_user_timeout(TIMEOUT);
    settings
}

/// Where several implementations are compiled in and the program has not chosen one, rustls panics.
#[cfg(feature = "tls")]
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that another thread was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}
