//! A gate in front of a node that keeps a copy of what passes it, to be read frame by frame.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rs2p::Address;
use rs2p::wire::{FrameReader, Limits, Message};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What was said to a node over one connection.
type Copied = Arc<Mutex<Vec<u8>>>;

/// A gate in front of a node that speaks plain TCP. It closes with the test.
pub(crate) struct Tap {
    address: Address,
    said: Arc<Mutex<Vec<Copied>>>,
    _connections: JoinSet<()>,
}

impl Tap {
    /// A tap on what is said to a node.
    pub(crate) async fn of(node: Address) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let address = node.with_endpoint("127.0.0.1", port).expect("an address");
        let said = Arc::default();
        let mut connections = JoinSet::new();
        connections.spawn(serve(listener, node, Arc::clone(&said)));
        Self {
            address,
            said,
            _connections: connections,
        }
    }

    /// Where the gate is.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The messages that were said to the node, whichever connection they came over.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let said = lock(&self.said);
        said.iter().flat_map(|bytes| read(&lock(bytes))).collect()
    }
}

fn read(bytes: &[u8]) -> Vec<Message> {
    let mut reader = FrameReader::new(1 << 20);
    reader.push(Bytes::copy_from_slice(bytes));
    std::iter::from_fn(|| reader.next_frame().expect("frames"))
        .map(|frame| {
            frame
                .open(&[], 1 << 20, &Limits::DEFAULT)
                .expect("a message")
        })
        .collect()
}

async fn serve(listener: TcpListener, node: Address, said: Arc<Mutex<Vec<Copied>>>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let Ok(far) = TcpStream::connect((node.host(), node.port())).await else {
            continue;
        };
        let copy = Copied::default();
        lock(&said).push(Arc::clone(&copy));
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        connections.spawn(carry(from_near, to_far, copy));
        connections.spawn(carry(from_far, to_near, Copied::default()));
    }
}

/// Carries bytes one way until either side ends.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, copy: Copied) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        lock(&copy).extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    // What ended one way is told to the other; it may know.
    let _ = to.shutdown().await;
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
