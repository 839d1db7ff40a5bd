//! One message in, delivered to all other nodes of iroh-gossip (HyParView and Plumtree over QUIC): all in one process, over
//! loopback addresses, with no relay between them.
//!
//! Usage: `rs2p-gossip NODES SIZE WINDOW WARM SECONDS`. It prints what it measured as one line of JSON; the processor time in
//! it is that of all nodes, encryption and the receivers included.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::presets;
use iroh::protocol::Router;
use iroh::{Endpoint, EndpointId, RelayMode};
use iroh_gossip::api::{Event, GossipReceiver, GossipSender};
use iroh_gossip::net::{GOSSIP_ALPN, Gossip};
use iroh_gossip::proto::TopicId;
use n0_future::StreamExt;
use rustix::time::{ClockId, clock_gettime};

const TOPIC: [u8; 32] = [7; 32];
/// Largest message, in bytes.
const MOST: usize = 1 << 17;
/// How long nodes have to find their neighbours.
const JOINING: Duration = Duration::from_secs(3);
/// How long the publisher waits where the window is full.
const PAUSE: Duration = Duration::from_micros(200);

struct Node {
    gossip: Gossip,
    sender: GossipSender,
    /// Both run as long as they are held.
    _router: Router,
    id: EndpointId,
}

/// Messages that each node got.
type Counts = Arc<Vec<AtomicU64>>;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<f64> = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok())
        .collect();
    let [count, size, window, warm, seconds] = words[..] else {
        anyhow::bail!("usage: rs2p-gossip NODES SIZE WINDOW WARM SECONDS");
    };
    let counts: Counts = (0..count as usize)
        .map(|_| AtomicU64::new(0))
        .collect::<Vec<_>>()
        .into();
    let nodes = start(&counts).await?;
    tokio::time::sleep(JOINING).await;
    let first = nodes.first().context("there is no node")?;
    tokio::spawn(publish(
        first.sender.clone(),
        size as usize,
        window as u64,
        counts.clone(),
    ));
    // In which Plumtree prunes to a tree.
    tokio::time::sleep(Duration::from_secs_f64(warm)).await;
    let began = Snapshot::take(&nodes, &counts);
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    println!("{}", Snapshot::take(&nodes, &counts).since(&began));
    std::process::exit(0)
}

/// Nodes, each of which knows one that was there before.
async fn start(counts: &Counts) -> Result<Vec<Node>> {
    let lookup = MemoryLookup::new();
    let mut nodes: Vec<Node> = Vec::new();
    for number in 0..counts.len() {
        // Not always the same one, and the same in each run.
        let known = nodes
            .get(number * 7 / 11)
            .or(nodes.last())
            .map(|node| node.id);
        nodes.push(join(number, known, &lookup, counts).await?);
    }
    Ok(nodes)
}

async fn join(
    number: usize,
    known: Option<EndpointId>,
    lookup: &MemoryLookup,
    counts: &Counts,
) -> Result<Node> {
    let endpoint = Endpoint::builder(presets::Minimal)
        .address_lookup(lookup.clone())
        .relay_mode(RelayMode::Disabled)
        .clear_ip_transports()
        .bind_addr(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?
        .bind()
        .await?;
    let gossip = Gossip::builder()
        .max_message_size(MOST)
        .spawn(endpoint.clone());
    let router = Router::builder(endpoint.clone())
        .accept(GOSSIP_ALPN, gossip.clone())
        .spawn();
    lookup.add_endpoint_info(endpoint.addr());
    let topic = TopicId::from_bytes(TOPIC);
    let topic = match known {
        None => gossip.subscribe(topic, Vec::new()).await?,
        Some(known) => gossip.subscribe_and_join(topic, vec![known]).await?,
    };
    let (sender, receiver) = topic.split();
    tokio::spawn(count(receiver, number, counts.clone()));
    Ok(Node {
        gossip,
        sender,
        _router: router,
        id: endpoint.id(),
    })
}

async fn count(mut receiver: GossipReceiver, number: usize, counts: Counts) {
    while let Some(Ok(event)) = receiver.next().await {
        if matches!(event, Event::Received(_)) {
            counts[number].fetch_add(1, Relaxed);
        }
    }
}

/// Publishes for ever; at most `window` messages are on their way to the slowest node.
async fn publish(sender: GossipSender, size: usize, window: u64, counts: Counts) {
    let mut published = 0_u64;
    loop {
        let others = counts.iter().skip(1).map(|count| count.load(Relaxed));
        if published >= others.min().unwrap_or(u64::MAX).saturating_add(window) {
            tokio::task::yield_now().await;
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let mut payload = vec![7; size.max(8)];
        payload[..8].copy_from_slice(&published.to_le_bytes());
        if sender.broadcast(Bytes::from(payload)).await.is_err() {
            return;
        }
        published += 1;
    }
}

struct Snapshot {
    at: Instant,
    cpu: f64,
    delivered: u64,
    received: u64,
    control: u64,
}

impl Snapshot {
    fn take(nodes: &[Node], counts: &Counts) -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let metrics = || nodes.iter().map(|node| node.gossip.metrics());
        Self {
            at: Instant::now(),
            cpu: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
            delivered: counts.iter().map(|count| count.load(Relaxed)).sum(),
            received: metrics().map(|metrics| metrics.msgs_data_recv.get()).sum(),
            control: metrics().map(|metrics| metrics.msgs_ctrl_recv.get()).sum(),
        }
    }

    /// What happened since another one, as a line of JSON.
    fn since(&self, other: &Self) -> String {
        let seconds = (self.at - other.at).as_secs_f64();
        let delivered = (self.delivered - other.delivered) as f64;
        let cpu = (self.cpu - other.cpu) / delivered * 1e6;
        let copies = (self.received - other.received) as f64 / delivered;
        let control = (self.control - other.control) as f64 / delivered;
        let rate = delivered / seconds;
        format!(
            "{{\"del_per_s\":{rate:.0},\"all_cpu_us_per_del\":{cpu:.3},\"copies_per_del\":{copies:.4},\
             \"control_per_del\":{control:.4}}}"
        )
    }
}
