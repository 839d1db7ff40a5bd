//! The browser's [`Transport`]: dials WebSockets, and nothing else.
//!
//! A page cannot listen and has no TCP; both are refused here, with words that say where to go instead.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::websocket::WebLink;
use crate::address::{Address, Scheme};
use crate::mesh::LinkDown;
use crate::transport::Transport;

/// Dials `ws://` and `wss://` from a window, a worker or Node; accepts nothing.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct WebTransport;

impl WebTransport {
    /// The transport; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl Transport for WebTransport {
    type Link = WebLink;
    type Dial = WebDial;

    fn dial(&mut self, address: &Address) -> WebDial {
        let link = match address.scheme() {
            Scheme::Ws | Scheme::Wss => WebLink::open(address),
            _ => Err(LinkDown::Unreachable(format!(
                "{address} cannot be dialled from a browser, which dials only ws:// and wss://"
            ))),
        };
        WebDial { link: Some(link) }
    }

    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<WebLink> {
        Poll::Pending
    }
}

/// A WebSocket that is being opened. Dropping it closes it.
#[derive(Debug)]
pub struct WebDial {
    /// `None` once it was handed out.
    link: Option<Result<WebLink, LinkDown>>,
}

impl Future for WebDial {
    type Output = Result<WebLink, LinkDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(Ok(link)) = &mut self.link
            && let Err(down) = ready!(link.poll_open(cx))
        {
            self.link = None;
            return Poll::Ready(Err(down));
        }
        // Polled again after its end, a future may do anything but panic on what a peer did; this one never ends.
        self.link.take().map_or(Poll::Pending, Poll::Ready)
    }
}
