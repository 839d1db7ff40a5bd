//! Strangers, one of each kind: they go on until they are dropped, and come back when they are thrown out.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rs2p::wire::{Capabilities, Draft, Kind, sub_flag};
use rs2p::{NodeId, Scheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::pace::Pace;
use crate::peer::{greeting, join, name, wall};
use crate::relay::Door;
use crate::wire::{Caller, request, upgrade};

/// Time between two bytes of those who drip.
const DRIP: Duration = Duration::from_secs(1);
/// Time before a stranger comes back: two thousand of them knock two thousand times a second.
const BACK: Duration = Duration::from_secs(1);
/// Broadcasts that are made before they are sent together.
const BATCH: u32 = 50;

/// Strangers, and whether those who are thrown out come back. They end when this is dropped.
pub(crate) struct Strangers {
    tasks: JoinSet<()>,
    come_back: Arc<AtomicBool>,
    /// How often one of them was let in, or at least not turned away at once.
    pub(crate) visits: Arc<AtomicU64>,
}

impl Strangers {
    pub(crate) fn none() -> Self {
        Self {
            tasks: JoinSet::new(),
            come_back: Arc::new(AtomicBool::new(true)),
            visits: Arc::default(),
        }
    }

    /// Adds one that does this again and again.
    pub(crate) fn add<F, T>(&mut self, mut visit: F)
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = io::Result<()>> + Send,
    {
        let (come_back, visits) = (self.come_back.clone(), self.visits.clone());
        self.tasks.spawn(async move {
            while come_back.load(Ordering::Relaxed) {
                visits.fetch_add(1, Ordering::Relaxed);
                // However it ends, it begins again.
                let _ = visit().await;
                sleep(BACK).await;
            }
        });
    }

    /// From now on nobody comes back; those who are there stay.
    pub(crate) fn stay_away(&self) {
        self.come_back.store(false, Ordering::Relaxed);
    }
}

/// Says nothing, until it is thrown out.
pub(crate) async fn be_silent(caller: Caller, door: Door) -> io::Result<()> {
    let mut stream = caller.connect(door.at).await?;
    read_to_end(&mut stream).await
}

/// Says what everybody says, a byte a second, until it is thrown out.
pub(crate) async fn drip(caller: Caller, door: Door) -> io::Result<()> {
    let mut stream = caller.connect(door.at).await?;
    let node = name();
    let words = match door.scheme {
        Scheme::Ws => request(door, "").into_bytes(),
        // A TLS record with a hello of 512 bytes, of which the first few come (RFC 8446, 5.1 and 4).
        Scheme::Tls | Scheme::Wss => {
            [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[7; 501]].concat()
        }
        _ => greeting(&node, Scheme::Tcp, None).to_vec(),
    };
    drip_over(&mut stream, &words).await
}

/// Opens a WebSocket as one should, and greets in it a byte a second.
pub(crate) async fn drip_in_websocket(caller: Caller, door: Door) -> io::Result<()> {
    let mut stream = caller.connect(door.at).await?;
    upgrade(&mut stream, &request(door, "")).await?;
    let words = greeting(&name(), Scheme::Ws, None);
    let mut framed = Vec::new();
    crate::wire::header(0x2, words.len() as u64, &mut framed);
    framed.extend_from_slice(&words);
    drip_over(&mut stream, &framed).await
}

async fn drip_over(stream: &mut TcpStream, words: &[u8]) -> io::Result<()> {
    for byte in words {
        stream.write_all(&[*byte]).await?;
        // Whoever is thrown out notices as it reads.
        if let Ok(ended) = timeout(DRIP, read_to_end(stream)).await {
            return ended;
        }
    }
    read_to_end(stream).await
}

/// Reads what comes, until the end.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> io::Result<()> {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

/// In whose name a flood is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Own,
    /// A new one for each message.
    Forged,
}

/// Greets, and broadcasts `rate` small messages a second, as far as they are taken; counts those.
pub(crate) async fn flood(
    caller: Caller,
    door: Door,
    rate: u32,
    names: Names,
    taken: Arc<AtomicU64>,
) -> io::Result<()> {
    let node = name();
    let (reader, mut writer) = join(caller, door, &node, Capabilities::HEARTBEAT).await?;
    // It reads, so that nobody can call it slow.
    let reading = tokio::spawn(reader.drain());
    let mut pace = Pace::new(rate.div_ceil(BATCH));
    let flooding = async {
        loop {
            pace.next().await;
            let mut batch = Vec::new();
            for frame in (0..BATCH).map(|_| junk(&node, names)) {
                writer.wrap(0x2, &frame, &mut batch);
            }
            writer.send_raw(&batch).await?;
            taken.fetch_add(BATCH.into(), Ordering::Relaxed);
        }
    };
    let ended = flooding.await;
    reading.abort();
    ended
}

/// A broadcast that means nothing, and is like no other.
fn junk(node: &NodeId, names: Names) -> Bytes {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let forged;
    let sender = match names {
        Names::Own => node,
        Names::Forged => {
            forged = NodeId::new(format!("forged{number}").as_bytes()).expect("a short name");
            &forged
        }
    };
    let draft = Draft::new(Kind::Broadcast, sender, wall());
    let message = draft.encode(&[sub_flag::BROADCAST.into(), "junk".into(), number.into()]);
    message.frame().into_bytes()
}

/// Greets, says these frames, each until the link ends or `patience` is over; whether it was thrown out.
pub(crate) async fn say_and_wait(
    caller: Caller,
    door: Door,
    capabilities: Capabilities,
    frames: &[Bytes],
    patience: Duration,
) -> io::Result<bool> {
    let (reader, mut writer) = join(caller, door, &name(), capabilities).await?;
    let end = Instant::now() + patience;
    for frame in frames {
        // Who was thrown out before the last may find that out here or there.
        if writer.send(frame).await.is_err() {
            return Ok(true);
        }
    }
    Ok(tokio::time::timeout_at(end, reader.drain()).await.is_ok())
}
