//! The door: what a stranger says to a listener for WebSockets, from the request on.

use core::future::poll_fn;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use std::sync::Arc;

use futures::future::AbortHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::address::Scheme;
use crate::mesh::LinkInfo;
use crate::native::house::{House, Visitor};
use crate::native::http::{Site, upgraded};
use crate::native::reports::Desk;
use crate::native::socket::{ByteStream, Shared};
use crate::native::{Reports, TransportOptions};

/// Room between the two ends: little, so that both wait for each other.
const PIPE: usize = 1 << 10;
/// Longer than any run may take.
const AGES: Duration = Duration::from_secs(3_600);

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O");
}

pub fn upgrade(bytes: &[u8]) {
    let Some((&[size], said)) = bytes.split_first_chunk() else {
        return;
    };
    RUNTIME.with(|runtime| runtime.block_on(visit(said, usize::from(size) * 8 + 1)));
}

/// A visitor who says something in chunks of `size`, listens until the door is shut, and goes.
async fn visit(said: &[u8], size: usize) {
    let (near, far) = tokio::io::duplex(PIPE);
    let (mut hears, mut says) = tokio::io::split(far);
    let speak = async {
        for chunk in said.chunks(size) {
            if says.write_all(chunk).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
        // Who is gone already need not be told.
        let _ = says.shutdown().await;
    };
    let mut heard = Vec::new();
    let (is_link, _, ()) = tokio::join!(open(near), hears.read_to_end(&mut heard), speak);
    let is_answer = heard.starts_with(b"HTTP/1.1 ") || heard.starts_with(b"HTTP/1.0 ");
    assert!(is_answer || heard.is_empty(), "HTTP answers in HTTP");
    let mut lines = heard.split(|byte| *byte == b'\n');
    let switches = lines.any(|line| line.starts_with(b"HTTP/1.1 101 "));
    assert_eq!(switches, is_link, "who is told so has a link");
}

/// Serves as a listener does; takes what comes over the link, if it becomes one, to its end. Says whether it did.
pub(in crate::native) async fn open<S: ByteStream + 'static>(stream: S) -> bool {
    let options = TransportOptions {
        handshake_timeout: AGES,
        max_frame: 1 << 12,
        reports: Reports::Public,
        ..TransportOptions::default()
    };
    // Nobody answers what is asked of the node: that is told, too.
    let (desk, _) = Desk::new(options.reports);
    let site = Site::new(Scheme::Ws, &options, Shared::default(), Arc::new(desk));
    let site = Arc::new(site);
    let info = LinkInfo {
        scheme: Scheme::Ws,
        remote: None,
        local_host: None,
        proxied: false,
    };
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let visitor = Visitor::new(ip, info);
    let (end, _) = AbortHandle::new_pair();
    let standing = Arc::new(Arc::new(House::new(&options)).receive(ip, end));
    standing.speak();
    let deadline = Instant::now() + AGES;
    let upgraded = upgraded(stream, visitor, site, standing, deadline).await;
    let Some((mut link, _, _counted)) = upgraded else {
        return false;
    };
    while poll_fn(|cx| link.poll_receive(cx)).await.is_ok() {}
    true
}
