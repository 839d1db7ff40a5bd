//! The link that the native transport makes: one of a few kinds, told apart once here.

use core::task::{Context, Poll};

use bytes::Bytes;
use tokio::net::TcpStream;

use super::socket::ReadBuffer;
use super::tcp::ByteLink;
use super::websocket::WebSocketLink;
use crate::mesh::{CloseReason, LinkDown, LinkInfo};
use crate::transport::Link;

/// A link over TCP or WebSocket. Dropping it closes its socket.
#[derive(Debug)]
pub struct NativeLink {
    info: LinkInfo,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Tcp(ByteLink<TcpStream>),
    Ws(Box<WebSocketLink<TcpStream>>),
}

impl NativeLink {
    pub(super) fn tcp(info: LinkInfo, stream: TcpStream, buffer: ReadBuffer) -> Self {
        Self {
            info,
            kind: Kind::Tcp(ByteLink::new(stream, buffer)),
        }
    }

    pub(super) fn ws(info: LinkInfo, link: WebSocketLink<TcpStream>) -> Self {
        Self {
            info,
            kind: Kind::Ws(Box::new(link)),
        }
    }

    /// Bytes of control frames that wait.
    #[cfg(test)]
    pub(super) fn control(&self) -> usize {
        match &self.kind {
            Kind::Tcp(_) => 0,
            Kind::Ws(link) => link.control(),
        }
    }
}

impl Link for NativeLink {
    fn info(&self) -> LinkInfo {
        self.info.clone()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        match &mut self.kind {
            Kind::Tcp(link) => link.poll_receive(cx),
            Kind::Ws(link) => link.poll_receive(cx),
        }
    }

    fn send(&mut self, frame: Bytes) {
        match &mut self.kind {
            Kind::Tcp(link) => link.send(frame),
            Kind::Ws(link) => link.send(frame),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        match &mut self.kind {
            Kind::Tcp(link) => link.poll_flush(cx),
            Kind::Ws(link) => link.poll_flush(cx),
        }
    }

    fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.kind {
            Kind::Tcp(link) => link.poll_close(cx),
            Kind::Ws(link) => link.poll_close(reason, cx),
        }
    }
}
