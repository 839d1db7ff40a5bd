//! What a link runs on: TCP, or TLS over it. Told apart once here, so that links and HTTP need not.
//!
//! Says nothing itself, and does not know how a TLS session came about.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice, Write};

use socket2::SockRef;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

use super::metered::Metered;
use super::socket::ByteStream;
use super::straight;
use crate::address::Scheme;

/// A connected stream.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    Secure(Box<Secure>),
}

/// TLS over TCP.
#[derive(Debug)]
pub(super) struct Secure {
    session: TlsStream<Metered>,
    records: Records,
    /// How reading failed, when there was something to read before.
    failed: Option<io::Error>,
}

/// Most records with something in them that one read takes, so that each link has its turn: those without are read slowly.
const RECORDS: usize = 64;

/// How what is written is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// A buffer begins a record of its own, so that no record has bytes of two frames. py2p reads 1,024 bytes whenever
    /// its socket has some; what its TLS then holds already does not show there, and a frame that lies behind another in
    /// one record would wait for whatever comes next.
    OneForEach,
    /// As few as there can be.
    Few,
}

impl Records {
    /// The records of links of this kind. A WebSocket's header would be a record of its own, and py2p has no WebSockets.
    pub(super) fn for_links_of(scheme: Scheme) -> Self {
        if scheme.is_websocket() {
            Self::Few
        } else {
            Self::OneForEach
        }
    }
}

impl Secure {
    pub(super) fn new(session: impl Into<TlsStream<Metered>>, records: Records) -> Self {
        Self {
            session: session.into(),
            records,
            failed: None,
        }
    }

    /// What the next records hold, as far as they are there and there is room. The end of the stream is the peer's close,
    /// whether it said so in TLS (`close_notify`) or not, as py2p does not: frames have lengths, so nothing that was cut short
    /// is taken for whole.
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        for _ in 0..RECORDS {
            if buffer.remaining() == 0 {
                break;
            }
            let read = self.poll_record(cx, buffer);
            let has_some = buffer.filled().len() > before;
            match read {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Err(error)) if has_some => {
                    self.failed = Some(error);
                    break;
                }
                Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Err(error));
                }
                Poll::Pending if !has_some => return Poll::Pending,
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// How many bytes `buffer` got of what one record holds, of which there may be more.
    fn poll_record(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let held = ready!(Pin::new(&mut self.session).poll_fill_buf(cx))?;
        let taken = held.len().min(buffer.remaining());
        let is_all = taken == held.len();
        buffer.put_slice(&held[..taken]);
        Pin::new(&mut self.session).consume(taken);
        if is_all && taken > 0 {
            self.session.get_mut().0.make_good();
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.records {
            Records::Few => Pin::new(&mut self.session).poll_write_vectored(cx, buffers),
            Records::OneForEach => self.poll_write_each(cx, buffers),
        }
    }

    fn poll_write_each(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        loop {
            let taken = self.encrypt(buffers)?;
            let flushed = Pin::new(&mut self.session).poll_flush(cx)?;
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
            // The session was full. Once it is written, it takes something.
            if flushed.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes as much as the session has room for; returns how many bytes that is.
    fn encrypt(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut taken = 0;
        for buffer in buffers {
            let step = match &mut self.session {
                TlsStream::Client(session) => session.get_mut().1.writer().write(buffer),
                TlsStream::Server(session) => session.get_mut().1.writer().write(buffer),
            }?;
            taken += step;
            if step < buffer.len() {
                break;
            }
        }
        Ok(taken)
    }
}

impl ByteStream for Stream {
    fn make_room(&self, bytes: usize) {
        let socket = match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.session.get_ref().0.socket(),
        };
        if let Err(error) = SockRef::from(socket).set_send_buffer_size(bytes) {
            tracing::debug!(%error, "a socket option was refused");
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => stream.poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => match straight::write(stream, bytes) {
                Some(written) => Poll::Ready(written),
                None => Pin::new(stream).poll_write(cx, bytes),
            },
            Self::Secure(stream) => stream.poll_write(cx, &[IoSlice::new(bytes)]),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
            Self::Secure(stream) => stream.poll_write(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(&mut stream.session).poll_flush(cx),
        }
    }

    /// Says in TLS that nothing follows, then in TCP.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(&mut stream.session).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::time::Duration;

    use bytes::Bytes;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::testing::{
        accept, address, ask, close, flush, listening, pair, pattern, raw, receive, receive_all,
        secure, serving, soon,
    };
    use super::super::tls::Connector;
    use super::super::{NativeTransport, TransportOptions};
    use super::*;
    use crate::address::Address;
    use crate::mesh::{CloseReason, LinkDown};
    use crate::transport::{Link, Transport};

    /// A transport that listens on a free port, and who dials it and speaks TLS.
    async fn visited(
        scheme: &str,
        options: TransportOptions,
    ) -> (
        NativeTransport,
        impl Future<Output = TlsStream<Metered>> + use<>,
    ) {
        let connector = Connector::new(options.tls.trust.clone());
        let (transport, address) = listening(scheme, options).await;
        (transport, visit(connector, address))
    }

    async fn visit(connector: Connector, address: Address) -> TlsStream<Metered> {
        match soon(connector.connect(&address, raw(&address).await)).await {
            Ok(Stream::Secure(stream)) => stream.session,
            other => panic!("no session: {other:?}"),
        }
    }

    /// The lengths of the records that a listener of `scheme` sends after the TLS handshake for three frames that are
    /// written at once.
    async fn records(scheme: &str) -> Vec<usize> {
        let (mut transport, listener) = listening(scheme, secure()).await;
        let between = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = between.local_addr().expect("bound").port();
        let said = tokio::spawn(async move {
            let (near, _) = between.accept().await.expect("a visitor");
            let far = TcpStream::connect((listener.host(), listener.port())).await;
            let ((mut from, mut to), mut far) = (near.into_split(), far.expect("a listener"));
            let (mut answers, mut questions) = far.split();
            let mut said = Vec::new();
            let back = async {
                let mut bytes = [0; 1_024];
                while let Ok(length @ 1..) = answers.read(&mut bytes).await {
                    said.extend_from_slice(&bytes[..length]);
                    to.write_all(&bytes[..length]).await.expect("written");
                }
            };
            let forth = tokio::io::copy(&mut from, &mut questions);
            tokio::select! {
                () = back => {}
                _ = forth => {}
            }
            said
        });
        let dial = transport.dial(&address(&format!("{scheme}://127.0.0.1:{port}")));
        let (mut accepted, dialled) = tokio::join!(accept(&mut transport), soon(dial));
        let mut dialled = dialled.expect("a link");
        for _ in 0..3 {
            accepted.send(pattern(100));
        }
        assert_eq!(flush(&mut accepted).await, 300);
        receive_all(&mut dialled, 300).await;
        drop(dialled);
        let said = soon(said).await.expect("no panic");
        lengths(&said)
    }

    fn lengths(mut stream: &[u8]) -> Vec<usize> {
        let mut lengths = Vec::new();
        while let [_, _, _, high, low, rest @ ..] = stream {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            lengths.push(length);
            stream = &rest[length..];
        }
        lengths
    }

    #[tokio::test]
    async fn no_record_of_a_tls_link_has_bytes_of_two_frames() {
        // Besides the bytes, a record has its real type and a tag (RFC 8446, 5.2).
        let records = records("tls").await;
        assert!(records.ends_with(&[117, 117, 117]), "{records:?}");
    }

    #[tokio::test]
    async fn frames_of_a_websocket_share_a_record() {
        let records = records("wss").await;
        assert!(records.ends_with(&[3 * (2 + 100) + 17]), "{records:?}");
    }

    #[tokio::test]
    async fn an_end_that_tls_was_not_told_of_is_the_peers_close() {
        for scheme in ["tls", "wss"] {
            let (mut accepted, mut dialled) = pair(scheme).await;
            dialled.send(Bytes::from_static(b"last words"));
            flush(&mut dialled).await;
            drop(dialled);
            assert_eq!(receive_all(&mut accepted, 10).await, b"last words");
            let end = LinkDown::ClosedByPeer {
                code: None,
                reason: String::new(),
            };
            assert_eq!(receive(&mut accepted).await, Err(end), "{scheme}");
        }
    }

    #[tokio::test]
    async fn a_close_is_told_in_tls() {
        let (mut transport, visitor) = visited("tls", secure()).await;
        let (mut link, mut peer) = tokio::join!(accept(&mut transport), visitor);
        link.send(pattern(1_000));
        let hear = async {
            let mut heard = Vec::new();
            // An end without `close_notify` would be an error here.
            let end = peer.read_to_end(&mut heard).await;
            peer.shutdown().await.expect("a connection");
            end.map(|_| heard)
        };
        let (heard, ()) = tokio::join!(soon(hear), close(&mut link, CloseReason::Shutdown));
        assert_eq!(heard.expect("an orderly end"), pattern(1_000));
    }

    #[tokio::test]
    async fn a_listener_sends_nothing_by_itself_after_the_handshake() {
        let (mut transport, visitor) = visited("tls", secure()).await;
        let (mut link, mut peer) = tokio::join!(accept(&mut transport), visitor);
        link.send(pattern(10));
        flush(&mut link).await;
        soon(peer.read_exact(&mut [0; 10]))
            .await
            .expect("ten bytes");
        let TlsStream::Client(peer) = peer else {
            panic!("it is a client")
        };
        // A ticket would make py2p wait for data that is not to come.
        assert_eq!(peer.get_ref().1.tls13_tickets_received(), 0);
    }

    #[tokio::test]
    async fn a_silent_socket_holds_nobody_up_and_is_cut() {
        for scheme in ["tls", "wss"] {
            let options = TransportOptions {
                handshake_timeout: Duration::from_secs(1),
                ..secure()
            };
            let (mut transport, address) = listening(scheme, options).await;
            let mut silent = raw(&address).await;
            let dial = transport.dial(&address);
            let (_, link) = tokio::join!(accept(&mut transport), soon(dial));
            assert!(link.is_ok(), "{scheme}");
            let mut nothing = [0];
            let end = serving(&mut transport, silent.read(&mut nothing)).await;
            assert_eq!(end.ok(), Some(0), "{scheme}");
        }
    }

    #[tokio::test]
    async fn who_speaks_tls_and_asks_for_nothing_is_cut() {
        let options = TransportOptions {
            handshake_timeout: Duration::from_secs(1),
            ..secure()
        };
        let (mut transport, visitor) = visited("wss", options).await;
        let visit = async {
            // Speaks TLS, and asks for nothing.
            let _ = visitor.await.read(&mut [0]).await;
        };
        serving(&mut transport, visit).await;
    }

    #[tokio::test]
    async fn who_speaks_no_tls_is_told_by_tls_and_gone() {
        let (mut transport, address) = listening("wss", secure()).await;
        let visit = ask(&address, "GET / HTTP/1.1\r\nHost: relay\r\n\r\n");
        let answer = serving(&mut transport, visit).await;
        // An alert (RFC 8446, 6), which is no HTTP.
        assert!(answer.starts_with('\u{15}'), "{answer:?}");
    }
}
