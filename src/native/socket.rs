//! What every kind of link needs of a socket: its options, what is known of it, and one read buffer for all.
//!
//! Decides nothing about what is read.

use core::future::Future;
use core::net::{IpAddr, SocketAddr};
use core::ops::Range;
use core::pin::pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

use super::room;
use super::wrapping::Wrapper;
use crate::address::Scheme;
use crate::mesh::{LinkDown, LinkInfo};

/// Silence after which the kernel asks whether the peer's machine lives. As the mesh's own heartbeat, below which it
/// stays for a peer that answers nothing.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Most bytes that one read yields: 64 KiB.
pub(super) const READ: usize = 64 << 10;

/// What a link runs on.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {
    /// Has the kernel hold so many bytes of what is sent, where there is a kernel.
    fn make_room(&self, _bytes: usize) {}
}

#[cfg(any(fuzzing, test))]
impl ByteStream for tokio::io::DuplexStream {}

/// Sets the options of a connected socket: frames leave at once, a dead machine is noticed, and so is a peer that does not read. A system that does not
/// know an option does without it.
pub(super) fn tune(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    let set = set.and_then(|()| SockRef::from(stream).set_send_buffer_size(room::NARROW));
    if let Err(error) = set {
        tracing::debug!(%error, "a socket option was refused");
    }
}

/// What a socket tells of its two ends.
pub(super) fn describe(scheme: Scheme, stream: &TcpStream) -> LinkInfo {
    // An IPv4 peer of a socket that listens on `::` shows as `::ffff:…`, which nobody would write.
    let remote = stream
        .peer_addr()
        .ok()
        .map(|at| endpoint(at.ip().to_canonical(), at.port()));
    let local_host = stream
        .local_addr()
        .ok()
        .map(|at| at.ip().to_canonical().to_string());
    LinkInfo {
        scheme,
        remote,
        local_host,
        proxied: false,
    }
}

/// An endpoint as people write it.
pub(super) fn endpoint(ip: IpAddr, port: u16) -> String {
    SocketAddr::new(ip, port).to_string()
}

/// Not yet, and go on in another turn: what a peer sends without end is read bit by bit, between the other links.
pub(super) fn another_turn<T>(cx: &Context<'_>) -> Poll<T> {
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// How a link ended whose socket failed with `error`.
pub(super) fn failure(error: &io::Error) -> LinkDown {
    LinkDown::Failed(match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the peer reset the connection".to_owned()
        }
        io::ErrorKind::TimedOut => "the peer's machine does not answer any more".to_owned(),
        _ => error.to_string(),
    })
}

/// What all links of a transport share: one read buffer, so that an idle link holds none, and what wraps messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    pub(super) wrapper: Wrapper,
    /// Never contended: all links of a transport are polled in one task.
    space: Arc<Mutex<BytesMut>>,
}

impl Shared {
    /// What `stream` has to read, at most `most` bytes and at most [`READ`], after `decode` has moved what matters together and said where it is; at the
    /// end of the stream `decode` is given nothing. Small results are copied out, so that who keeps them
    /// keeps no more than them; large ones are handed over as they are.
    pub(super) fn poll_read<S: ByteStream>(
        &self,
        stream: &mut S,
        cx: &mut Context<'_>,
        most: usize,
        decode: impl FnOnce(&mut [u8]) -> Range<usize>,
    ) -> Poll<io::Result<Bytes>> {
        let mut space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
        space.clear();
        // What was handed over and is not needed any more is used again.
        space.reserve(READ);
        let mut room = (&mut *space).limit(most.min(READ));
        // The future holds nothing but its arguments: to drop it between two polls loses nothing.
        ready!(pin!(stream.read_buf(&mut room)).poll(cx))?;
        let payload = decode(&mut space);
        Poll::Ready(Ok(if payload.len() > READ / 2 {
            space.split().freeze().slice(payload)
        } else {
            Bytes::copy_from_slice(&space[payload])
        }))
    }
}
