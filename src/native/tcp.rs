//! A link over a plain byte stream: what is sent are the bytes, and nothing around them.

use core::task::{Context, Poll, ready};
use std::io;

use bytes::Bytes;

use super::queued::{Queued, told};
use super::socket::{ByteStream, READ, Shared, another_turn, failure};
use super::waiting::Part;
use crate::mesh::LinkDown;

/// A link over TCP or what wraps it.
#[derive(Debug)]
pub(super) struct ByteLink<S> {
    io: Queued<S>,
    shared: Shared,
    /// The peer was told that nothing follows.
    finished: bool,
}

impl<S: ByteStream> ByteLink<S> {
    pub(super) fn new(stream: S, shared: Shared) -> Self {
        Self {
            io: Queued::new(stream),
            shared,
            finished: false,
        }
    }

    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        match self.poll_read(cx) {
            Poll::Ready(Ok(bytes)) if bytes.is_empty() => {
                Poll::Ready(Err(LinkDown::ClosedByPeer {
                    code: None,
                    reason: String::new(),
                }))
            }
            Poll::Ready(result) => Poll::Ready(result.map_err(|error| failure(&error))),
            Poll::Pending => self
                .io
                .broken()
                .map_or(Poll::Pending, |down| Poll::Ready(Err(down.clone()))),
        }
    }

    /// The next bytes, or none at the end of the stream.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        self.shared
            .poll_read(self.io.stream(), cx, READ, |bytes| 0..bytes.len())
    }

    pub(super) fn send(&mut self, frame: Bytes) {
        self.io.push(Part::Frames { header: 0 }, frame);
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        let flushed = told(self.io.poll_drain(cx));
        self.io.report(flushed, cx)
    }

    /// Writes all, says that nothing follows, and waits for the peer to say the same. Closing a socket with bytes unread
    /// resets it, and a reset takes from the peer what it has not read yet (RFC 9293, 3.6.1 and 3.10.4), so the peer's
    /// last bytes are read and dropped.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.finished {
            // Read while writing waits, or two full sockets would wait for each other.
            match self.io.poll_finish(cx) {
                Poll::Ready(Ok(())) => self.finished = true,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
        }
        match ready!(self.poll_read(cx)) {
            Ok(bytes) if !bytes.is_empty() => another_turn(cx),
            _ => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::pin::Pin;
    use core::task::Waker;

    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

    use super::super::TransportOptions;
    use super::super::testing::{
        accept, close, flush, listening, pair, pattern, raw, receive, receive_all, soon,
    };
    use super::*;
    use crate::mesh::CloseReason;
    use crate::transport::Link;

    #[tokio::test]
    async fn bytes_that_come_one_by_one_are_received() {
        let (mut transport, address) = listening("tcp", TransportOptions::default()).await;
        let mut peer = raw(&address).await;
        peer.set_nodelay(true).expect("an option");
        let mut link = accept(&mut transport).await;
        let sent = pattern(200);
        let dribble = async {
            for byte in &sent {
                peer.write_all(&[*byte]).await.expect("written");
                tokio::task::yield_now().await;
            }
        };
        let ((), received) = tokio::join!(dribble, receive_all(&mut link, sent.len()));
        assert_eq!(received, sent);
    }

    #[tokio::test]
    async fn one_read_yields_at_most_64_kib() {
        let (mut accepted, mut dialled) = pair("tcp").await;
        let sent = pattern(1 << 20);
        dialled.send(sent.clone());
        let read = async {
            let mut received = Vec::new();
            while received.len() < sent.len() {
                let bytes = receive(&mut accepted).await.expect("bytes");
                assert!((1..=64 << 10).contains(&bytes.len()));
                received.extend_from_slice(&bytes);
            }
            received
        };
        let (_, received) = tokio::join!(flush(&mut dialled), read);
        assert_eq!(received, sent);
    }

    #[tokio::test]
    async fn the_end_of_the_stream_is_the_peers_close() {
        let (accepted, mut dialled) = pair("tcp").await;
        drop(accepted);
        let end = receive(&mut dialled).await;
        assert_eq!(
            end,
            Err(LinkDown::ClosedByPeer {
                code: None,
                reason: String::new()
            })
        );
    }

    #[tokio::test]
    async fn what_was_sent_before_the_close_is_read_by_a_peer_that_still_writes() {
        let (mut transport, address) = listening("tcp", TransportOptions::default()).await;
        let mut peer = raw(&address).await;
        let mut link = accept(&mut transport).await;
        let sent = pattern(4 << 20);
        link.send(sent.clone());
        let talk = async {
            // Unread bytes at the closing end would reset the connection, and destroy what is under way.
            peer.write_all(&pattern(300 << 10)).await.expect("written");
            let mut received = Vec::new();
            peer.read_to_end(&mut received).await.expect("no reset");
            drop(peer);
            received
        };
        let (received, ()) = tokio::join!(soon(talk), close(&mut link, CloseReason::Shutdown));
        assert!(
            received == sent,
            "{} bytes of {}",
            received.len(),
            sent.len()
        );
    }

    #[tokio::test]
    async fn what_the_peer_said_last_is_read_although_writing_fails() {
        let (mut transport, address) = listening("tcp", TransportOptions::default()).await;
        let mut peer = raw(&address).await;
        let mut link = accept(&mut transport).await;
        peer.write_all(b"last words").await.expect("written");
        drop(peer);
        // The first write meets a closed socket, which answers with a reset; a later one fails.
        let failing = core::future::poll_fn(|cx| {
            link.send(Bytes::from_static(b"x"));
            let flushed = link.poll_flush(cx);
            assert!(
                !matches!(flushed, core::task::Poll::Ready(Err(_))),
                "the reader tells the end"
            );
            if flushed.is_ready() {
                cx.waker().wake_by_ref();
                core::task::Poll::Pending
            } else {
                core::task::Poll::Ready(())
            }
        });
        soon(failing).await;
        assert_eq!(receive(&mut link).await.as_deref(), Ok(&b"last words"[..]));
        assert!(receive(&mut link).await.is_err());
    }

    /// A stream that cannot be written to and never has anything to read.
    struct Dead;

    impl AsyncRead for Dead {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl ByteStream for Dead {}

    impl AsyncWrite for Dead {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn where_nothing_is_left_to_read_the_reader_tells_that_writing_failed() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut link = ByteLink::new(Dead, Shared::default());
        link.send(Bytes::from_static(b"frame"));
        assert!(link.poll_receive(&mut cx).is_pending());
        assert!(link.poll_flush(&mut cx).is_pending());
        let end = LinkDown::Failed("the peer reset the connection".to_owned());
        assert_eq!(link.poll_receive(&mut cx), Poll::Ready(Err(end)));
    }
}
