//! A port that is listened on: accepted sockets become links at once (TCP), or once TLS and WebSocket have opened.
//!
//! Refuses nobody for what it is, and never ends by an error of its own; how many links a node takes is the core's
//! decision.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::Stream;
use futures::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, timeout_at};

use super::http::{Site, serve};
use super::link::NativeLink;
use super::socket::{self, ReadBuffer};
use super::stream::Stream as Connected;
use super::tls::{self, ServerIdentity};
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

type Opening = Pin<Box<dyn Future<Output = Option<NativeLink>> + Send>>;

/// One listening socket, and the connections on their way to being links.
pub(super) struct Listener {
    port: Port,
    kind: Kind,
}

enum Kind {
    /// A connection is a link.
    Tcp { buffer: ReadBuffer },
    /// A connection has to open first, and others are not to wait for it.
    Opening {
        door: Arc<Door>,
        /// One permit for each connection that has not said yet what it wants.
        strangers: Arc<Semaphore>,
        connections: FuturesUnordered<Opening>,
    },
}

/// What a connection goes through on its way to being a link.
pub(super) struct Door {
    /// The kind of links.
    pub(super) scheme: Scheme,
    /// What is shown in TLS, where there is TLS.
    pub(super) identity: Option<ServerIdentity>,
    /// Where links are WebSockets, what is answered to HTTP.
    pub(super) site: Option<Arc<Site>>,
    /// Time for all of it.
    pub(super) patience: Duration,
    /// Of the links that are made.
    pub(super) buffer: ReadBuffer,
}

impl Listener {
    /// Listens for links that are there at once.
    pub(super) fn tcp(socket: TcpListener, buffer: ReadBuffer) -> Self {
        Self {
            port: Port::new(socket),
            kind: Kind::Tcp { buffer },
        }
    }

    /// Listens for links that come through a door, `pending` at once.
    pub(super) fn opening(socket: TcpListener, door: Door, pending: usize) -> Self {
        let strangers = Arc::new(Semaphore::new(pending.clamp(1, Semaphore::MAX_PERMITS)));
        let kind = Kind::Opening {
            door: Arc::new(door),
            strangers,
            connections: FuturesUnordered::new(),
        };
        Self {
            port: Port::new(socket),
            kind,
        }
    }

    /// The next link.
    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<NativeLink> {
        match &mut self.kind {
            Kind::Tcp { buffer } => {
                let socket = ready!(self.port.poll_accept(cx));
                let info = socket::describe(Scheme::Tcp, &socket);
                let stream = Connected::Plain(socket);
                Poll::Ready(NativeLink::bytes(info, stream, buffer.clone()))
            }
            Kind::Opening {
                door,
                strangers,
                connections,
            } => loop {
                if let Poll::Ready(link) = poll_opened(connections, cx) {
                    return Poll::Ready(link);
                }
                // Without a permit, newcomers wait in the kernel; a connection that is done wakes this task.
                let Ok(permit) = strangers.clone().try_acquire_owned() else {
                    return Poll::Pending;
                };
                let socket = ready!(self.port.poll_accept(cx));
                connections.push(Box::pin(enter(socket, door.clone(), permit)));
            },
        }
    }
}

/// Takes a connection through the door, until it is a link, or done.
async fn enter(
    socket: TcpStream,
    door: Arc<Door>,
    permit: OwnedSemaphorePermit,
) -> Option<NativeLink> {
    let deadline = Instant::now() + door.patience;
    let info = socket::describe(door.scheme, &socket);
    let stream = match &door.identity {
        None => Connected::Plain(socket),
        Some(identity) => {
            let session = tls::accept(door.scheme, identity, socket);
            match timeout_at(deadline, session).await.ok()? {
                Ok(stream) => stream,
                Err(reason) => {
                    tracing::debug!(
                        reason,
                        remote = info.remote,
                        "no TLS with who came to a listener"
                    );
                    return None;
                }
            }
        }
    };
    match &door.site {
        None => Some(NativeLink::bytes(info, stream, door.buffer.clone())),
        Some(site) => serve(stream, info, site.clone(), permit, deadline).await,
    }
}

/// Carries the connections on, until one is a link.
fn poll_opened(
    connections: &mut FuturesUnordered<Opening>,
    cx: &mut Context<'_>,
) -> Poll<NativeLink> {
    while let Some(done) = ready!(Pin::new(&mut *connections).poll_next(cx)) {
        if let Some(link) = done {
            return Poll::Ready(link);
        }
    }
    Poll::Pending
}

/// A listening socket that goes on whatever an accept says.
struct Port {
    socket: TcpListener,
    pause: Option<Pin<Box<Sleep>>>,
    /// The kinds of error that were logged: each is said once.
    said: Vec<io::ErrorKind>,
}

impl Port {
    fn new(socket: TcpListener) -> Self {
        Self {
            socket,
            pause: None,
            said: Vec::new(),
        }
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<TcpStream> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match ready!(self.socket.poll_accept(cx)) {
                Ok((stream, _)) => {
                    socket::tune(&stream);
                    return Poll::Ready(stream);
                }
                Err(error) => self.note(&error),
            }
        }
    }

    /// Logs an error, and pauses unless it was the fate of one connection, which is gone.
    fn note(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if !self.said.contains(&error.kind()) {
            self.said.push(error.kind());
            tracing::warn!(%error, "a connection could not be accepted; listening goes on, and this is said once");
        }
        if !matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
        ) {
            self.pause = Some(Box::pin(sleep(PAUSE)));
        }
    }
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
        let mut port = Port::new(socket);
        port.note(&io::ErrorKind::ConnectionAborted.into());
        assert!(port.pause.is_none());
        // EMFILE: as many descriptors as the process may have.
        port.note(&io::Error::from_raw_os_error(24));
        port.note(&io::Error::from_raw_os_error(24));
        assert!(port.pause.is_some());
        assert_eq!(port.said.len(), 2, "each kind is said once");
    }

    #[tokio::test]
    async fn listening_goes_on_after_an_error() {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let at = socket.local_addr().expect("bound");
        let mut port = Port::new(socket);
        port.note(&io::Error::from_raw_os_error(24));
        let accept = core::future::poll_fn(|cx| port.poll_accept(cx));
        let (_, peer) = tokio::join!(accept, TcpStream::connect(at));
        assert!(peer.is_ok());
    }
}
