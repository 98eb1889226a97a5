//! A cluster of Redis servers of the tests' own.

use std::io::{self, Error};
use std::thread;
use std::time::Instant;

use core::time::Duration;
use redis::{Cmd, FromRedisValue, Value};

use crate::port::free_port;
use crate::server::Server;

/// Servers that have the keys among them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
}

/// Slots of a cluster: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>
const SLOTS: usize = 16_384;
/// How long the nodes may take to find each other.
const START: Duration = Duration::from_secs(30);

impl Cluster {
    /// Starts so many nodes with these arguments, each with its share of the slots.
    ///
    /// # Errors
    /// What went wrong, and what to install.
    pub fn start(size: usize, arguments: &[&str]) -> io::Result<Self> {
        let mut nodes = Vec::new();
        for _ in 0..size {
            let bus = free_port()?.to_string();
            let node = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let settings =
                ["--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1000"];
            // A node that is down takes its own keys with it and no others.
            let partial = ["--cluster-require-full-coverage", "no"];
            let parts = [&node[..], &settings, &partial, arguments];
            nodes.push((Server::redis(&parts.concat())?, bus));
        }
        let first = nodes.first().ok_or_else(|| Error::other("no nodes"))?;
        let (first_port, first_bus) = (first.0.port(), first.1.clone());
        let share = SLOTS.div_ceil(size);
        for (number, (node, _)) in nodes.iter().enumerate() {
            let slots = (number * share)..SLOTS.min((number + 1) * share);
            let mut add = redis::cmd("CLUSTER");
            add.arg("ADDSLOTSRANGE").arg(slots.start).arg(slots.end - 1);
            ask::<()>(node, &add)?;
            let mut meet = redis::cmd("CLUSTER");
            meet.arg("MEET").arg("127.0.0.1").arg(first_port).arg(&first_bus);
            ask::<()>(node, &meet)?;
        }
        let cluster = Self { nodes: nodes.into_iter().map(|(node, _)| node).collect() };
        cluster.wait()?;
        Ok(cluster)
    }

    /// Waits until every node knows every other, and who has which slots.
    ///
    /// # Errors
    /// If that takes half a minute.
    pub fn wait(&self) -> io::Result<()> {
        let deadline = Instant::now() + START;
        let size = self.nodes.len();
        let knows_all = |node: &Server| -> io::Result<bool> {
            let info: String = ask(node, redis::cmd("CLUSTER").arg("INFO"))?;
            let slots: Vec<Value> = ask(node, redis::cmd("CLUSTER").arg("SLOTS"))?;
            let known = format!("cluster_known_nodes:{size}\r");
            let assigned = format!("cluster_slots_ok:{SLOTS}\r");
            let all = info.contains(&known) && info.contains(&assigned);
            Ok(all && info.contains("cluster_state:ok") && slots.len() >= size)
        };
        while Instant::now() < deadline {
            if self.nodes.iter().all(|node| knows_all(node).unwrap_or(false)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Error::other("the nodes do not find each other"))
    }

    /// Where stores connect: all nodes, with commas in between.
    #[must_use]
    pub fn url(&self) -> String {
        self.nodes.iter().map(Server::url).collect::<Vec<_>>().join(",")
    }

    /// Its servers.
    pub fn nodes(&mut self) -> &mut [Server] {
        &mut self.nodes
    }

    /// The number of the node that has the slot of this name.
    ///
    /// # Errors
    /// If no node says so.
    pub fn node_of(&self, name: &str) -> io::Result<usize> {
        let has = |node: &&Server| ask::<Value>(node, redis::cmd("GET").arg(name)).is_ok();
        let node = self.nodes.iter().position(|node| has(&node));
        node.ok_or_else(|| Error::other("no node has it"))
    }

    /// Gives the slot of this name, which must be empty, to another node. Says which.
    ///
    /// # Errors
    /// If a node does not take part.
    pub fn move_slot(&self, name: &str) -> io::Result<usize> {
        let to = (self.node_of(name)? + 1) % self.nodes.len();
        let node = self.nodes.get(to).ok_or_else(|| Error::other("no such node"))?;
        let slot: usize = ask(node, redis::cmd("CLUSTER").arg("KEYSLOT").arg(name))?;
        let id: String = ask(node, redis::cmd("CLUSTER").arg("MYID"))?;
        for node in &self.nodes {
            let mut set = redis::cmd("CLUSTER");
            set.arg("SETSLOT").arg(slot).arg("NODE").arg(&id);
            ask::<()>(node, &set)?;
        }
        Ok(to)
    }
}

/// Asks a server directly.
///
/// # Errors
/// If it does not answer, or not so.
pub fn ask<T: FromRedisValue>(server: &Server, command: &Cmd) -> io::Result<T> {
    let client = redis::Client::open(server.url()).map_err(Error::other)?;
    let mut connection = client.get_connection().map_err(Error::other)?;
    command.query(&mut connection).map_err(Error::other)
}
