//! The connections of all listeners on their way to being links, from their first byte through TLS and HTTP.
//!
//! Polls them; how many there may be is the house's affair.

use core::future::{Future, poll_fn};
use core::mem;
use core::net::IpAddr;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::sync::Arc;

use futures::Stream;
use futures::future::{AbortHandle, Abortable};
use futures::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::house::{House, Standing, Visitor, Wrong};
use super::http::{Site, serve};
use super::link::NativeLink;
use super::socket::{self, Shared};
use super::stream::Stream as Connected;
use super::tls::{self, NoSession, ServerIdentity};
use crate::address::Scheme;

type Opening = Pin<Box<dyn Future<Output = Option<NativeLink>> + Send>>;

/// Those who came in and are no links yet.
pub(super) struct Lobby {
    house: Arc<House>,
    connections: FuturesUnordered<Abortable<Opening>>,
}

/// What a connection goes through on its way to being a link.
pub(super) struct Door {
    /// The kind of links.
    pub(super) scheme: Scheme,
    /// What is shown in TLS, where there is TLS.
    pub(super) identity: Option<ServerIdentity>,
    /// Where links are WebSockets, what is answered to HTTP.
    pub(super) site: Option<Arc<Site>>,
    /// Of the links that are made.
    pub(super) buffer: Shared,
}

impl Lobby {
    /// An empty one.
    pub(super) fn new(house: Arc<House>) -> Self {
        Self {
            house,
            connections: FuturesUnordered::new(),
        }
    }

    /// What all listeners share.
    pub(super) fn house(&self) -> &Arc<House> {
        &self.house
    }

    /// Takes in a socket that was accepted just now.
    pub(super) fn enter(&self, socket: TcpStream, ip: IpAddr, door: Arc<Door>) {
        let (end, registration) = AbortHandle::new_pair();
        let standing = Arc::new(self.house.receive(ip, end));
        let deadline = Instant::now() + self.house.patience;
        let visitor = Visitor::new(ip, socket::describe(door.scheme, &socket));
        let passing = pass(socket, visitor, door, standing, deadline);
        let passing: Opening = Box::pin(passing);
        self.connections.push(Abortable::new(passing, registration));
    }

    /// Carries all on, until one is a link. Those that were cut are gone then.
    pub(super) fn poll_link(&mut self, cx: &mut Context<'_>) -> Poll<NativeLink> {
        while let Some(done) = ready!(Pin::new(&mut self.connections).poll_next(cx)) {
            if let Ok(Some(link)) = done {
                return Poll::Ready(link);
            }
        }
        Poll::Pending
    }
}

/// Time in which an honest opening is done, over TLS and around the world, so that those who come at once after a restart do not cut
/// each other short. Who takes longer is one of the few who may.
const BRISK: Duration = Duration::from_secs(1);

/// Waits for the first byte, and takes the connection through the door. Nothing but a socket is held for who is silent.
async fn pass(
    socket: TcpStream,
    visitor: Visitor,
    door: Arc<Door>,
    standing: Arc<Standing>,
    deadline: Instant,
) -> Option<NativeLink> {
    let first = timeout_at(deadline, socket.peek(&mut [0])).await.ok()?;
    if first.ok()? == 0 {
        return None;
    }
    standing.speak();
    let mut opening = Box::pin(open(socket, visitor, door, standing.clone(), deadline));
    let mut waits = false;
    let step = poll_fn(|cx| {
        let step = opening.as_mut().poll(cx);
        // Who has said all that it had to say is done at once, and needs no place among those who are waited for.
        if step.is_pending() && !mem::replace(&mut waits, true) {
            standing.begin();
        }
        step
    });
    if let Ok(done) = timeout(BRISK, step).await {
        return done;
    }
    standing.linger();
    opening.await
}

/// Takes a connection that speaks through the door, until it is a link, or done.
async fn open(
    socket: TcpStream,
    visitor: Visitor,
    door: Arc<Door>,
    standing: Arc<Standing>,
    deadline: Instant,
) -> Option<NativeLink> {
    let Some(site) = &door.site else {
        // Before the effort of TLS.
        let counted = standing.house().admit(&visitor).ok()?;
        let stream = secure(socket, &visitor, &door, standing.house(), deadline).await?;
        let link = NativeLink::bytes(visitor.info, stream, door.buffer.clone());
        return Some(link.counted(counted));
    };
    let stream = secure(socket, &visitor, &door, standing.house(), deadline).await?;
    serve(stream, visitor, site.clone(), standing, deadline).await
}

/// The stream that is spoken on: TLS where that is shown.
async fn secure(
    socket: TcpStream,
    visitor: &Visitor,
    door: &Door,
    house: &House,
    deadline: Instant,
) -> Option<Connected> {
    let Some(identity) = &door.identity else {
        return Some(Connected::Plain(socket));
    };
    let session = tls::accept(door.scheme, identity, socket);
    let session = timeout_at(deadline, house.in_turn(session)).await.ok()?;
    match session {
        Ok(stream) => Some(stream),
        Err(NoSession::Refused(reason)) => {
            house.note_wrong(Wrong::Tls, visitor, &reason);
            None
        }
        Err(NoSession::Left(reason)) => {
            let remote = visitor.info.remote.as_deref();
            tracing::debug!(reason, remote, "no TLS with who came to a listener");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use core::future::poll_fn;
    use core::task::Poll;
    use core::time::Duration;
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::testing::{accept, listening, raw, secure, serving, soon};
    use super::super::{NativeTransport, TransportOptions};
    use crate::address::Address;
    use crate::transport::Transport;

    /// How long a stranger may take where a test does not wait for its end.
    const LONG: Duration = Duration::from_secs(60);

    /// Dials, and is accepted.
    async fn links(transport: &mut NativeTransport, address: &Address) -> bool {
        let dial = transport.dial(address);
        let (_, link) = tokio::join!(accept(transport), soon(dial));
        link.is_ok()
    }

    /// Connections that have said `words`, and no more.
    async fn strangers(
        address: &Address,
        count: usize,
        words: &[u8],
    ) -> Vec<tokio::net::TcpStream> {
        let mut strangers = Vec::new();
        for _ in 0..count {
            let mut stranger = raw(address).await;
            stranger.write_all(words).await.expect("written");
            strangers.push(stranger);
        }
        strangers
    }

    async fn is_cut(stranger: &mut tokio::net::TcpStream) {
        // An end, or a reset where it had said something that nobody read.
        let end = stranger.read(&mut [0]).await;
        assert!(!matches!(end, Ok(1..)), "{end:?}");
    }

    #[tokio::test]
    async fn the_silent_keep_nobody_out_and_the_oldest_makes_room() {
        for scheme in ["ws", "wss", "tls"] {
            let options = TransportOptions {
                handshake_timeout: LONG,
                silent: 4,
                pending: 1,
                ..secure()
            };
            let (mut transport, address) = listening(scheme, options).await;
            let mut silent = strangers(&address, 8, b"").await;
            assert!(links(&mut transport, &address).await, "{scheme}");
            for stranger in &mut silent[..4] {
                serving(&mut transport, is_cut(stranger)).await;
            }
            // The one that came last is still waited for.
            let last = silent.last_mut().expect("eight");
            last.write_all(b"GET / HTTP/1.1\r\n")
                .await
                .expect("written");
        }
    }

    #[tokio::test]
    async fn who_drips_keeps_nobody_out_and_the_oldest_makes_room() {
        let options = TransportOptions {
            handshake_timeout: LONG,
            pending: 4,
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let mut dripping = strangers(&address, 8, b"GET / HTTP/1.1\r\nHost: re").await;
        for stranger in &mut dripping[..4] {
            serving(&mut transport, is_cut(stranger)).await;
        }
        assert!(links(&mut transport, &address).await);
        // Who said all at once took nobody's place: the others are still heard.
        for stranger in &mut dripping[4..] {
            stranger.write_all(b"lay\r\n\r\n").await.expect("written");
            let answer = async { stranger.read_u8().await.expect("an answer") };
            assert_eq!(serving(&mut transport, answer).await, b'H');
        }
    }

    #[tokio::test]
    async fn the_deadline_counts_from_the_accept_and_for_the_silent_too() {
        for words in [&b""[..], b"G"] {
            let options = TransportOptions {
                handshake_timeout: Duration::from_millis(200),
                ..TransportOptions::default()
            };
            let (mut transport, address) = listening("ws", options).await;
            let mut stranger = strangers(&address, 1, words).await.remove(0);
            serving(&mut transport, is_cut(&mut stranger)).await;
        }
    }

    #[tokio::test]
    async fn links_over_a_stream_are_counted_and_further_ones_closed() {
        for scheme in ["tcp", "tls"] {
            let options = TransportOptions {
                connections: 1,
                ..secure()
            };
            let (mut transport, address) = listening(scheme, options).await;
            let mut first = raw(&address).await;
            let dial = transport.dial(&address);
            let (link, dialled) = tokio::join!(accept(&mut transport), soon(dial));
            if scheme == "tcp" {
                // Whoever came first is the link.
                drop(dialled);
                let mut second = raw(&address).await;
                serving(&mut transport, is_cut(&mut second)).await;
                drop(link);
                assert!(links(&mut transport, &address).await, "{scheme}");
            } else {
                assert!(dialled.is_ok());
                first.write_all(b"x").await.expect("written");
                serving(&mut transport, is_cut(&mut first)).await;
            }
        }
    }

    #[tokio::test]
    async fn of_many_who_begin_tls_at_once_few_are_answered_in_a_turn() {
        let (mut transport, address) = listening("tls", secure()).await;
        let hello = hello();
        let mut waiting = strangers(&address, 40, &hello).await;
        let answered = async {
            while !waiting.is_empty() {
                transport.begin_turn();
                for _ in 0..10 {
                    poll_fn(|cx| Poll::Ready(transport.poll_accept(cx).is_pending())).await;
                }
                let before = waiting.len();
                // An answer is there as soon as it is written.
                waiting.retain(|stranger| stranger.try_read(&mut [0; 4_096]).is_err());
                assert!(before - waiting.len() <= 4, "of {before}");
                tokio::task::yield_now().await;
            }
        };
        soon(answered).await;
    }

    /// What a client of TLS says first.
    fn hello() -> Vec<u8> {
        let config = ClientConfig::builder()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut hello = Vec::new();
        client.write_tls(&mut hello).expect("memory");
        hello
    }
}
