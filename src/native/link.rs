//! The link that the native transport makes: one of a few kinds, told apart once here.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task;

use super::census::Counted;
use super::socket::Shared;
use super::stream::Stream;
use super::tcp::ByteLink;
use super::websocket::WebSocketLink;
use crate::mesh::{CloseReason, LinkDown, LinkInfo};
use crate::transport::Link;

/// A link over TCP or WebSocket, with TLS or without. Dropping it closes its socket.
#[derive(Debug)]
pub struct NativeLink(Box<Parts>);

/// In a box: the empty places of a table of links then cost little, and what is looked at of each lies close together.
#[derive(Debug)]
struct Parts {
    info: LinkInfo,
    kind: Kind,
    /// For as long as an accepted link stands, it counts.
    counted: Option<Counted>,
}

#[derive(Debug)]
enum Kind {
    Bytes(ByteLink<Stream>),
    WebSocket(WebSocketLink<Stream>),
}

impl NativeLink {
    /// A link whose bytes are those of the stream.
    pub(super) fn bytes(info: LinkInfo, stream: Stream, buffer: Shared) -> Self {
        Self::of(info, Kind::Bytes(ByteLink::new(stream, buffer)))
    }

    pub(super) fn websocket(info: LinkInfo, link: WebSocketLink<Stream>) -> Self {
        Self::of(info, Kind::WebSocket(link))
    }

    fn of(info: LinkInfo, kind: Kind) -> Self {
        Self(Box::new(Parts {
            info,
            kind,
            counted: None,
        }))
    }

    /// The same as one of those that a listener has made.
    pub(super) fn counted(mut self, counted: Counted) -> Self {
        self.0.counted = Some(counted);
        self
    }

    /// Bytes of control frames that wait.
    #[cfg(test)]
    pub(super) fn control(&self) -> usize {
        match &self.0.kind {
            Kind::Bytes(_) => 0,
            Kind::WebSocket(link) => link.control(),
        }
    }
}

impl Link for NativeLink {
    fn info(&self) -> LinkInfo {
        self.0.info.clone()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        match &mut self.0.kind {
            Kind::Bytes(link) => uncounted(cx, |cx| link.poll_receive(cx)),
            Kind::WebSocket(link) => uncounted(cx, |cx| link.poll_receive(cx)),
        }
    }

    fn send(&mut self, frame: Bytes) {
        match &mut self.0.kind {
            Kind::Bytes(link) => link.send(frame),
            Kind::WebSocket(link) => link.send(frame),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        match &mut self.0.kind {
            Kind::Bytes(link) => uncounted(cx, |cx| link.poll_flush(cx)),
            Kind::WebSocket(link) => uncounted(cx, |cx| link.poll_flush(cx)),
        }
    }

    fn ping(&mut self) {
        match &mut self.0.kind {
            Kind::Bytes(_) => {}
            Kind::WebSocket(link) => link.ping(),
        }
    }

    fn take_pong(&mut self) -> bool {
        match &mut self.0.kind {
            Kind::Bytes(_) => false,
            Kind::WebSocket(link) => link.take_pong(),
        }
    }

    fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0.kind {
            Kind::Bytes(link) => uncounted(cx, |cx| link.poll_close(cx)),
            Kind::WebSocket(link) => uncounted(cx, |cx| link.poll_close(reason, cx)),
        }
    }
}

/// What `call` comes to outside tokio's count of calls, for the driver takes turns among links by itself. By that count one
/// write to each of a thousand links is too much for one turn, so that most would look as if they were full; and a peer that has
/// used it up would be the first to be read again. Whoever is not a link yet is counted, which
/// bounds what all of them together take of a turn.
fn uncounted<T>(
    cx: &mut Context<'_>,
    mut call: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let call = task::unconstrained(poll_fn(|cx| Poll::Ready(call(cx))));
    ready!(pin!(call).poll(cx))
}
