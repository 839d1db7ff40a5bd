//! A client's opening handshake (RFC 6455, 4.1), and not one byte further: what a server says right behind its answer
//! belongs to the link.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::handshake::client::Request;

use super::socket::ByteStream;

/// What ends the head of an HTTP message.
const END: &[u8] = b"\r\n\r\n";

/// Asks for a WebSocket. Returns the stream, and what of it was already read.
pub(super) async fn open<S: ByteStream>(
    request: Request,
    stream: S,
) -> Result<(S, Vec<u8>), Error> {
    let (socket, _response) = client_async(
        request,
        Head {
            stream,
            matched: 0,
            rest: Vec::new(),
        },
    )
    .await?;
    let Head { stream, rest, .. } = socket.into_inner();
    Ok((stream, rest))
}

/// A stream of which no more than the head of one HTTP message can be read.
struct Head<S> {
    stream: S,
    /// How much of [`END`] the last bytes were.
    matched: usize,
    /// What was read behind the head.
    rest: Vec<u8>,
}

impl<S> Head<S> {
    /// How many of `bytes` are part of the head.
    fn part(&mut self, bytes: &[u8]) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            self.matched = if byte == END[self.matched] {
                self.matched + 1
            } else {
                usize::from(byte == END[0])
            };
            if self.matched == END.len() {
                return at + 1;
            }
        }
        bytes.len()
    }
}

impl<S: ByteStream> AsyncRead for Head<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.matched == END.len() {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let end = before + self.part(&buffer.filled()[before..]);
        self.rest.extend_from_slice(&buffer.filled()[end..]);
        buffer.set_filled(end);
        Poll::Ready(Ok(()))
    }
}

impl<S: ByteStream> AsyncWrite for Head<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
