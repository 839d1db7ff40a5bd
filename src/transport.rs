//! What the driver needs of a platform: links that carry bytes, a transport that makes them, a clock.
//!
//! No runtime, no `async fn` and no `Send` bound: the same driver runs on tokio, in a browser and in memory, and its
//! future is `Send` exactly where the transport is. Nothing here knows what the bytes mean.

use core::future::Future;
use core::task::{Context, Poll};

use bytes::Bytes;
use futures::channel::oneshot;

use crate::address::Address;
use crate::mesh::{CloseReason, LinkDown, LinkInfo, Pulse, Report};
use crate::time::{Timestamp, WallSeconds};

/// Makes links: dials them, and accepts them where it listens.
pub trait Transport {
    /// The links that it makes.
    type Link: Link;
    /// A dial under way. Dropping it gives the dial up.
    type Dial: Future<Output = Result<Self::Link, LinkDown>> + Unpin;

    /// Begins to dial. A failure, and an address that this platform cannot dial, is [`LinkDown::Unreachable`].
    fn dial(&mut self, address: &Address) -> Self::Dial;

    /// Another turn begins: what a transport does little of in each, it may do again. Links are read and written in between. Whoever
    /// polls a transport says so, and a transport around another hands it on.
    fn begin_turn(&mut self) {}

    /// The next link that somebody dialled; pending for ever where nothing is listened on.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Self::Link>;

    /// What somebody outside wants to know of the node, where the transport has a way to be asked; pending for ever where it has
    /// none. The driver answers when it next goes round.
    fn poll_inquiry(&mut self, _cx: &mut Context<'_>) -> Poll<Inquiry> {
        Poll::Pending
    }

    /// The node takes nobody new: from here on who comes is refused, as early as the transport can. [`Transport::poll_accept`]
    /// is polled on, and what is still accepted the node refuses.
    fn refuse_links(&mut self) {}
}

/// What somebody wants to know of a node, and where the answer goes. Nobody waiting for it is no error.
#[derive(Debug)]
pub enum Inquiry {
    /// How it fares in short, which costs nothing.
    Pulse(oneshot::Sender<Pulse>),
    /// How it fares.
    Report(oneshot::Sender<Report>),
}

/// One link: an ordered stream of bytes each way.
///
/// What a call does has a bound, whatever the peer sends: it is the driver that takes turns among links, and nobody else.
/// Polled with a waker of its own. After [`Link::poll_receive`] has failed it is only dropped; after
/// [`Link::poll_flush`] has, what came before is received still.
pub trait Link: Unpin {
    /// What is known of the link.
    fn info(&self) -> LinkInfo;

    /// The next bytes, at least one, in any chunking.
    ///
    /// # Errors
    /// How the link ended. What came before is not lost.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>>;

    /// Takes a frame to be written after those before it. Always succeeds: the core keeps what is on its way within
    /// [`Config::link_budget`](crate::Config::link_budget).
    fn send(&mut self, frame: Bytes);

    /// Writes as much as the network takes. `Ready(Ok(n))`: it took `n` more bytes of frames, and 0 if nothing waited; `Pending`: it
    /// takes nothing now. Where something waits still, the waker is called when the network takes more.
    ///
    /// # Errors
    /// How the link ended.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>>;

    /// Asks the far end's transport whether it lives, where there is a way, as in WebSockets: what answers is not its program.
    fn ping(&mut self) {}

    /// Whether the far end's transport has answered a [`Link::ping`] since this was asked last. Asked after each
    /// [`Link::poll_receive`], by which the answer comes; the waker is called for it.
    fn take_pong(&mut self) -> bool {
        false
    }

    /// Tells the peer why, as far as the transport has words for it, after what was sent, and ends the link. Ready when
    /// that is done; the driver drops the link after a bounded time if it is not.
    fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()>;
}

/// The two times of a platform.
pub trait Clock {
    /// The monotonic time.
    fn now(&self) -> Timestamp;

    /// The time of day.
    fn wall(&self) -> WallSeconds;

    /// Ready once `now()` has reached `at`. Called with another `at`, it forgets the one before.
    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()>;
}
