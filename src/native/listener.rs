//! A port that is listened on: accepted sockets become links at once (TCP), or once TLS and WebSocket have opened.
//!
//! Takes whoever comes as soon as it comes, and never ends by an error of its own. How many strangers there may be is the
//! house's affair, how many links a node keeps the core's.

use core::future::Future;
use core::net::{IpAddr, SocketAddr};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Sleep, sleep};

use super::house::{House, Visitor};
use super::link::NativeLink;
use super::lobby::{Door, Lobby};
use super::socket::{self, Shared};
use super::stream::Stream as Connected;
use crate::address::{Address, Scheme};

/// Connections that the kernel completes and holds ready.
const BACKLOG: u32 = 1024;
/// Wait after an accept that failed for want of something: file descriptors, memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Why an address cannot be listened on. The fault is with the address or the machine; nothing is open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another socket has the port.
    #[error(
        "port {} is in use on {}: stop the program that holds it or listen on another port (0 takes a free one)",
        .address.port(),
        .address.host()
    )]
    PortInUse {
        /// The address.
        address: Address,
    },
    /// The system does not let this user have the port.
    #[error("port {} needs more rights than this user has: listen on a port from 1024 up", .address.port())]
    Permission {
        /// The address.
        address: Address,
    },
    /// The host has no address.
    #[error("no such host \"{}\": listen on 127.0.0.1, or on 0.0.0.0 or [::] for every network", .address.host())]
    NoSuchHost {
        /// The address.
        address: Address,
    },
    /// The host is another machine's.
    #[error(
        "{} is no address of this machine: listen on one it has, or on 0.0.0.0 or [::] for every network",
        .address.host()
    )]
    NotLocal {
        /// The address.
        address: Address,
    },
    /// The address is inside of one process.
    #[error(
        "nobody can dial {scheme}:// from outside: listen on a tcp://, tls://, ws:// or wss:// address"
    )]
    NotSupported {
        /// The kind of transport.
        scheme: Scheme,
    },
    /// There is no certificate to show.
    #[error(
        "listening on {scheme}:// needs a certificate and its key: name them, or have one made (TlsOptions::identity; \
         rs2p relay: --tls-cert and --tls-key, or --tls-self-signed)"
    )]
    NoIdentity {
        /// The kind of transport.
        scheme: Scheme,
    },
    /// Anything else that the system says.
    #[error("{address} cannot be listened on: {reason}")]
    Other {
        /// The address.
        address: Address,
        /// The system's words.
        reason: String,
    },
}

/// One listening socket, and what becomes of who connects.
pub(super) struct Listener {
    port: Port,
    kind: Kind,
}

enum Kind {
    /// A connection is a link.
    Tcp { buffer: Shared },
    /// A connection has to open first, and others are not to wait for it.
    Opening { door: Arc<Door> },
}

impl Listener {
    /// Listens for links that are there at once.
    pub(super) fn tcp(socket: TcpListener, said: Said, buffer: Shared) -> Self {
        Self {
            port: Port::new(socket, said),
            kind: Kind::Tcp { buffer },
        }
    }

    /// Whether it answers HTTP.
    pub(super) fn has_site(&self) -> bool {
        match &self.kind {
            Kind::Tcp { .. } => false,
            Kind::Opening { door, .. } => door.site.is_some(),
        }
    }

    /// Listens for links that come through a door.
    pub(super) fn opening(socket: TcpListener, said: Said, door: Door) -> Self {
        Self {
            port: Port::new(socket, said),
            kind: Kind::Opening {
                door: Arc::new(door),
            },
        }
    }

    /// Takes the next connection; it is a link at once, or in `lobby`, or was refused.
    pub(super) fn poll_accept(
        &mut self,
        lobby: &Lobby,
        cx: &mut Context<'_>,
    ) -> Poll<Option<NativeLink>> {
        let (socket, ip) = match ready!(self.port.poll_accept(cx)) {
            Ok((socket, from)) => (socket, from.ip()),
            Err(error) => {
                // Who is cut for it leaves a descriptor for the next attempt, which may be made at once.
                let is_room_made = is_want_of_descriptors(&error) && lobby.house().make_room();
                self.port.note(&error, is_room_made);
                return Poll::Ready(None);
            }
        };
        Poll::Ready(match &self.kind {
            Kind::Tcp { buffer } => link(socket, ip, lobby.house(), buffer.clone()),
            Kind::Opening { door } => {
                lobby.enter(socket, ip, door.clone());
                None
            }
        })
    }
}

/// A connection as a link, if there is room for one.
fn link(socket: TcpStream, ip: IpAddr, house: &House, buffer: Shared) -> Option<NativeLink> {
    let info = socket::describe(Scheme::Tcp, &socket);
    let visitor = Visitor::new(ip, info);
    let counted = house.admit(&visitor).ok()?;
    let link = NativeLink::bytes(visitor.info, Connected::Plain(socket), buffer);
    Some(link.counted(counted))
}

/// The kinds of error that were logged, by any of a transport's listeners.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(Arc<Mutex<Vec<io::ErrorKind>>>);

impl Said {
    /// Whether this kind was not said yet; from now on it was.
    fn is_first(&self, kind: io::ErrorKind) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = !said.contains(&kind);
        if is_first {
            said.push(kind);
        }
        is_first
    }
}

/// A listening socket that goes on whatever an accept says.
struct Port {
    socket: TcpListener,
    pause: Option<Pin<Box<Sleep>>>,
    /// The kinds of error that were logged: each is said once.
    said: Said,
}

impl Port {
    fn new(socket: TcpListener, said: Said) -> Self {
        Self {
            socket,
            pause: None,
            said,
        }
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let accepted = ready!(self.socket.poll_accept(cx))?;
        socket::tune(&accepted.0);
        Poll::Ready(Ok(accepted))
    }

    /// Logs an error, and pauses unless it was the fate of one connection, which is gone, or `is_remedied`.
    fn note(&mut self, error: &io::Error, is_remedied: bool) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if self.said.is_first(error.kind()) {
            let remedy = if is_want_of_descriptors(error) {
                ": let it open more files (ulimit -n)"
            } else {
                ""
            };
            tracing::warn!(%error, "a connection could not be accepted{remedy}; listening goes on, and this is said once");
        }
        let is_fate_of_one = matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
        );
        if !is_fate_of_one && !is_remedied {
            self.pause = Some(Box::pin(sleep(PAUSE)));
        }
    }
}

/// Whether as many descriptors are open as this process or the whole system may have (`EMFILE`, `ENFILE`, `WSAEMFILE`).
fn is_want_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(24 | 23 | 10_024))
}

/// A socket that listens on `address`, on the first of the host's addresses that can be had.
pub(super) async fn bind(address: &Address) -> Result<TcpListener, ListenError> {
    let found = tokio::net::lookup_host((address.host(), address.port())).await;
    let candidates = found.map_err(|_| ListenError::NoSuchHost {
        address: address.clone(),
    })?;
    let mut last = ListenError::NoSuchHost {
        address: address.clone(),
    };
    for candidate in candidates {
        match bind_to(candidate) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = why(address, &error),
        }
    }
    Err(last)
}

fn bind_to(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A relay that starts again takes its port although old connections linger. On Windows the option would let two
    // programs have one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)
}

fn why(address: &Address, error: &io::Error) -> ListenError {
    let address = address.clone();
    match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::PortInUse { address },
        io::ErrorKind::PermissionDenied => ListenError::Permission { address },
        io::ErrorKind::AddrNotAvailable => ListenError::NotLocal { address },
        _ => ListenError::Other {
            address,
            reason: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_of_one_connection_costs_no_pause_and_any_other_a_short_one() {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut port = Port::new(socket, Said::default());
        port.note(&io::ErrorKind::ConnectionAborted.into(), false);
        // EMFILE: as many descriptors as the process may have.
        port.note(&io::Error::from_raw_os_error(24), true);
        assert!(port.pause.is_none());
        port.note(&io::Error::from_raw_os_error(24), false);
        assert!(port.pause.is_some());
        assert!(
            !port.said.is_first(io::ErrorKind::ConnectionAborted),
            "once"
        );
    }

    #[tokio::test]
    async fn listening_goes_on_after_an_error() {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = socket.local_addr().expect("bound");
        let mut port = Port::new(socket, Said::default());
        port.note(&io::Error::from_raw_os_error(24), false);
        let accept = core::future::poll_fn(|cx| port.poll_accept(cx));
        let (accepted, peer) = tokio::join!(accept, TcpStream::connect(at));
        assert!(accepted.is_ok() && peer.is_ok());
    }
}
