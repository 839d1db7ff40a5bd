//! A link over a WebSocket (RFC 6455): the frames that the core sends together in one binary message, which a receiver reads as a
//! part of one stream (protocol 0.7, Frame).
//!
//! A message is wrapped once for all links, so that a broadcast is in memory once, and what comes is handed on with the read that
//! brought it, however long the message is.

use core::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio_tungstenite::tungstenite::protocol::Role;

use super::framing::{self, Decoded, Decoder, End};
use super::patience::Patience;
use super::queued::{Queued, told};
use super::socket::{ByteStream, READ, Shared, another_turn, failure};
use super::waiting::Part;
use super::wrapping::{Wrapped, Wrapper};
use crate::mesh::{CloseReason, LinkDown};

/// Most bytes of control frames that wait: a peer that pings and does not read is then not answered.
const CONTROL: usize = 1 << 10;

/// Most that is read at once of a peer that goes on to bring nothing: 4 KiB are hundreds of pings.
const LITTLE: usize = 4 << 10;

/// Nodes join frames to messages of up to 64 KiB, however long the frames are that the receiver takes. Twice that.
const JOINED: usize = 128 << 10;

/// A link over a WebSocket, as server or client.
///
/// What a write looks at comes first, as in [`Queued`]; a flag more has room there.
#[derive(Debug)]
#[repr(C)]
pub(super) struct WebSocketLink<S> {
    role: Role,
    /// A Close was queued; nothing may follow it.
    closing: bool,
    /// A pong has come that [`WebSocketLink::take_pong`] has not told.
    has_pong: bool,
    shared: Shared,
    io: Queued<S>,
    decoder: Decoder,
    patience: Patience,
    /// What came behind the opening handshake and was read with it.
    early: BytesMut,
    /// How the peer's side ended, told once what came before it was taken.
    end: Option<LinkDown>,
}

impl<S: ByteStream> WebSocketLink<S> {
    /// A link over a stream whose opening handshake is done and of which `early` was already read. The peer may send
    /// frames of `max_frame` bytes; it may join frames in a message, which may therefore be twice as long, and have [`JOINED`]
    /// bytes in any case.
    pub(super) fn new(
        stream: S,
        early: &[u8],
        role: Role,
        shared: Shared,
        max_frame: usize,
    ) -> Self {
        let limit = max_frame.saturating_add(4).saturating_mul(2).max(JOINED);
        Self {
            io: Queued::new(stream),
            shared,
            decoder: Decoder::new(role, limit),
            patience: Patience::default(),
            role,
            // A copy: what it was read into is larger, and would stay for as long as the link.
            early: BytesMut::from(early),
            end: None,
            closing: false,
            has_pong: false,
        }
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        let received = self.poll_payload(cx);
        // A pong may have taken frames along into the network: the driver is told by its next flush.
        if self.io.has_news() {
            cx.waker().wake_by_ref();
        }
        match (&received, self.io.broken()) {
            (Poll::Pending, Some(down)) => Poll::Ready(Err(down.clone())),
            _ => received,
        }
    }

    pub(super) fn send(&mut self, frame: Bytes) {
        let Ok(mask) = self.mask() else { return };
        if !self.closing {
            let wrapped = match mask {
                None => self.shared.wrapper.wrap(&frame),
                Some(mask) => Wrapper::wrap_masked(&frame, mask),
            };
            match wrapped {
                Wrapped::Whole(whole, header) => self.io.push(Part::Frames { header }, whole),
                Wrapped::Parts(bytes, frame) => {
                    let header = bytes.len();
                    self.io.push(Part::Frames { header }, bytes);
                    self.io.push(Part::Frames { header: 0 }, frame);
                }
            }
        }
    }

    /// Asks the far end (RFC 6455, 5.5.2). It goes out with the next flush.
    pub(super) fn ping(&mut self) {
        let Ok(mask) = self.mask() else { return };
        if !self.closing && self.io.control() < CONTROL {
            self.io.push(Part::Control, framing::ping(mask));
        }
    }

    pub(super) fn take_pong(&mut self) -> bool {
        core::mem::take(&mut self.has_pong)
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        let flushed = told(self.io.poll_drain(cx));
        self.io.report(flushed, cx)
    }

    /// Sends a Close after what waits, and reads on until the peer's own has come, which is its last word
    /// (RFC 6455, 7.1.2).
    pub(super) fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        self.say_close(Some(reason.code()), &reason.to_string());
        // What fails here shows in the next read.
        let _ = self.io.poll_drain(cx);
        match ready!(self.poll_payload(cx)) {
            Ok(_) => another_turn(cx),
            Err(_) => Poll::Ready(()),
        }
    }

    /// The payload of the next read. Of one that brings none, as pings do, another is read in another turn: a peer may send
    /// frames of nothing without end, and all links share one task. One that goes on so, or brings next to nothing, is read slowly.
    fn poll_payload(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        if self.end.is_none() {
            ready!(self.patience.poll(cx));
            let (decoded, payload) = ready!(self.poll_decode(cx))?;
            if decoded.pong {
                self.has_pong = true;
            }
            self.patience.note(decoded.frames, payload.len());
            self.react(decoded, cx);
            if !payload.is_empty() {
                return Poll::Ready(Ok(payload));
            }
        }
        match self.end.clone() {
            Some(end) => {
                // The last words: to who closed in order, all of them, for as long as it goes on reading.
                let said = self.io.poll_finish(cx);
                let is_in_order = matches!(end, LinkDown::ClosedByPeer { code: Some(_), .. });
                match said {
                    Poll::Pending if is_in_order => Poll::Pending,
                    _ => Poll::Ready(Err(end)),
                }
            }
            None => {
                self.patience.lose(1);
                another_turn(cx)
            }
        }
    }

    /// What the next read comes to, and its payload.
    fn poll_decode(&mut self, cx: &mut Context<'_>) -> Poll<Result<(Decoded, Bytes), LinkDown>> {
        let decoder = &mut self.decoder;
        if !self.early.is_empty() {
            let mut bytes = core::mem::take(&mut self.early);
            let decoded = decoder.decode(&mut bytes);
            let payload = bytes.freeze().slice(decoded.payload.clone());
            return Poll::Ready(Ok((decoded, payload)));
        }
        let mut decoded = Decoded::default();
        let most = if self.patience.is_tried() {
            LITTLE
        } else {
            READ
        };
        let read = self.shared.poll_read(self.io.stream(), cx, most, |bytes| {
            if bytes.is_empty() {
                decoded.end = Some(End::Close {
                    code: None,
                    reason: String::new(),
                });
            } else {
                decoded = decoder.decode(bytes);
            }
            decoded.payload.clone()
        });
        let payload = ready!(read).map_err(|error| failure(&error))?;
        Poll::Ready(Ok((decoded, payload)))
    }

    /// Answers what asks for an answer (RFC 6455, 5.5).
    fn react(&mut self, decoded: Decoded, cx: &mut Context<'_>) {
        for content in &decoded.pings {
            self.answer_ping(content);
        }
        if !decoded.pings.is_empty() {
            let _ = self.io.poll_drain(cx);
        }
        match decoded.end {
            None => {}
            Some(End::Close { code, reason }) => {
                self.say_close(code, "");
                self.end = Some(LinkDown::ClosedByPeer { code, reason });
            }
            Some(End::Breach(code, what)) => {
                self.say_close(Some(code.into()), what);
                self.end = Some(LinkDown::Failed(format!("the peer sent {what}")));
            }
        }
    }

    fn answer_ping(&mut self, content: &[u8]) {
        let Ok(mask) = self.mask() else { return };
        if !self.closing && self.io.control() < CONTROL {
            self.io.push(Part::Control, framing::pong(content, mask));
        }
    }

    /// Queues a Close. One that was said already stays the only one.
    fn say_close(&mut self, code: Option<u16>, reason: &str) {
        let Ok(mask) = self.mask() else { return };
        if !core::mem::replace(&mut self.closing, true) {
            self.io
                .push(Part::Control, framing::close(code, reason, mask));
        }
    }

    /// The key for the next frame: "a client MUST mask all frames", with a key that nobody can foresee (RFC 6455, 5.1 and
    /// 5.3). Without randomness the link fails.
    fn mask(&mut self) -> Result<Option<[u8; 4]>, ()> {
        match self.role {
            Role::Server => Ok(None),
            Role::Client => match getrandom::u32() {
                Ok(key) => Ok(Some(key.to_ne_bytes())),
                Err(error) => {
                    self.io.fail(LinkDown::Failed(format!(
                        "the system has no randomness: {error}"
                    )));
                    Err(())
                }
            },
        }
    }

    /// Bytes of control frames that wait.
    #[cfg(test)]
    pub(super) fn control(&self) -> usize {
        self.io.control()
    }
}

#[cfg(test)]
mod tests {
    use core::future::poll_fn;

    use core::time::Duration;

    use futures::future::poll_immediate;
    use futures::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
    use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

    use super::super::testing::{
        accept, address, close, flush, listening, pattern, raw, receive, receive_all, soon,
    };
    use super::super::{NativeLink, NativeTransport, TransportOptions};
    use super::*;
    use crate::transport::{Link, Transport};

    type Peer = WebSocketStream<TcpStream>;

    /// A link as server, and a client that is not made of this code.
    async fn server(options: TransportOptions) -> (NativeLink, Peer) {
        let (mut transport, address) = listening("ws", options).await;
        let stream = raw(&address).await;
        let (link, peer) = tokio::join!(
            accept(&mut transport),
            soon(client_async("ws://relay/any/path", stream))
        );
        (link, peer.expect("upgraded").0)
    }

    /// A link as client, and a server that is not made of this code.
    async fn client() -> (NativeLink, Peer) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let dial = NativeTransport::new(TransportOptions::default())
            .dial(&address(&format!("ws://127.0.0.1:{port}")));
        let serve = async { accept_async(listener.accept().await.expect("a visitor").0).await };
        let (link, peer) = tokio::join!(soon(dial), soon(serve));
        (link.expect("a link"), peer.expect("upgraded"))
    }

    async fn next(peer: &mut Peer) -> Message {
        soon(peer.next())
            .await
            .expect("a message")
            .expect("no error")
    }

    async fn say(peer: &mut Peer, message: Message) {
        soon(peer.send(message)).await.expect("sent");
    }

    #[tokio::test]
    async fn one_frame_is_one_binary_message() {
        for (mut link, mut peer) in [server(TransportOptions::default()).await, client().await] {
            for length in [1, 125, 126, 65_535, 65_536, 200_000] {
                let frame = pattern(length);
                link.send(frame.clone());
                let (written, message) = tokio::join!(flush(&mut link), next(&mut peer));
                assert_eq!((written, message), (length, Message::Binary(frame.clone())));
                let ((), received) = tokio::join!(
                    say(&mut peer, Message::Binary(frame.clone())),
                    receive_all(&mut link, length)
                );
                assert_eq!(received, frame);
            }
        }
    }

    #[tokio::test]
    async fn a_message_in_pieces_of_a_byte_is_received() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        let (mut link, peer) = tokio::join!(accept(&mut transport), async {
            client_async("ws://r/", raw(&address).await).await
        });
        let mut stream = peer.expect("upgraded").0.into_inner();
        let mut bytes = framing::binary_header(5, Some([1, 2, 3, 4])).to_vec();
        bytes.extend_from_slice(&framing::masked(b"piece", [1, 2, 3, 4]));
        let dribble = async {
            for byte in bytes {
                stream.write_all(&[byte]).await.expect("written");
                tokio::task::yield_now().await;
            }
        };
        let ((), received) = tokio::join!(dribble, receive_all(&mut link, 5));
        assert_eq!(received, b"piece");
    }

    #[tokio::test]
    async fn fragments_and_empty_messages_are_one_stream() {
        let (mut link, mut peer) = server(TransportOptions::default()).await;
        let fragment = |bytes: &'static [u8], code, last| {
            Message::Frame(Frame::message(bytes, OpCode::Data(code), last))
        };
        say(&mut peer, Message::Binary(Bytes::new())).await;
        say(&mut peer, fragment(b"one ", Data::Binary, false)).await;
        say(&mut peer, Message::Ping(Bytes::new())).await;
        say(&mut peer, fragment(b"message", Data::Continue, true)).await;
        assert_eq!(receive_all(&mut link, 11).await, b"one message");
    }

    #[tokio::test]
    async fn a_ping_is_answered_between_frames() {
        let (mut link, mut peer) = server(TransportOptions::default()).await;
        link.send(pattern(10));
        say(&mut peer, Message::Ping(Bytes::from_static(b"there?"))).await;
        say(&mut peer, Message::Binary(Bytes::from_static(b"x"))).await;
        receive_all(&mut link, 1).await;
        assert_eq!(
            flush(&mut link).await,
            10,
            "frames that left with the pong are still told"
        );
        assert_eq!(next(&mut peer).await, Message::Binary(pattern(10)));
        assert_eq!(
            next(&mut peer).await,
            Message::Pong(Bytes::from_static(b"there?"))
        );
    }

    #[tokio::test]
    async fn a_ping_that_is_answered_is_told_once() {
        for (mut link, mut peer) in [server(TransportOptions::default()).await, client().await] {
            assert!(!link.take_pong());
            link.ping();
            flush(&mut link).await;
            // The peer's library answers as it reads on, and as it writes.
            assert!(matches!(next(&mut peer).await, Message::Ping(_)));
            say(&mut peer, Message::Binary(Bytes::from_static(b"x"))).await;
            receive_all(&mut link, 1).await;
            assert!(link.take_pong() && !link.take_pong());
        }
    }

    #[tokio::test]
    async fn a_peer_that_pings_and_does_not_read_costs_little() {
        let (mut link, peer) = server(TransportOptions::default()).await;
        // The socket towards the peer is full; every further pong has to wait.
        for _ in 0..512 {
            link.send(pattern(64 << 10));
        }
        poll_fn(|cx| {
            while let Poll::Ready(Ok(1..)) = link.poll_flush(cx) {}
            Poll::Ready(())
        })
        .await;
        let (mut sink, _unread) = peer.split();
        let flood = async {
            for _ in 0..10_000 {
                sink.feed(Message::Ping(pattern(125))).await.expect("sent");
            }
            sink.send(Message::Binary(Bytes::from_static(b"done")))
                .await
                .expect("sent");
        };
        let ((), received) = tokio::join!(soon(flood), receive_all(&mut link, 4));
        assert_eq!(received, b"done", "reading goes on");
        let waiting = link.control();
        assert!(
            (1..2 << 10).contains(&waiting),
            "{waiting} bytes of pongs wait"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn of_who_brings_nothing_without_end_little_is_read_at_a_time() {
        let (near, mut far) = tokio::io::duplex(READ);
        let shared = Shared::default();
        let mut link = WebSocketLink::new(near, &[], Role::Server, shared, 1 << 20);
        let pings = framing::ping(Some([0; 4])).repeat(READ);
        let (mut taken, mut at) = (Vec::new(), 0);
        for _ in 0..160 {
            // As much as there is room for is as much as was read.
            let wrote = poll_immediate(far.write(&pings[at..])).await;
            let wrote = wrote.map_or(0, |wrote| wrote.expect("a connection"));
            at = (at + wrote) % 6;
            taken.extend((wrote > 0).then_some(wrote));
            tokio::time::advance(Duration::from_millis(100)).await;
            poll_fn(|cx| Poll::Ready(link.poll_receive(cx).is_pending())).await;
        }
        assert_eq!(taken[1], READ);
        assert_eq!(taken.last(), Some(&LITTLE));
    }

    #[tokio::test]
    async fn the_reason_of_a_close_arrives_with_its_code() {
        for (mut link, mut peer) in [server(TransportOptions::default()).await, client().await] {
            link.send(Bytes::from_static(b"before"));
            let answer = async {
                assert_eq!(
                    next(&mut peer).await,
                    Message::Binary(Bytes::from_static(b"before"))
                );
                let Message::Close(Some(close)) = next(&mut peer).await else {
                    panic!("no close")
                };
                // Answers with a Close; the socket stays open.
                let _ = soon(peer.next()).await;
                close
            };
            let (said, ()) = tokio::join!(answer, close(&mut link, CloseReason::Full));
            assert_eq!(u16::from(said.code), CloseReason::FULL);
            assert_eq!(said.reason.as_str(), CloseReason::Full.to_string());
        }
    }

    #[tokio::test]
    async fn a_long_reason_is_cut_between_characters() {
        let (mut link, mut peer) = server(TransportOptions::default()).await;
        let reason = CloseReason::WrongSubnet {
            theirs: "é".repeat(100),
            ours: String::new(),
        };
        let whole = reason.to_string();
        let answer = async {
            let Message::Close(Some(close)) = next(&mut peer).await else {
                panic!("no close")
            };
            let _ = soon(peer.next()).await;
            close
        };
        let (said, ()) = tokio::join!(answer, close(&mut link, reason));
        assert!(
            whole.starts_with(said.reason.as_str()) && (122..=123).contains(&said.reason.len())
        );
    }

    #[tokio::test]
    async fn a_close_of_the_peer_is_told_and_answered() {
        for (mut link, mut peer) in [server(TransportOptions::default()).await, client().await] {
            let reason = "another\u{1b}[31m subnet".into();
            say(
                &mut peer,
                Message::Close(Some(CloseFrame {
                    code: CloseCode::from(4001),
                    reason,
                })),
            )
            .await;
            let end = receive(&mut link).await;
            let told = LinkDown::ClosedByPeer {
                code: Some(4001),
                reason: "another[31m subnet".to_owned(),
            };
            assert_eq!(end, Err(told), "without control characters");
            drop(link);
            assert!(
                matches!(next(&mut peer).await, Message::Close(Some(close)) if close.code == CloseCode::from(4001))
            );
        }
    }

    #[tokio::test]
    async fn an_end_without_a_close_is_the_peers() {
        for (mut link, peer) in [server(TransportOptions::default()).await, client().await] {
            drop(peer);
            let end = receive(&mut link).await;
            assert_eq!(
                end,
                Err(LinkDown::ClosedByPeer {
                    code: None,
                    reason: String::new()
                })
            );
        }
    }

    /// What a link says of `offence`, and the code with which it closes.
    async fn offend(offence: Message) -> (String, u16) {
        let options = TransportOptions {
            max_frame: 1_000,
            ..TransportOptions::default()
        };
        let (mut link, mut peer) = server(options).await;
        say(&mut peer, offence).await;
        let Err(LinkDown::Failed(text)) = receive(&mut link).await else {
            panic!("no failure")
        };
        drop(link);
        let Message::Close(Some(close)) = next(&mut peer).await else {
            panic!("no close")
        };
        (text, close.code.into())
    }

    #[tokio::test]
    async fn an_offence_closes_with_the_code_of_it() {
        let (text, code) = offend(Message::Text("hello".into())).await;
        assert!(
            code == 1003 && text.contains("text message"),
            "{code} {text}"
        );
        let (text, code) = offend(Message::Binary(pattern(JOINED + 1))).await;
        assert!(code == 1009, "{code} {text}");
        let reserved = Frame::message(&b"x"[..], OpCode::Data(Data::Continue), true);
        let (text, code) = offend(Message::Frame(reserved)).await;
        assert!(code == 1002, "{code} {text}");
    }

    #[tokio::test]
    async fn joined_frames_may_be_twice_as_long_as_one() {
        let (mut link, mut peer) = server(TransportOptions {
            max_frame: 1_000,
            ..TransportOptions::default()
        })
        .await;
        say(&mut peer, Message::Binary(pattern(2_008))).await;
        assert_eq!(receive_all(&mut link, 2_008).await, pattern(2_008));
    }

    #[tokio::test]
    async fn a_first_message_right_behind_the_answer_is_not_lost() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let dial = NativeTransport::new(TransportOptions::default())
            .dial(&address(&format!("ws://127.0.0.1:{port}/a/path?b=c")));
        let serve = async {
            let (mut stream, _) = listener.accept().await.expect("a visitor");
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                request.push(char::from(stream.read_u8().await.expect("a request")));
            }
            let key = request
                .lines()
                .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
                .expect("a key");
            let key = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
            let mut answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {key}\r\n\r\n"
            )
            .into_bytes();
            answer.extend_from_slice(&framing::binary_header(5, None));
            answer.extend_from_slice(b"early");
            stream.write_all(&answer).await.expect("written");
            (stream, request)
        };
        let (link, (_stream, request)) = tokio::join!(soon(dial), soon(serve));
        assert_eq!(receive_all(&mut link.expect("a link"), 5).await, b"early");
        assert!(
            request.starts_with("GET /a/path?b=c HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains(&format!("\r\nHost: 127.0.0.1:{port}\r\n")),
            "{request}"
        );
    }
}
