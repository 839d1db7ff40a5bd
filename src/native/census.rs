//! How many links listeners have made, in all and of each network, and whether there may be one more.
//!
//! Counts what stands; decides nothing of who makes room, since a link that stands is not cut for a newcomer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::network::Network;

/// The links of all listeners of a transport.
#[derive(Clone, Debug)]
pub(super) struct Census(Arc<Mutex<Counts>>);

#[derive(Debug)]
struct Counts {
    limit: usize,
    per_network: usize,
    all: usize,
    /// Those that have links, so never more than `limit`.
    networks: HashMap<Network, usize>,
}

/// Why there may be no further link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crowded {
    /// There are as many as there may be.
    InAll,
    /// There are as many as there may be of this network.
    Network,
}

/// A link that is counted. Dropping it counts it no more.
#[derive(Debug)]
pub(super) struct Counted {
    census: Census,
    network: Network,
}

impl Census {
    /// At most `limit` links, of one network at most `per_network`.
    pub(super) fn new(limit: usize, per_network: usize) -> Self {
        Self(Arc::new(Mutex::new(Counts {
            limit,
            per_network,
            all: 0,
            networks: HashMap::new(),
        })))
    }

    /// Counts one more link. Programs on this machine, and who comes through a proxy on it that does not say for whom,
    /// share an address that says nothing of them, and count in all only.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(super) fn enter(&self, network: Network) -> Result<Counted, Crowded> {
        let mut counts = self.counts();
        if counts.all >= counts.limit {
            return Err(Crowded::InAll);
        }
        let of_network = counts.networks.get(&network).copied().unwrap_or(0);
        if of_network >= counts.per_network && !network.is_loopback() {
            return Err(Crowded::Network);
        }
        counts.all += 1;
        counts.networks.insert(network, of_network + 1);
        Ok(Counted {
            census: self.clone(),
            network,
        })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crowded {
    /// What who is refused is told, and the operator.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::InAll => "there are as many links as this relay takes",
            Self::Network => "there are as many links of this network as this relay takes of one",
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.census.counts();
        counts.all -= 1;
        if let Some(of_network) = counts.networks.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                counts.networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    fn network(a: u8, d: u8) -> Network {
        Network::V4(Ipv4Addr::new(a, 0, 0, d))
    }

    #[test]
    fn links_count_in_all_and_by_network_until_they_are_dropped() {
        let census = Census::new(3, 2);
        let enter = |d| census.enter(network(192, d));
        let one = enter(1).expect("room");
        let _two = enter(1).expect("room");
        assert_eq!(enter(1).err(), Some(Crowded::Network));
        let three = enter(2).expect("room of another network");
        assert_eq!(enter(3).err(), Some(Crowded::InAll));
        drop(one);
        let _four = enter(1).expect("room again");
        drop(three);
        assert_eq!(enter(1).err(), Some(Crowded::Network));
        assert_eq!(census.counts().networks.len(), 1);
    }

    #[test]
    fn this_machine_counts_in_all_only() {
        let census = Census::new(3, 1);
        let links: Vec<_> = (0..3).map(|_| census.enter(network(127, 1))).collect();
        assert!(links.iter().all(Result::is_ok));
        assert_eq!(census.enter(network(127, 1)).err(), Some(Crowded::InAll));
    }
}
