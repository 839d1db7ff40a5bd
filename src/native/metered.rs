//! The socket under a TLS session, which is read slowly from a peer whose records hold nothing, or a byte each.
//!
//! Empty records and new keys bring nothing to anybody. A session reads on until it has something, so a peer that sends
//! nothing else would have all of the turn, for bytes that no limit counts. rustls bounds how many of a kind follow each
//! other; taking turns, they are without end.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::patience::Patience;

/// Length of a record's header (RFC 8446, 5.1).
const HEADER: usize = 5;
/// Where in it the length of what follows begins, in two bytes.
const LENGTH: usize = 3;

/// A connected socket.
#[derive(Debug)]
pub(super) struct Metered {
    socket: TcpStream,
    records: Records,
    /// Records that were read and of which the session has yielded nothing yet. Those of a handshake count: it has some ten,
    /// and a session reads on behind it, within the same call.
    owed: usize,
    patience: Patience,
}

impl Metered {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self {
            socket,
            records: Records::default(),
            owed: 0,
            patience: Patience::default(),
        }
    }

    /// The session yielded what one record held.
    pub(super) fn make_good(&mut self) {
        self.owed = self.owed.saturating_sub(1);
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Takes note of the records that held nothing: a session reads only when it has yielded all that it had.
    fn settle(&mut self) {
        let empty = core::mem::take(&mut self.owed);
        if empty > 0 {
            self.patience.lose(empty);
        }
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.settle();
        ready!(this.patience.poll(cx));
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, buffer))?;
        let bytes = &buffer.filled()[before..];
        let whole = this.records.note(bytes);
        this.owed += whole;
        this.patience.note(whole, bytes.len());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// Where records end in a stream of them.
#[derive(Debug, Default)]
struct Records {
    /// How much of a header was read.
    header: usize,
    /// How much is to come of what follows it.
    left: usize,
}

impl Records {
    /// How many records end in the next bytes of the stream.
    fn note(&mut self, mut bytes: &[u8]) -> usize {
        let mut whole = 0;
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.header < HEADER {
                if self.header >= LENGTH {
                    self.left = self.left << 8 | usize::from(byte);
                }
                self.header += 1;
                bytes = rest;
            } else {
                let step = self.left.min(bytes.len());
                self.left -= step;
                bytes = &bytes[step..];
            }
            if self.header == HEADER && self.left == 0 {
                self.header = 0;
                whole += 1;
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use futures::future::poll_immediate;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::testing::soon;
    use super::*;

    /// A socket that has thousands of records to read, of one byte each.
    async fn full() -> Metered {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (near, far) = tokio::join!(listener.accept(), TcpStream::connect(address));
        let records = [23, 3, 3, 0, 1, 0].repeat(2_000);
        let mut far = far.expect("a connection");
        far.write_all(&records).await.expect("room");
        far.shutdown().await.expect("a connection");
        Metered::new(near.expect("a connection").0)
    }

    #[tokio::test]
    async fn what_follows_a_read_of_nothing_waits_and_what_follows_a_good_one_does_not() {
        for is_good in [true, false] {
            let (mut socket, mut space) = (full().await, [0; 1_000]);
            let first = soon(socket.read(&mut space)).await;
            assert_eq!(first.expect("bytes"), space.len());
            if is_good {
                (0..space.len() / 6).for_each(|_| socket.make_good());
            }
            let next = poll_immediate(socket.read(&mut space)).await;
            assert_eq!(next.is_some(), is_good);
        }
    }

    #[test]
    fn a_record_is_counted_where_it_ends_however_the_stream_is_cut() {
        let lengths = [0_u16, 1, 255, 256, 16_640];
        let mut stream = Vec::new();
        let mut ends = Vec::new();
        for length in lengths {
            stream.extend_from_slice(&[23, 3, 3]);
            stream.extend_from_slice(&length.to_be_bytes());
            stream.resize(stream.len() + usize::from(length), 0xff);
            ends.push(stream.len());
        }
        for piece in [1, 2, 3, 5, 7, 300, stream.len()] {
            let (mut records, mut read, mut counted) = (Records::default(), 0, 0);
            for bytes in stream.chunks(piece) {
                counted += records.note(bytes);
                read += bytes.len();
                let ended = ends.iter().filter(|end| **end <= read).count();
                assert_eq!(counted, ended, "after {read} bytes in pieces of {piece}");
            }
        }
    }
}
