//! What strangers provoke is logged, but not as often as they like: once in a minute for each network.

use core::time::Duration;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::network::Network;

/// Time for which nothing more is said of a network.
const QUIET: Duration = Duration::from_secs(60);
/// Most networks of which something was said in that time; of others nothing is. 256.
const NETWORKS: usize = 256;

/// Of whom one kind of line was said lately.
#[derive(Debug, Default)]
pub(super) struct Notices(Mutex<Said>);

#[derive(Debug, Default)]
struct Said {
    /// In the order of time.
    order: VecDeque<(Instant, Network)>,
    networks: HashSet<Network>,
}

impl Notices {
    /// Whether a line about a network may be said at `now`; then it counts as said.
    pub(super) fn may_say(&self, network: Network, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(&(at, network)) = said.order.front()
            && now.duration_since(at) >= QUIET
        {
            said.order.pop_front();
            said.networks.remove(&network);
        }
        if said.networks.len() >= NETWORKS || !said.networks.insert(network) {
            return false;
        }
        said.order.push_back((now, network));
        true
    }
}

#[cfg(test)]
mod tests {
    use core::net::Ipv4Addr;

    use super::*;

    fn network(number: usize) -> Network {
        Network::V4(Ipv4Addr::from_bits(number as u32))
    }

    #[test]
    fn a_network_is_spoken_of_once_in_a_minute() {
        let (notices, now) = (Notices::default(), Instant::now());
        assert!(notices.may_say(network(1), now));
        assert!(!notices.may_say(network(1), now + QUIET / 2));
        assert!(notices.may_say(network(2), now + QUIET / 2));
        assert!(notices.may_say(network(1), now + QUIET));
        assert!(!notices.may_say(network(2), now + QUIET));
    }

    #[test]
    fn many_networks_cost_no_more_than_a_few() {
        let (notices, now) = (Notices::default(), Instant::now());
        let said = (0..10 * NETWORKS).filter(|&number| notices.may_say(network(number), now));
        assert_eq!(said.count(), NETWORKS);
        assert!(notices.may_say(network(99_999), now + QUIET));
    }
}
