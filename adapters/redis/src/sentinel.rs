//! The primary that sentinels name.

use alloc::sync::Arc;
use std::sync::{Mutex, PoisonError};

use redis::aio::MultiplexedConnection;
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisError, RedisResult};
use tokio::sync::Mutex as AsyncMutex;

use super::connect::{in_time, read};
use super::error::{is_broken, unusable};
use super::link::{Link, Role, check};
use super::{ConnectError, RedisStore, TIMEOUT};

impl RedisStore {
    /// Connects to the primary that these sentinels know by the name `service`.
    ///
    /// A call takes 2 seconds at most. When the primary is gone, or has become a replica, the
    /// sentinels are asked again.
    ///
    /// Where the primary wants a password or TLS, make the client yourself and use
    /// [`with_sentinel`](Self::with_sentinel).
    ///
    /// # Errors
    /// A [`ConnectError`].
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), twilio_sig_redis::ConnectError> {
    /// let sentinels = ["redis://10.0.0.1:26379/", "redis://10.0.0.2:26379/"];
    /// let store = twilio_sig_redis::RedisStore::connect_sentinel(&sentinels, "mymaster").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_sentinel(sentinels: &[&str], service: &str) -> Result<Self, ConnectError> {
        let infos = sentinels.iter().map(|url| read(url)).collect::<Result<Vec<_>, _>>()?;
        let primary = SentinelServerType::Master;
        let client = SentinelClient::build(infos, String::from(service), None, primary);
        Self::with_sentinel(client.map_err(unusable)?).await
    }

    /// Takes a client of sentinels that was made elsewhere, with the passwords and the TLS that its
    /// servers want. It must be one for the primary.
    ///
    /// # Errors
    /// A [`ConnectError`].
    ///
    /// # Examples
    /// ```no_run
    /// use redis::ConnectionAddr;
    /// use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
    ///
    /// # async fn example(password: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let sentinels = [ConnectionAddr::Tcp("10.0.0.1".to_owned(), 26_379)];
    /// let primary = SentinelServerType::Master;
    /// let client = SentinelClientBuilder::new(sentinels, "mymaster".to_owned(), primary)?
    ///     .set_client_to_redis_password(password)
    ///     .build()?;
    /// let store = twilio_sig_redis::RedisStore::with_sentinel(client).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with_sentinel(client: SentinelClient) -> Result<Self, ConnectError> {
        let primary = Primary(Arc::new(Inner {
            sentinels: AsyncMutex::new(Sentinels { client, asked: 0 }),
            current: Mutex::new(None),
        }));
        in_time(async { primary.find().await.map(drop) }).await?;
        Ok(Self::new(Link::Sentinel(primary)))
    }
}

/// A connection to the primary, and where to ask for another.
#[derive(Clone)]
pub(crate) struct Primary(Arc<Inner>);

struct Inner {
    /// Asked by one call at a time; the others wait for what it finds.
    sentinels: AsyncMutex<Sentinels>,
    current: Mutex<Option<Numbered>>,
}

struct Sentinels {
    client: SentinelClient,
    /// How often they were asked.
    asked: u64,
}

/// A connection, and a number that no other has.
#[derive(Clone)]
struct Numbered {
    number: u64,
    connection: MultiplexedConnection,
}

impl Primary {
    pub(crate) async fn query(&self, command: &Cmd) -> RedisResult<Vec<Vec<u8>>> {
        let found = self.find().await.map_err(|error| no_primary(&error))?;
        let Numbered { number, mut connection } = found;
        let reply = command.query_async(&mut connection).await;
        if let Err(error) = &reply
            && (is_broken(error) || error.is_timeout())
        {
            self.forget(number);
        }
        reply
    }

    /// The connection to the primary, made if there is none.
    async fn find(&self) -> Result<Numbered, ConnectError> {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let mut sentinels = self.0.sentinels.lock().await;
        // Another call may have found it meanwhile.
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        sentinels.asked = sentinels.asked.wrapping_add(1);
        let connection = sentinels.client.get_async_connection_with_config(&config).await;
        let mut connection = connection.map_err(unusable)?;
        check(&mut connection, Role::Alone).await?;
        let found = Numbered { number: sentinels.asked, connection };
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }

    fn current(&self) -> Option<Numbered> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection of this number is broken. A newer one is not.
    fn forget(&self, number: u64) {
        let mut current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| current.number == number) {
            *current = None;
        }
    }
}

fn no_primary(error: &ConnectError) -> RedisError {
    RedisError::from((ErrorKind::InvalidClientConfig, "no primary", error.to_string()))
}
