//! A cluster. A call has one key, so it goes to the one node that has it.

use redis::Value;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};

use super::connect::{in_time, read, tcp_settings};
use super::error::unusable;
use super::link::{Link, Role, check_info};
use super::{ConnectError, RedisStore, TIMEOUT};

/// How often a call follows keys that moved, or a node that is gone, within its time.
const RETRIES: u32 = 4;
/// The longest pause between two of them, in milliseconds.
const MAX_PAUSE: u64 = 500;

impl RedisStore {
    /// Connects to the cluster of these nodes, of which one must be there: the others are found.
    ///
    /// A call takes 2 seconds at most. It follows keys that have moved. While a node is down and no
    /// replica has taken over, its keys are
    /// [`Unavailable`](twilio_sig_claim::ClaimError::Unavailable).
    ///
    /// # Errors
    /// A [`ConnectError`]. Every primary must keep its keys.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), twilio_sig_redis::ConnectError> {
    /// let nodes = ["redis://10.0.0.1/", "redis://10.0.0.2/", "redis://10.0.0.3/"];
    /// let store = twilio_sig_redis::RedisStore::connect_cluster(&nodes).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect_cluster(nodes: &[&str]) -> Result<Self, ConnectError> {
        let infos = nodes.iter().map(|url| read(url)).collect::<Result<Vec<_>, _>>()?;
        let client = ClusterClientBuilder::new(infos)
            .connection_timeout(TIMEOUT)
            .response_timeout(TIMEOUT)
            .retries(RETRIES)
            .max_retry_wait(MAX_PAUSE)
            .tcp_settings(tcp_settings())
            .build()
            .map_err(unusable)?;
        Self::with_cluster(client.get_async_connection().await.map_err(no_cluster)?).await
    }

    /// Takes a connection to a cluster that was made elsewhere. Its primaries are asked what they
    /// are, too.
    ///
    /// # Errors
    /// A [`ConnectError`].
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = redis::cluster::ClusterClient::new(["redis://10.0.0.1/"])?;
    /// let connection = client.get_async_connection().await?;
    /// let store = twilio_sig_redis::RedisStore::with_cluster(connection).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn with_cluster(mut connection: ClusterConnection) -> Result<Self, ConnectError> {
        let primaries = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let asked = connection.route_command(redis::cmd("INFO"), primaries);
        let Value::Map(answers) = in_time(async { asked.await.map_err(unusable) }).await? else {
            return Err(ConnectError::Unusable("its nodes do not say what they are".to_owned()));
        };
        for (_, answer) in answers {
            let info: String = redis::from_redis_value(answer)
                .map_err(|error| ConnectError::Unusable(error.to_string()))?;
            check_info(&info, Role::ClusterNode)?;
        }
        Ok(Self::new(Link::Cluster(connection)))
    }
}

fn no_cluster(error: redis::RedisError) -> ConnectError {
    // All that a server says which is no node: it is not shown, for it may quote a password.
    if error.to_string().contains("cluster support disabled") {
        return ConnectError::NoCluster;
    }
    unusable(error)
}
