//! What the listeners of a transport share: how many strangers wait and how many links there may be, and who makes room.
//!
//! A stranger that has not said a byte is silent, and costs a socket. One that has begun to speak is pending, and costs a
//! TLS session or an HTTP machine. Neither keeps anybody else out: when there are too many of a kind, the oldest of the
//! network that has most of them is cut.

use core::future::{Future, poll_fn};
use core::net::IpAddr;
use core::pin::pin;
use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::AbortHandle;
use tokio::time::Instant;

use super::census::{Census, Counted, Crowded};
use super::crowd::{Crowd, Ticket};
use super::notices::Notices;
use super::socket::another_turn;
use super::{TransportOptions, proxy};
use crate::mesh::LinkInfo;
use crate::network::{self, Network};

/// Most handshakes of TLS that are carried on in one turn: a signature takes a tenth of a millisecond with a key on a curve, and
/// milliseconds with one of RSA; all who came at once would have theirs before any link is read again.
const HANDSHAKES: usize = 4;

/// What is shared.
#[derive(Debug)]
pub(super) struct House {
    /// Time from an accept until a connection has become something.
    pub(super) patience: Duration,
    /// Whose word for others is taken.
    pub(super) proxies: Vec<IpAddr>,
    pending_per_network: usize,
    crowds: Mutex<Crowds>,
    census: Census,
    /// Whose refusals for want of room were logged.
    refused: Notices,
    /// Who was logged as speaking wrongly, by what it was that was wrong.
    wrong: [Notices; Wrong::KINDS],
    /// How many handshakes were carried on in this turn.
    handshakes: AtomicUsize,
}

#[derive(Debug)]
struct Crowds {
    silent: Crowd<AbortHandle>,
    /// Those who have just begun to speak.
    brisk: Crowd<AbortHandle>,
    pending: Crowd<AbortHandle>,
}

/// What a visitor spoke wrongly. One kind of it does not hide another in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Tls,
    Http,
    /// It asked for a WebSocket as nobody should.
    Upgrade,
}

impl Wrong {
    const KINDS: usize = Self::Upgrade as usize + 1;
}

/// Who came, as far as it is known by now.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// From where.
    pub(super) ip: IpAddr,
    /// What its link will be known by.
    pub(super) info: LinkInfo,
    /// Whether a proxy stands in between that is not believed.
    hides: bool,
}

/// Where a stranger stands. Dropping it gives its place up.
#[derive(Debug)]
pub(super) struct Standing {
    house: Arc<House>,
    network: Network,
    /// Ends the connection when it has to make room.
    end: AbortHandle,
    place: Mutex<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Silent(Ticket),
    /// Speaks, and takes nobody's place for as long as it need not wait.
    Speaking,
    /// Has begun to speak, and may be done soon.
    Brisk(Ticket),
    Pending(Ticket),
    /// Is no stranger any more.
    Known,
}

impl House {
    /// A house as `options` want it, with nobody in it.
    pub(super) fn new(options: &TransportOptions) -> Self {
        Self {
            patience: options.handshake_timeout,
            proxies: options.proxies.clone(),
            pending_per_network: options.pending_per_network,
            crowds: Mutex::new(Crowds {
                silent: Crowd::new(options.silent),
                brisk: Crowd::new(options.silent),
                pending: Crowd::new(options.pending),
            }),
            census: Census::new(options.connections, options.connections_per_network),
            refused: Notices::default(),
            wrong: Default::default(),
            handshakes: AtomicUsize::new(0),
        }
    }

    /// Another turn begins.
    pub(super) fn begin_turn(&self) {
        self.handshakes.store(0, Ordering::Relaxed);
    }

    /// What `handshake` comes to, which is carried on when its turn comes.
    pub(super) async fn in_turn<T>(&self, handshake: impl Future<Output = T>) -> T {
        let mut handshake = pin!(handshake);
        poll_fn(|cx| {
            if self.handshakes.fetch_add(1, Ordering::Relaxed) < HANDSHAKES {
                handshake.as_mut().poll(cx)
            } else {
                another_turn(cx)
            }
        })
        .await
    }

    /// Takes in a stranger from `ip`, silent as yet, whose connection `end` ends.
    pub(super) fn receive(self: &Arc<Self>, ip: IpAddr, end: AbortHandle) -> Standing {
        let network = Network::of(ip);
        let (ticket, gone) = self.crowds().silent.enter(network, usize::MAX, end.clone());
        cut(gone);
        Standing {
            house: self.clone(),
            network,
            end,
            place: Mutex::new(Place::Silent(ticket)),
        }
    }

    /// Counts a link of `visitor`.
    ///
    /// # Errors
    /// There are too many; it was logged.
    pub(super) fn admit(&self, visitor: &Visitor) -> Result<Counted, Crowded> {
        let network = Network::of(visitor.ip);
        self.census.enter(network).inspect_err(|crowded| {
            if self.refused.may_say(network, Instant::now()) {
                let remote = visitor.info.remote.as_deref().unwrap_or_default();
                tracing::info!(remote, "a link was refused: {}", crowded.reason());
            }
        })
    }

    /// Says in the log that `visitor` spoke wrongly: where something was dialled by mistake, that is all that tells.
    pub(super) fn note_wrong(&self, what: Wrong, visitor: &Visitor, reason: &str) {
        let notices = &self.wrong[what as usize];
        if notices.may_say(Network::of(visitor.ip), Instant::now()) {
            let remote = visitor.info.remote.as_deref().unwrap_or_default();
            tracing::info!(remote, "a connection was refused: {reason}");
        }
    }

    /// Cuts the stranger that costs others least, so that its descriptor is free; false if there is none.
    pub(super) fn make_room(&self) -> bool {
        let mut crowds = self.crowds();
        let silent = crowds.silent.leave_oldest();
        let gone = silent.or_else(|| crowds.pending.leave_oldest());
        cut(gone.or_else(|| crowds.brisk.leave_oldest()))
    }

    /// Most strangers from `network` that may be pending. An address that stands for many, as a proxy's or this machine's
    /// own, is not held to what one stranger may have.
    fn share(&self, network: Network) -> usize {
        let mut proxies = self.proxies.iter();
        if network.is_loopback() || proxies.any(|&proxy| Network::of(proxy) == network) {
            usize::MAX
        } else {
            self.pending_per_network
        }
    }

    fn crowds(&self) -> MutexGuard<'_, Crowds> {
        self.crowds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    /// Who came from `ip`, itself as far as is known.
    pub(super) fn new(ip: IpAddr, info: LinkInfo) -> Self {
        let hides = false;
        Self { ip, info, hides }
    }

    /// Whether it runs on this machine, as far as can be known: a proxy that is not ours may speak for anybody.
    pub(super) fn is_here(&self) -> bool {
        // A machine that calls itself by its own address in the network is as near.
        let is_itself = || self.info.local_host.as_deref().and_then(network::parse);
        let ip = self.ip.to_canonical();
        !self.hides && (ip.is_loopback() || is_itself() == Some(ip))
    }

    /// The same, with what the headers of its request tell of who is behind it.
    pub(super) fn behind(mut self, headers: &hyper::HeaderMap, proxies: &[IpAddr]) -> Self {
        self.info.proxied = proxy::is_proxied(headers);
        self.hides = self.info.proxied;
        if let Some(client) = proxy::client(headers, self.ip, proxies) {
            let port = self.info.remote.as_deref().and_then(port);
            self.hides = false;
            self.ip = client;
            self.info.remote = Some(super::socket::endpoint(client, port.unwrap_or(0)));
        }
        self
    }
}

fn port(endpoint: &str) -> Option<u16> {
    endpoint.rsplit_once(':')?.1.parse().ok()
}

impl Standing {
    /// The house in which it stands.
    pub(super) fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// The first byte has come.
    pub(super) fn speak(&self) {
        self.take(Place::Speaking);
    }

    /// It has begun to speak and has to wait: for more that it says, or to be heard.
    pub(super) fn begin(&self) {
        if *self.place() != Place::Speaking {
            return;
        }
        let mut crowds = self.house.crowds();
        let end = self.end.clone();
        let (ticket, gone) = crowds.brisk.enter(self.network, usize::MAX, end);
        drop(crowds);
        cut(gone);
        *self.place() = Place::Brisk(ticket);
    }

    /// It takes its time. From now on it is pending.
    pub(super) fn linger(&self) {
        if !matches!(*self.place(), Place::Speaking | Place::Brisk(_)) {
            return;
        }
        self.take(Place::Speaking);
        let most = self.house.share(self.network);
        let mut crowds = self.house.crowds();
        let (ticket, gone) = crowds.pending.enter(self.network, most, self.end.clone());
        drop(crowds);
        cut(gone);
        *self.place() = Place::Pending(ticket);
    }

    /// It is no stranger any more, and makes room for nobody.
    pub(super) fn settle(&self) {
        self.take(Place::Known);
    }

    fn take(&self, place: Place) {
        let before = core::mem::replace(&mut *self.place(), place);
        let mut crowds = self.house.crowds();
        match before {
            Place::Silent(ticket) => drop(crowds.silent.leave(ticket)),
            Place::Brisk(ticket) => drop(crowds.brisk.leave(ticket)),
            Place::Pending(ticket) => drop(crowds.pending.leave(ticket)),
            Place::Speaking | Place::Known => {}
        }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.settle();
    }
}

/// Ends who has to make room, if somebody has to.
fn cut(gone: Option<AbortHandle>) -> bool {
    gone.inspect(AbortHandle::abort).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Scheme;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn house(change: impl FnOnce(&mut TransportOptions)) -> Arc<House> {
        let mut options = TransportOptions::default();
        change(&mut options);
        Arc::new(House::new(&options))
    }

    fn stranger(house: &Arc<House>, from: &str) -> (Standing, AbortHandle) {
        let (end, _) = AbortHandle::new_pair();
        (house.receive(ip(from), end.clone()), end)
    }

    #[test]
    fn the_silent_make_room_for_the_silent_only() {
        let house = house(|options| options.silent = 2);
        let (first, first_end) = stranger(&house, "192.0.2.1");
        first.speak();
        let (_second, second_end) = stranger(&house, "192.0.2.1");
        let (_third, third_end) = stranger(&house, "192.0.2.1");
        let (_fourth, _) = stranger(&house, "192.0.2.2");
        assert!(!first_end.is_aborted(), "it speaks");
        assert!(second_end.is_aborted() && !third_end.is_aborted());
    }

    #[test]
    fn who_lingers_is_bounded_by_network_and_in_all() {
        let house = house(|options| (options.pending, options.pending_per_network) = (3, 2));
        let linger = |from| {
            let (standing, end) = stranger(&house, from);
            standing.speak();
            standing.linger();
            (standing, end)
        };
        let all = ["192.0.2.1"; 3].map(linger);
        assert_eq!(
            all.each_ref().map(|(_, end)| end.is_aborted()),
            [true, false, false]
        );
        let (_other, other) = linger("192.0.2.2");
        let (known, known_end) = linger("192.0.2.3");
        assert!(all[1].1.is_aborted() && !other.is_aborted());
        known.settle();
        known.linger();
        let _more = ["192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"].map(linger);
        assert!(!known_end.is_aborted() && other.is_aborted());
    }

    #[test]
    fn an_address_that_stands_for_many_may_have_more_pending() {
        let house = house(|options| {
            options.pending_per_network = 2;
            options.proxies = vec![ip("192.0.2.9")];
        });
        for (from, expected) in [("127.0.0.1", 0), ("192.0.2.9", 0), ("192.0.2.1", 3)] {
            let all = [from; 5].map(|from| stranger(&house, from));
            for (standing, _) in &all {
                standing.speak();
                standing.linger();
            }
            let cut = all.iter().filter(|(_, end)| end.is_aborted()).count();
            assert_eq!(cut, expected, "{from}");
        }
    }

    #[test]
    fn for_want_of_descriptors_the_silent_go_first_and_then_the_pending() {
        let house = house(|_| {});
        let (pending, pending_end) = stranger(&house, "192.0.2.1");
        pending.speak();
        pending.linger();
        let (_silent, silent_end) = stranger(&house, "192.0.2.1");
        assert!(house.make_room());
        assert!(silent_end.is_aborted() && !pending_end.is_aborted());
        assert!(house.make_room());
        assert!(pending_end.is_aborted());
        assert!(!house.make_room());
    }

    #[test]
    fn who_is_dropped_gives_its_place_up() {
        let house = house(|options| options.silent = 1);
        drop(stranger(&house, "192.0.2.1"));
        assert_eq!(house.crowds().silent.len(), 0);
        let (standing, _) = stranger(&house, "192.0.2.1");
        standing.speak();
        standing.linger();
        drop(standing);
        assert_eq!(house.crowds().pending.len(), 0);
    }

    #[test]
    fn a_visitor_behind_a_proxy_is_its_client() {
        let info = LinkInfo {
            scheme: Scheme::Ws,
            remote: Some("127.0.0.1:5000".to_owned()),
            local_host: None,
            proxied: false,
        };
        let visitor = Visitor::new(ip("127.0.0.1"), info);
        let mut headers = hyper::HeaderMap::new();
        let told = visitor.clone().behind(&headers, &[visitor.ip]);
        assert!(!told.info.proxied && told.is_here());
        let value = hyper::header::HeaderValue::from_static("2001:db8::7");
        headers.insert("x-forwarded-for", value);
        let told = visitor.clone().behind(&headers, &[]);
        assert_eq!((told.ip, told.info.proxied), (visitor.ip, true));
        assert!(!told.is_here(), "anybody may be behind it");
        let told = visitor.clone().behind(&headers, &[visitor.ip]);
        assert_eq!(told.info.remote.as_deref(), Some("[2001:db8::7]:5000"));
        assert!(told.info.proxied && told.ip == ip("2001:db8::7"));
    }
}
