//! The transport of a native node: it dials, and it accepts where it was told to listen.

use core::fmt;
use core::future::Future;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;
use futures::channel::mpsc;

use super::dial::dial;
use super::house::House;
use super::http::Site;
use super::link::NativeLink;
use super::listener::{ListenError, Listener, Said, bind};
use super::lobby::{Door, Lobby};
use super::origins::Origins;
use super::reports::{Desk, Reports};
use super::socket::Shared;
use super::tls::{Connector, ServerIdentity, TlsOptions};
use crate::address::{Address, Scheme};
use crate::mesh::LinkDown;
use crate::transport::{Inquiry, Transport};

/// Connections that are taken before links that stand have their turn again: a storm of newcomers is not to starve them.
const AT_ONCE: usize = 8;

/// How a [`NativeTransport`] treats who comes, and whom it trusts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransportOptions {
    /// A directory whose files WebSocket listeners show over HTTP on the same port. None by default: then `/` says in
    /// one line what this is. Hidden files, and what links lead to outside of it, are not shown.
    pub www: Option<PathBuf>,
    /// Whether WebSocket listeners tell over HTTP how the node fares, before any file: `/healthz`, `/readyz`, `/metrics` and
    /// `/mesh.json`. Off; the command line's relay tells it to this machine.
    pub reports: Reports,
    /// What `tls://` and `wss://` listeners show, and whom dials to such addresses trust.
    pub tls: TlsOptions,
    /// Time from the accept of a connection until TLS is spoken, where it is to be, and, on a WebSocket listener, until it
    /// has become a WebSocket or has asked for a file, however busy it is meanwhile. 5 s.
    pub handshake_timeout: Duration,
    /// Most connections, over all listeners, that have begun to speak and have not come so far yet, as one that sends its
    /// request byte by byte; at least 1. When there are more, the oldest of the network that has most of them is cut. 64: each
    /// costs a TLS session or an HTTP machine with its buffer. Who sends its whole request at once needs no such place.
    pub pending: usize,
    /// Most of these from one [`Network`](crate::network::Network), at least 1; when there are more, its oldest is cut. 8.
    /// It does not hold for this machine and for `proxies`, whose one address stands for many.
    pub pending_per_network: usize,
    /// Most connections, over all listeners but those of `tcp://`, that have not said a byte, at least 1. When there are
    /// more, the oldest of the network that has most of them is cut. 1,024: each costs little more than its socket.
    pub silent: usize,
    /// Most links that listeners have made, at once. 16,384. Further ones are refused: with 503 over HTTP, else closed. Each is
    /// an open file, of which a system may allow fewer: strangers then make room, and newcomers wait in the kernel.
    pub connections: usize,
    /// Most of these from one [`Network`](crate::network::Network): 1,024, as many as tabs may be behind one address of an
    /// office. Links from this machine are not counted so: it may be a proxy that is not among `proxies`, or a crowd of
    /// programs beside the relay.
    pub connections_per_network: usize,
    /// From which pages browsers may link; others get 403. Those of the relay's own hosts.
    pub origins: Origins,
    /// Hosts by which this node is known, so that their pages are the relay's own. A node that is spawned has those that it
    /// advertises; none by default.
    pub hosts: Vec<String>,
    /// Proxies whose word is taken for whom they speak (`X-Forwarded-For`, else `Forwarded`): a link is then counted and
    /// described by the last address there that is none of these. They must write the first header or drop what comes with
    /// it, which clients can write too. Those on this machine by default, `127.0.0.1` and `::1`, from which no stranger comes. From others
    /// these headers only tell that something is in between, as [`LinkInfo::proxied`](crate::mesh::LinkInfo::proxied).
    pub proxies: Vec<IpAddr>,
    /// Most bytes of a frame, as [`Config::frame`](crate::Config::frame). 1 MiB. A WebSocket message may have twice as
    /// many, since a peer may join frames.
    pub max_frame: usize,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            www: None,
            reports: Reports::Off,
            tls: TlsOptions::default(),
            handshake_timeout: Duration::from_secs(5),
            pending: 64,
            pending_per_network: 8,
            silent: 1_024,
            connections: 16_384,
            connections_per_network: 1_024,
            origins: Origins::own(),
            hosts: Vec::new(),
            proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            max_frame: 1 << 20,
        }
    }
}

/// Links over TCP and WebSocket, with TLS or without. To be used inside a tokio runtime with I/O and time; dropping it closes what it
/// listens on.
pub struct NativeTransport {
    options: TransportOptions,
    tls: Connector,
    buffer: Shared,
    lobby: Lobby,
    listeners: Vec<Listener>,
    said: Said,
    desk: Arc<Desk>,
    inquiries: mpsc::Receiver<Inquiry>,
    /// The listener that is asked first, so that none can starve the others.
    turn: usize,
}

impl NativeTransport {
    /// A transport that does not listen yet.
    pub fn new(options: TransportOptions) -> Self {
        let (desk, inquiries) = Desk::new(options.reports);
        Self {
            tls: Connector::new(options.tls.trust.clone()),
            lobby: Lobby::new(Arc::new(House::new(&options))),
            options,
            buffer: Shared::default(),
            listeners: Vec::new(),
            said: Said::default(),
            desk: Arc::new(desk),
            inquiries,
            turn: 0,
        }
    }

    /// Listens on an address, beside those before it. A WebSocket is accepted at every path, and other requests are
    /// answered over HTTP. Returns the address with the port that it got.
    ///
    /// # Errors
    /// [`ListenError`] says what stands in the way.
    pub async fn listen(&mut self, address: &Address) -> Result<Address, ListenError> {
        let scheme = address.scheme();
        let identity = self.identity(scheme)?;
        let socket = bind(address).await?;
        let other = |reason: String| ListenError::Other {
            address: address.clone(),
            reason,
        };
        let port = socket
            .local_addr()
            .map_err(|error| other(error.to_string()))?
            .port();
        let bound = address
            .with_endpoint(address.host(), port)
            .map_err(|error| other(error.to_string()))?;
        self.desk.listens(bound.clone());
        self.listeners.push(match scheme {
            Scheme::Tcp => Listener::tcp(socket, self.said.clone(), self.buffer.clone()),
            _ => Listener::opening(socket, self.said.clone(), self.door(scheme, identity)),
        });
        Ok(bound)
    }

    /// What a listener of this kind shows in TLS.
    fn identity(&self, scheme: Scheme) -> Result<Option<ServerIdentity>, ListenError> {
        match (scheme, &self.options.tls.identity) {
            (Scheme::Tcp | Scheme::Ws, _) => Ok(None),
            (Scheme::Tls | Scheme::Wss, Some(identity)) => Ok(Some(identity.clone())),
            (Scheme::Tls | Scheme::Wss, None) => Err(ListenError::NoIdentity { scheme }),
            (Scheme::Memory, _) => Err(ListenError::NotSupported { scheme }),
        }
    }

    fn door(&self, scheme: Scheme, identity: Option<ServerIdentity>) -> Door {
        let desk = || self.desk.clone();
        let site = || Site::new(scheme, &self.options, self.buffer.clone(), desk());
        let site = || Arc::new(site());
        Door {
            scheme,
            identity,
            site: scheme.is_websocket().then(site),
            buffer: self.buffer.clone(),
        }
    }

    /// Takes one connection at one of the listeners, if somebody has come: see [`Listener::poll_accept`].
    fn poll_listeners(&mut self, cx: &mut Context<'_>) -> Poll<Option<NativeLink>> {
        let count = self.listeners.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            if let Poll::Ready(came) = self.listeners[at].poll_accept(&self.lobby, cx) {
                self.turn = at + 1;
                return Poll::Ready(came);
            }
        }
        Poll::Pending
    }
}

impl fmt::Debug for NativeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners = self.listeners.len();
        f.debug_struct("NativeTransport")
            .field("options", &self.options)
            .field("listeners", &listeners)
            .finish()
    }
}

impl Transport for NativeTransport {
    type Link = NativeLink;
    type Dial = NativeDial;

    fn dial(&mut self, address: &Address) -> NativeDial {
        NativeDial(Box::pin(dial(
            address.clone(),
            self.tls.clone(),
            self.buffer.clone(),
            self.options.max_frame,
        )))
    }

    fn begin_turn(&mut self) {
        self.lobby.house().begin_turn();
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<NativeLink> {
        for _ in 0..AT_ONCE {
            if let Poll::Ready(link) = self.lobby.poll_link(cx) {
                return Poll::Ready(link);
            }
            if let Some(link) = ready!(self.poll_listeners(cx)) {
                return Poll::Ready(link);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_inquiry(&mut self, cx: &mut Context<'_>) -> Poll<Inquiry> {
        match self.inquiries.poll_next_unpin(cx) {
            Poll::Ready(Some(inquiry)) => Poll::Ready(inquiry),
            // The desk is this transport's own: it is there as long.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Listeners that tell how the node fares stay, and say so to newcomers; the rest are gone.
    fn refuse_links(&mut self) {
        self.desk.close();
        self.listeners.retain(Listener::has_site);
    }
}

/// A dial under way. Dropping it gives it up.
pub struct NativeDial(Pin<Box<dyn Future<Output = Result<NativeLink, LinkDown>> + Send>>);

impl fmt::Debug for NativeDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeDial")
    }
}

impl Future for NativeDial {
    type Output = Result<NativeLink, LinkDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::testing::{
        accept, address, flush, listening, pair, pattern, receive_all, secure, soon,
    };
    use super::*;
    use crate::transport::Link;

    fn assert_send<T: Send>(_: &T) {}

    async fn refusal(text: &str) -> String {
        let mut transport = NativeTransport::new(TransportOptions::default());
        let dial = transport.dial(&address(text));
        assert_send(&dial);
        match soon(dial).await {
            Err(LinkDown::Unreachable(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    /// A server that is not made of this code: says `answer` to whatever comes first.
    async fn stranger(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a visitor");
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        port
    }

    #[tokio::test]
    async fn frames_go_both_ways_in_order() {
        for scheme in ["tcp", "tls", "ws", "wss"] {
            let (mut accepted, mut dialled) = pair(scheme).await;
            for (from, to) in [(0, 1), (1, 0)] {
                let ends = [&mut accepted, &mut dialled];
                ends[from].send(Bytes::from_static(b"first "));
                ends[from].send(Bytes::from_static(b"second"));
                assert_eq!(
                    flush(ends[from]).await,
                    12,
                    "{scheme}: headers are not counted"
                );
                assert_eq!(receive_all(ends[to], 12).await, b"first second", "{scheme}");
            }
        }
    }

    #[tokio::test]
    async fn large_frames_arrive_whole() {
        for scheme in ["tcp", "tls", "ws", "wss"] {
            let (mut accepted, mut dialled) = pair(scheme).await;
            let frame = pattern((1 << 20) + 4);
            for _ in 0..4 {
                accepted.send(frame.clone());
                dialled.send(frame.clone());
            }
            let both = 4 * frame.len();
            let (a, b, c, d) = {
                let (accepted, dialled) = (&mut accepted, &mut dialled);
                // Each end reads while it writes, as the driver does.
                tokio::join!(
                    exchange(accepted, both),
                    exchange(dialled, both),
                    async {},
                    async {}
                )
            };
            let ((), ()) = (c, d);
            for (written, received) in [a, b] {
                assert_eq!(written, both, "{scheme}");
                assert!(
                    received.chunks(frame.len()).all(|chunk| chunk == frame),
                    "{scheme}"
                );
            }
        }
    }

    /// Writes all that waits and reads `length` bytes, at the same time.
    async fn exchange(link: &mut NativeLink, length: usize) -> (usize, Vec<u8>) {
        let (mut written, mut received) = (0, Vec::new());
        soon(core::future::poll_fn(|cx| {
            let flushed = loop {
                match link.poll_flush(cx) {
                    Poll::Ready(Ok(bytes @ 1..)) => written += bytes,
                    flushed => break flushed,
                }
            };
            while let Poll::Ready(Ok(bytes)) = link.poll_receive(cx) {
                received.extend_from_slice(&bytes);
            }
            // TLS may hold what it has taken.
            if received.len() < length || written < length || flushed.is_pending() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        }))
        .await;
        (written, received)
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_holds_the_writer_and_loses_nothing() {
        for scheme in ["tcp", "tls", "ws", "wss"] {
            let (mut accepted, mut dialled) = pair(scheme).await;
            let frame = pattern(64 << 10);
            let count = 512;
            for _ in 0..count {
                accepted.send(frame.clone());
            }
            let mut written = 0;
            let held = core::future::poll_fn(|cx| match accepted.poll_flush(cx) {
                Poll::Ready(Ok(0)) => Poll::Ready(false),
                Poll::Ready(Ok(more)) => {
                    written += more;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                Poll::Ready(Err(down)) => panic!("{down}"),
                Poll::Pending => Poll::Ready(true),
            });
            assert!(soon(held).await, "{scheme}: 32 MiB fit into a socket");
            assert!(written > 0 && written < count * frame.len(), "{scheme}");
            let (rest, received) = tokio::join!(
                flush(&mut accepted),
                receive_all(&mut dialled, count * frame.len())
            );
            assert_eq!(written + rest, count * frame.len(), "{scheme}");
            assert!(
                received.chunks(frame.len()).all(|chunk| chunk == frame),
                "{scheme}"
            );
        }
    }

    #[tokio::test]
    async fn a_link_knows_both_of_its_ends() {
        for scheme in [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss] {
            let (mut transport, address) = listening(scheme.as_str(), secure()).await;
            assert_send(&transport);
            let dial = transport.dial(&address);
            let (accepted, dialled) = tokio::join!(accept(&mut transport), soon(dial));
            let (accepted, dialled) = (accepted.info(), dialled.expect("a link").info());
            assert_eq!((accepted.scheme, dialled.scheme), (scheme, scheme));
            assert_eq!(accepted.local_host.as_deref(), Some("127.0.0.1"));
            assert_eq!(dialled.remote, Some(address.authority()));
            assert!(
                accepted
                    .remote
                    .is_some_and(|remote| remote.starts_with("127.0.0.1:"))
            );
        }
    }

    #[tokio::test]
    async fn every_listener_is_served() {
        let (mut transport, ws) = listening("ws", secure()).await;
        let mut all = vec![ws];
        for scheme in ["tcp", "wss", "tls"] {
            let address = address(&format!("{scheme}://127.0.0.1:0"));
            all.push(transport.listen(&address).await.expect("a free port"));
        }
        for address in all.iter().chain(&all) {
            let dial = transport.dial(address);
            let (accepted, dialled) = tokio::join!(accept(&mut transport), soon(dial));
            assert_eq!(accepted.info().scheme, address.scheme());
            assert!(dialled.is_ok());
        }
    }

    #[tokio::test]
    async fn a_dropped_transport_listens_no_more() {
        let (transport, address) = listening("ws", TransportOptions::default()).await;
        drop(transport);
        assert!(
            refusal(&address.to_string())
                .await
                .contains("nobody listens")
        );
    }

    #[tokio::test]
    async fn a_refused_dial_says_what_to_check() {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port")
            .local_addr()
            .expect("bound")
            .port();
        for scheme in ["tcp", "tls", "ws", "wss"] {
            assert_eq!(
                refusal(&format!("{scheme}://127.0.0.1:{free}")).await,
                format!(
                    "nobody listens at 127.0.0.1:{free} (connection refused): is the relay running, and is the port right?"
                )
            );
        }
    }

    #[tokio::test]
    async fn a_name_without_address_is_called_so() {
        assert!(
            refusal("tcp://a..b:4444")
                .await
                .starts_with("no such host \"a..b\"")
        );
    }

    #[tokio::test]
    async fn a_name_is_tried_at_each_of_its_addresses() {
        let (mut transport, bound) = listening("tcp", TransportOptions::default()).await;
        let dial = transport.dial(&address(&format!("tcp://localhost:{}", bound.port())));
        let (_, dialled) = tokio::join!(accept(&mut transport), soon(dial));
        assert_eq!(
            dialled.expect("a link").info().remote,
            Some(bound.authority())
        );
    }

    #[tokio::test]
    async fn a_web_server_is_no_websocket_server() {
        let port = stranger("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
        let text = refusal(&format!("ws://127.0.0.1:{port}/mesh")).await;
        assert!(
            text.starts_with(&format!(
                "127.0.0.1:{port} is no WebSocket server (HTTP 404)"
            )),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_websocket_dial_to_something_else_says_so() {
        let port = stranger("\0\0\0\x10 a frame of the mesh").await;
        let text = refusal(&format!("ws://127.0.0.1:{port}")).await;
        assert!(
            text.contains("is no WebSocket server") && text.contains("tcp://"),
            "{text}"
        );
        let port = stranger("").await;
        let text = refusal(&format!("ws://127.0.0.1:{port}")).await;
        assert!(text.contains("closed the connection instead"), "{text}");
    }

    #[tokio::test]
    async fn nobody_outside_dials_or_listens_on_what_is_inside_a_process() {
        assert!(
            refusal("memory:1")
                .await
                .starts_with("memory:1 is inside one process")
        );
        let mut transport = NativeTransport::new(TransportOptions::default());
        let scheme = Scheme::Memory;
        let error = transport.listen(&address("memory:1")).await;
        assert_eq!(error, Err(ListenError::NotSupported { scheme }));
    }

    #[tokio::test]
    async fn a_tls_listener_without_a_certificate_is_refused_with_the_remedy() {
        let mut transport = NativeTransport::new(TransportOptions::default());
        for scheme in ["tls", "wss"] {
            let error = transport
                .listen(&address(&format!("{scheme}://127.0.0.1:0")))
                .await
                .expect_err("no certificate")
                .to_string();
            assert!(
                error.starts_with(&format!("listening on {scheme}:// needs a certificate"))
                    && error.contains("--tls-cert")
                    && error.contains("TlsOptions::identity"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn a_port_in_use_is_called_so() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        let error = transport.listen(&address).await.expect_err("in use");
        assert_eq!(
            error.to_string(),
            format!(
                "port {} is in use on 127.0.0.1: stop the program that holds it or listen on another port \
                 (0 takes a free one)",
                address.port()
            )
        );
    }

    #[tokio::test]
    async fn a_host_of_another_machine_cannot_be_listened_on() {
        let mut transport = NativeTransport::new(TransportOptions::default());
        // TEST-NET-1 (RFC 5737) is nobody's.
        let error = transport
            .listen(&address("tcp://192.0.2.1:0"))
            .await
            .expect_err("not local");
        assert!(matches!(error, ListenError::NotLocal { .. }), "{error}");
        let error = transport
            .listen(&address("tcp://a..b:0"))
            .await
            .expect_err("no host");
        assert!(matches!(error, ListenError::NoSuchHost { .. }), "{error}");
    }
}
