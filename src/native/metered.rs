//! The socket under a TLS session: what is read from it is held against what comes of it.
//!
//! Some records hold nothing for anybody: empty ones and new keys. A session reads on until it has something, so a peer
//! that sends nothing else would have all of the turn, for bytes that no limit counts. rustls bounds how many of a kind
//! follow each other; taking turns, they are without end.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Most bytes that may be read for nothing: 32 KiB. A record holds up to 16 (RFC 8446, 5.1), and is worth nothing until
/// it is whole.
const FOR_NOTHING: usize = 32 << 10;
/// For each byte that a session has yielded, so many may be read: a record may be padded to its 16 KiB (RFC 8446, 5.4),
/// and the shortest frame has 37 bytes.
const FOR_A_BYTE: usize = 512;

/// A connected socket.
#[derive(Debug)]
pub(super) struct Metered {
    socket: TcpStream,
    /// Bytes that were read and not made good. Not counted in a handshake, which has rustls's bounds and a deadline.
    owed: Option<usize>,
}

impl Metered {
    pub(super) fn new(socket: TcpStream) -> Self {
        Self { socket, owed: None }
    }

    /// The handshake is over.
    pub(super) fn count(&mut self) {
        self.owed = Some(0);
    }

    /// The session yielded so many bytes.
    pub(super) fn make_good(&mut self, bytes: usize) {
        if let Some(owed) = &mut self.owed {
            *owed = owed.saturating_sub(bytes.saturating_mul(FOR_A_BYTE));
        }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn note(&mut self, bytes: usize) -> io::Result<()> {
        let Some(owed) = &mut self.owed else {
            return Ok(());
        };
        *owed += bytes;
        if *owed <= FOR_NOTHING {
            return Ok(());
        }
        let text = format!(
            "the peer sent more than {} KiB of TLS records that hold nothing",
            FOR_NOTHING >> 10
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, buffer))?;
        Poll::Ready(this.note(buffer.filled().len() - before))
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
