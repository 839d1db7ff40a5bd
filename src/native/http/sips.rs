//! A stream of which little is read in one turn, so that whoever reads on and on of a stranger lets others have theirs.
//!
//! hyper reads the size of a chunk until it ends, and zeros in front of it never do. It gives a body that nobody wants up as
//! soon as there is nothing more to read of it: so a turn's end is the end of such a visit too.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::HEAD;
use crate::native::socket::another_turn;

/// Most bytes of one turn: two heads, as one may stand behind another.
const TURN: usize = 2 * HEAD;
/// What a read counts for at least: of TLS it may be 64 records of a byte.
const LEAST: usize = 1 << 10;

/// A stream under hyper.
#[derive(Debug)]
pub(super) struct Sips<S> {
    stream: S,
    /// How much was read since there was nothing to read, or another turn was taken.
    taken: usize,
}

impl<S> Sips<S> {
    pub(super) fn of(stream: S) -> Self {
        Self { stream, taken: 0 }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sips<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.taken >= TURN {
            self.taken = 0;
            return another_turn(cx);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.taken = match read {
            Poll::Ready(_) => self.taken + (buffer.filled().len() - before).max(LEAST),
            Poll::Pending => 0,
        };
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sips<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::fuzzing::open;
    use crate::native::socket::ByteStream;
    use crate::native::testing::soon;

    /// Far more than anybody reads of a stranger that says nothing.
    const MOST: usize = 1 << 20;

    /// Who says something, and then the same byte without end, always in time.
    struct Endless {
        said: &'static [u8],
        then: u8,
        read: usize,
    }

    impl ByteStream for Endless {}

    impl AsyncRead for Endless {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let before = buffer.remaining();
            let (said, rest) = self.said.split_at(self.said.len().min(before));
            self.said = rest;
            buffer.put_slice(said);
            let then = self.then;
            buffer.initialize_unfilled().fill(then);
            buffer.advance(buffer.remaining());
            self.read += before;
            assert!(self.read < MOST, "it is read on and on");
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Endless {
        fn poll_write(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn who_never_ends_a_chunks_size_or_a_line_is_given_up() {
        for (said, then) in [
            (
                &b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
                b'0',
            ),
            (
                b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                b'0',
            ),
            (
                b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0",
                b' ',
            ),
            (
                b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;",
                b'x',
            ),
            (
                b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
                b'x',
            ),
            (
                b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n",
                b'0',
            ),
            (b"GET / HTTP/1.1\r\nHost: ", b'x'),
            (b"", b'\n'),
        ] {
            let endless = Endless {
                said,
                then,
                read: 0,
            };
            assert!(!soon(open(endless)).await, "{}", said.escape_ascii());
        }
    }
}
