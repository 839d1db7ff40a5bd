//! Links inside one process: a transport for tests and simulations, on every target.
//!
//! Addresses are `memory:N`. Links are ordered, lossless and bounded like a TCP connection, and as fast as the executor.

use core::future::{Ready, ready};
use core::task::{Context, Poll, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::address::{Address, Scheme};
use crate::mesh::{CloseReason, LinkDown, LinkInfo};
use crate::transport::{Link, Transport};

/// Bytes that one direction of a link holds before its writer has to wait.
const PIPE: usize = 64 << 10;
/// Links that wait to be accepted before further ones are refused.
const BACKLOG: usize = 128;

/// The places of one process. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryNetwork {
    ports: Arc<Mutex<BTreeMap<u16, Port>>>,
}

#[derive(Debug, Default)]
struct Port {
    waiting: VecDeque<MemoryLink>,
    waker: Option<Waker>,
}

impl MemoryNetwork {
    /// A network without anybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// A transport that listens on `memory:number`, or, with `None`, only dials. `None` if the number is taken.
    pub fn transport(&self, number: Option<u16>) -> Option<MemoryTransport> {
        if let Some(number) = number {
            let mut ports = lock(&self.ports);
            if ports.contains_key(&number) {
                return None;
            }
            ports.insert(number, Port::default());
        }
        Some(MemoryTransport {
            network: self.clone(),
            number,
        })
    }

    fn connect(&self, number: u16) -> Result<MemoryLink, LinkDown> {
        let mut ports = lock(&self.ports);
        let port = ports
            .get_mut(&number)
            .ok_or_else(|| unreachable(number, "nobody listens there"))?;
        if port.waiting.len() >= BACKLOG {
            return Err(unreachable(number, "too many wait there"));
        }
        let (here, there) = pair();
        port.waiting.push_back(there);
        if let Some(waker) = port.waker.take() {
            waker.wake();
        }
        Ok(here)
    }
}

fn unreachable(number: u16, why: &str) -> LinkDown {
    LinkDown::Unreachable(format!("memory:{number}: {why}"))
}

/// One node's way into a [`MemoryNetwork`]. Dropping it frees its number.
#[derive(Debug)]
pub struct MemoryTransport {
    network: MemoryNetwork,
    number: Option<u16>,
}

impl Transport for MemoryTransport {
    type Link = MemoryLink;
    type Dial = Ready<Result<MemoryLink, LinkDown>>;

    fn dial(&mut self, address: &Address) -> Self::Dial {
        ready(match address.scheme() {
            Scheme::Memory => self.network.connect(address.port()),
            other => Err(LinkDown::Unreachable(format!(
                "{address}: this transport dials memory:N, not {other}"
            ))),
        })
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<MemoryLink> {
        let Some(number) = self.number else {
            return Poll::Pending;
        };
        let mut ports = lock(&self.network.ports);
        let Some(port) = ports.get_mut(&number) else {
            return Poll::Pending;
        };
        match port.waiting.pop_front() {
            Some(link) => Poll::Ready(link),
            None => {
                port.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for MemoryTransport {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            lock(&self.network.ports).remove(&number);
        }
    }
}

/// One direction of a link.
#[derive(Debug, Default)]
struct Pipe {
    chunks: VecDeque<Bytes>,
    bytes: usize,
    closed: Option<LinkDown>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    fn close(&mut self, down: LinkDown) {
        self.closed.get_or_insert(down);
        for waker in [self.reader.take(), self.writer.take()]
            .into_iter()
            .flatten()
        {
            waker.wake();
        }
    }
}

/// One end of a link in memory. Dropping it is seen by the other end as an end without a reason.
#[derive(Debug)]
pub struct MemoryLink {
    incoming: Arc<Mutex<Pipe>>,
    outgoing: Arc<Mutex<Pipe>>,
    unsent: VecDeque<Bytes>,
    has_pong: bool,
}

fn pair() -> (MemoryLink, MemoryLink) {
    let (one, two) = (Arc::default(), Arc::default());
    let link = |incoming: &Arc<_>, outgoing: &Arc<_>| MemoryLink {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        unsent: VecDeque::new(),
        has_pong: false,
    };
    (link(&one, &two), link(&two, &one))
}

impl Link for MemoryLink {
    fn info(&self) -> LinkInfo {
        LinkInfo {
            scheme: Scheme::Memory,
            remote: None,
            local_host: None,
            proxied: false,
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        let mut pipe = lock(&self.incoming);
        if let Some(chunk) = pipe.chunks.pop_front() {
            pipe.bytes -= chunk.len();
            if let Some(writer) = pipe.writer.take() {
                writer.wake();
            }
            return Poll::Ready(Ok(chunk));
        }
        if let Some(down) = &pipe.closed {
            return Poll::Ready(Err(down.clone()));
        }
        pipe.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, frame: Bytes) {
        self.unsent.push_back(frame);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        let mut pipe = lock(&self.outgoing);
        let mut written = 0;
        while let Some(frame) = self.unsent.front_mut() {
            if pipe.closed.is_some() {
                return Poll::Ready(Err(LinkDown::ClosedByPeer {
                    code: None,
                    reason: String::new(),
                }));
            }
            let room = PIPE.saturating_sub(pipe.bytes);
            if room == 0 {
                pipe.writer = Some(cx.waker().clone());
                break;
            }
            let chunk = frame.split_to(room.min(frame.len()));
            if frame.is_empty() {
                self.unsent.pop_front();
            }
            written += chunk.len();
            pipe.bytes += chunk.len();
            pipe.chunks.push_back(chunk);
        }
        if written > 0
            && let Some(reader) = pipe.reader.take()
        {
            reader.wake();
        }
        if written == 0 && !self.unsent.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(Ok(written))
        }
    }

    /// What answers is the other end of the link, for as long as somebody holds it.
    fn ping(&mut self) {
        let mut pipe = lock(&self.incoming);
        self.has_pong = pipe.closed.is_none();
        if let Some(reader) = pipe.reader.take() {
            reader.wake();
        }
    }

    fn take_pong(&mut self) -> bool {
        core::mem::take(&mut self.has_pong)
    }

    fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        while !self.unsent.is_empty() {
            match self.poll_flush(cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
        let down = LinkDown::ClosedByPeer {
            code: Some(reason.code()),
            reason: reason.to_string(),
        };
        lock(&self.outgoing).close(down);
        Poll::Ready(())
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        let gone = || LinkDown::ClosedByPeer {
            code: None,
            reason: String::new(),
        };
        lock(&self.outgoing).close(gone());
        lock(&self.incoming).close(gone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking thread left is whole: no update here is done in two steps.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
