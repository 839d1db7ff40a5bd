//! Into the mesh through some of several peers: each is tried, and one that works is enough.

use core::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rs2p::{Address, Builder, Failure, Hearsay, MeshError, MeshSocket};
use tokio::time::timeout;

use super::fault::Fault;
use super::say;

/// Time that the other peers have once one works. Longer than a handshake takes across the world.
const GRACE: Duration = Duration::from_secs(2);

/// Which addresses out of gossip are believed where the user does not say: those of the internet; and those of this machine
/// and of private networks too where all that was given is on this machine, so that nothing can reach the node from outside.
pub(super) fn hearsay<'a>(given: impl IntoIterator<Item = &'a Address>) -> Hearsay {
    let mut given = given.into_iter().peekable();
    let is_at_home = given.peek().is_some() && given.all(Address::is_loopback);
    if is_at_home {
        Hearsay::Private
    } else {
        Hearsay::Public
    }
}

/// A node that dials `peers`, again and again.
pub(super) fn node(subnet: &str, peers: &[Address]) -> Builder {
    peers
        .iter()
        .fold(MeshSocket::builder(subnet), |node, peer| {
            node.peer(peer.to_string())
        })
        .hearsay(hearsay(peers))
}

/// Waits until a node that dials `peers` is in the mesh, and until it is clear which of them work, but not long for that.
/// Warns of each that does not.
///
/// # Errors
/// None works. What the node does about it, which is to go on dialling, is not waited for.
pub(super) async fn join(socket: &MeshSocket, peers: &[Address]) -> Result<(), Fault> {
    say::progress("joining…");
    let mut attempts: FuturesUnordered<_> = peers
        .iter()
        .map(|peer| async move { (peer, socket.connect(peer).await) })
        .collect();
    let mut pending: Vec<&Address> = peers.iter().collect();
    let mut joined = false;
    while !pending.is_empty() {
        let attempt = match joined {
            true => timeout(GRACE, attempts.next()).await.unwrap_or_default(),
            false => attempts.next().await,
        };
        let Some((peer, outcome)) = attempt else {
            break;
        };
        pending.retain(|other| *other != peer);
        match outcome {
            Ok(()) => joined = true,
            Err(error) if peers.len() == 1 => return Err(Fault::job(why(peer, &error))),
            Err(error) => say::warning(&why(peer, &error)),
        }
    }
    if !joined {
        return Err(Fault::job(format!(
            "none of the {} peers can be joined: see the warnings",
            peers.len()
        )));
    }
    for peer in pending {
        say::warning(&format!("no link with {peer} yet: going on without it"));
    }
    Ok(())
}

/// The cause and the remedy, in this program's words where they say more than the library's.
fn why(peer: &Address, error: &MeshError) -> String {
    match error {
        MeshError::Failure(Failure::WrongSubnet { subnet }) => {
            format!(
                "no link with {peer}: it is in another subnet than \"{subnet}\": give both the same --subnet"
            )
        }
        MeshError::Failure(Failure::Refused(reason)) => {
            format!(
                "no link with {peer}: {reason}; is it a node of the mesh, and its kind of transport right?"
            )
        }
        error => format!("no link with {peer}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[&str]) -> Hearsay {
        let given: Vec<Address> = given.iter().map(|url| url.parse().expect(url)).collect();
        hearsay(&given)
    }

    #[test]
    fn only_what_nobody_can_reach_from_outside_believes_in_private_addresses() {
        assert_eq!(of(&["ws://127.0.0.1:1", "tcp://[::1]:2"]), Hearsay::Private);
        for outside in [
            "ws://0.0.0.0:1",
            "tcp://192.168.1.1:2",
            "wss://relay.example",
        ] {
            assert_eq!(of(&["ws://127.0.0.1:1", outside]), Hearsay::Public);
        }
        assert_eq!(of(&[]), Hearsay::Public);
    }
}
