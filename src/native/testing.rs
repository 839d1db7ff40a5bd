//! What the tests of this floor share: real sockets on loopback, and waiting for an event with a deadline.

use core::future::{Future, poll_fn};
use core::task::{Context, Poll};
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{NativeLink, NativeTransport, ServerIdentity, TransportOptions, Trust};
use crate::address::Address;
use crate::mesh::{CloseReason, LinkDown};
use crate::transport::{Link, Transport};

/// What `event` comes to, if that is within the time after which a test has failed.
pub(super) async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), event)
        .await
        .expect("the event did not come")
}

/// The options of a transport with a certificate of its own, which it trusts.
pub(super) fn secure() -> TransportOptions {
    let identity = ServerIdentity::self_signed().expect("a certificate");
    let mut options = TransportOptions::default();
    options.tls.trust = Trust::Pinned(vec![identity.fingerprint()]);
    options.tls.identity = Some(identity);
    options
}

/// A transport that listens on a free port of `scheme://127.0.0.1`.
pub(super) async fn listening(
    scheme: &str,
    options: TransportOptions,
) -> (NativeTransport, Address) {
    let mut transport = NativeTransport::new(options);
    let address = transport
        .listen(&address(&format!("{scheme}://127.0.0.1:0")))
        .await
        .expect("a free port");
    (transport, address)
}

pub(super) fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

/// A turn of the driver's, in which it looks for a link.
pub(super) fn poll_turn(transport: &mut NativeTransport, cx: &mut Context<'_>) -> Poll<NativeLink> {
    transport.begin_turn();
    transport.poll_accept(cx)
}

/// The next link of a transport.
pub(super) async fn accept(transport: &mut NativeTransport) -> NativeLink {
    soon(poll_fn(|cx| poll_turn(transport, cx))).await
}

/// Both ends of a link: the accepted and the dialled.
pub(super) async fn pair(scheme: &str) -> (NativeLink, NativeLink) {
    let (mut transport, address) = listening(scheme, secure()).await;
    let dial = transport.dial(&address);
    let (accepted, dialled) = tokio::join!(accept(&mut transport), soon(dial));
    (accepted, dialled.expect("a link"))
}

/// Runs `visit` while `transport` serves, which must not make a link of it.
pub(super) async fn serving<T>(
    transport: &mut NativeTransport,
    visit: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        result = soon(visit) => result,
        _ = poll_fn(|cx| poll_turn(transport, cx)) => panic!("a link was made"),
    }
}

pub(super) async fn receive(link: &mut NativeLink) -> Result<Bytes, LinkDown> {
    soon(poll_fn(|cx| link.poll_receive(cx))).await
}

/// The next `length` bytes of a link.
pub(super) async fn receive_all(link: &mut NativeLink, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        bytes.extend_from_slice(&receive(link).await.expect("more bytes"));
    }
    bytes
}

/// Writes all that waits; returns how many bytes of frames that were.
pub(super) async fn flush(link: &mut NativeLink) -> usize {
    let mut written = 0;
    loop {
        match soon(poll_fn(|cx| link.poll_flush(cx)))
            .await
            .expect("a link that is up")
        {
            0 => return written,
            more => written += more,
        }
    }
}

pub(super) async fn close(link: &mut NativeLink, reason: CloseReason) {
    soon(poll_fn(|cx| link.poll_close(&reason, cx))).await;
}

/// `length` bytes of which no two neighbourhoods are alike.
pub(super) fn pattern(length: usize) -> Bytes {
    (0..length)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

/// A connection of a peer that is not made of this code.
pub(super) async fn raw(address: &Address) -> TcpStream {
    TcpStream::connect((address.host(), address.port()))
        .await
        .expect("a connection")
}

/// What a server says until it closes, to `request`.
pub(super) async fn ask(address: &Address, request: &str) -> String {
    let mut stream = raw(address).await;
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A directory that goes with the test.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "rs2p-test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a new directory");
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A directory that stays is a nuisance, not a failure.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
