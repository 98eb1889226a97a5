//! What is between us and the keys.

use redis::aio::{ConnectionLike, ConnectionManager};
use redis::{Cmd, RedisResult};

use super::ConnectError;
use super::error::unusable;

/// A server, a cluster, or whatever the sentinels say.
#[derive(Clone)]
pub(crate) enum Link {
    Server(ConnectionManager),
    #[cfg(feature = "cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
    #[cfg(feature = "sentinel")]
    Sentinel(super::sentinel::Primary),
}

impl Link {
    pub(crate) async fn query(&self, command: &Cmd) -> RedisResult<Vec<Vec<u8>>> {
        match self {
            Self::Server(connection) => command.query_async(&mut connection.clone()).await,
            #[cfg(feature = "cluster")]
            Self::Cluster(connection) => command.query_async(&mut connection.clone()).await,
            #[cfg(feature = "sentinel")]
            Self::Sentinel(primary) => primary.query(command).await,
        }
    }
}

/// What a server must be.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Role {
    Alone,
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "only a cluster has nodes"))]
    ClusterNode,
}

/// Asks a server what it is.
pub(crate) async fn check(
    connection: &mut impl ConnectionLike,
    role: Role,
) -> Result<(), ConnectError> {
    let info: String = redis::cmd("INFO").query_async(connection).await.map_err(unusable)?;
    check_info(&info, role)
}

/// Takes a server that is what it must be, and that keeps every key for its time.
pub(crate) fn check_info(info: &str, role: Role) -> Result<(), ConnectError> {
    let field = |name: &str| {
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(str::trim)
    };
    if field("redis_mode") == Some("sentinel") {
        return Err(ConnectError::Sentinel);
    }
    match (field("cluster_enabled"), role) {
        (Some("1"), Role::Alone) => return Err(ConnectError::ClusterNode),
        (Some("0"), Role::ClusterNode) => return Err(ConnectError::NoCluster),
        _ => {}
    }
    if field("role").is_some_and(|role| role != "master") {
        return Err(ConnectError::Replica);
    }
    match field("maxmemory_policy") {
        Some("noeviction") => Ok(()),
        policy => Err(ConnectError::Evicts(policy.unwrap_or("unknown").to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Server\r\nredis_mode:standalone\r\n# Memory\r\nmaxmemory_policy:noeviction\r\n\
        # Replication\r\nrole:master\r\nslave_read_only:1\r\n# Cluster\r\ncluster_enabled:0\r\n";

    #[test]
    fn a_server_is_taken_for_what_it_says() {
        let node = GOOD.replace("enabled:0", "enabled:1");
        assert!(check_info(GOOD, Role::Alone).is_ok());
        assert!(check_info(&node, Role::ClusterNode).is_ok());
        let refused = |info: &str, role| check_info(info, role).unwrap_err();
        let evicts = GOOD.replace("noeviction", "volatile-ttl");
        assert!(matches!(refused(&evicts, Role::Alone),
            ConnectError::Evicts(policy) if policy == "volatile-ttl"));
        assert!(matches!(refused("", Role::Alone), ConnectError::Evicts(_)));
        let replica = GOOD.replace("role:master", "role:slave");
        assert!(matches!(refused(&replica, Role::Alone), ConnectError::Replica));
        assert!(matches!(refused(&node, Role::Alone), ConnectError::ClusterNode));
        assert!(matches!(refused(GOOD, Role::ClusterNode), ConnectError::NoCluster));
        let sentinel = GOOD.replace("standalone", "sentinel");
        assert!(matches!(refused(&sentinel, Role::Alone), ConnectError::Sentinel));
    }
}
