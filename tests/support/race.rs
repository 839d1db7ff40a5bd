//! Two nodes that dial each other at one moment: each dial is held at a gate until both are under way, and then the gates
//! open in an order that the test chooses.

use std::io;

use rs2p::{Address, Scheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::node::soon;

/// Which gate opens when, once a connection waits at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Both at once.
    Together,
    /// One at once, the other when so many bytes have passed it, either way.
    After { first: usize, bytes: usize },
}

impl Start {
    /// Starts that differ by ever so little, over and over. The last of them lets both handshakes pass first.
    pub(crate) fn of(round: usize) -> Self {
        const STEP: usize = 32;
        const STEPS: usize = 16;
        match round % (2 * STEPS + 1) {
            0 => Self::Together,
            number => Self::After {
                first: number % 2,
                bytes: (number - 1) / 2 * STEP,
            },
        }
    }

    fn opens(self, gate: usize, seen: &Seen) -> bool {
        let both_wait = seen.came.iter().all(|&came| came > 0);
        both_wait
            && match self {
                Self::After { first, bytes } if gate != first => {
                    seen.is_open[first] && seen.carried[first] >= bytes
                }
                _ => true,
            }
    }
}

/// What is seen at the gates.
#[derive(Clone, Debug, Default)]
struct Seen {
    came: [usize; 2],
    ended: usize,
    is_open: [bool; 2],
    carried: [usize; 2],
}

/// Two gates, and all connections through them. They close with it.
pub(crate) struct Race {
    gates: [Address; 2],
    nodes: [watch::Sender<Option<Address>>; 2],
    seen: watch::Sender<Seen>,
    _gates: JoinSet<()>,
}

impl Race {
    /// Opens the gates, behind which nobody is yet.
    pub(crate) async fn new(scheme: Scheme, start: Start) -> Self {
        let (seen, _) = watch::channel(Seen::default());
        let (mut tasks, mut gates, mut nodes) = (JoinSet::new(), Vec::new(), Vec::new());
        for number in 0..2 {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let port = listener.local_addr().expect("a bound socket").port();
            gates.push(Address::new(scheme, "127.0.0.1", port).expect("an address"));
            let (node, behind) = watch::channel(None);
            nodes.push(node);
            let gate = Gate {
                number,
                start,
                node: behind,
                seen: seen.clone(),
            };
            tasks.spawn(gate.serve(listener));
        }
        Self {
            gates: gates.try_into().expect("two"),
            nodes: nodes.try_into().expect("two"),
            seen,
            _gates: tasks,
        }
    }

    /// Where a gate is.
    pub(crate) fn gate(&self, number: usize) -> &Address {
        &self.gates[number]
    }

    /// Who is behind a gate.
    pub(crate) fn leads_to(&self, number: usize, node: Address) {
        self.nodes[number].send_replace(Some(node));
    }

    /// Waits until both dials have come through and one connection is left.
    pub(crate) async fn leaves_one(&self) {
        let mut seen = self.seen.subscribe();
        let one = seen.wait_for(|seen| {
            let came: usize = seen.came.iter().sum();
            seen.is_open == [true; 2] && came - seen.ended == 1
        });
        let one = soon("one connection, and no other", one).await;
        drop(one.expect("gates"));
    }

    /// How many connections were made, of which one would have been enough.
    pub(crate) fn connections(&self) -> usize {
        self.seen.borrow().came.iter().sum()
    }
}

struct Gate {
    number: usize,
    start: Start,
    node: watch::Receiver<Option<Address>>,
    seen: watch::Sender<Seen>,
}

impl Gate {
    async fn serve(mut self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((near, _)) = listener.accept().await {
            let number = self.number;
            self.seen.send_modify(|seen| seen.came[number] += 1);
            let mut seen = self.seen.subscribe();
            let opens = seen.wait_for(|seen| self.start.opens(number, seen));
            let _ = opens.await.expect("its own sender");
            let node = self.node.wait_for(Option::is_some).await;
            let Some(node) = node.ok().and_then(|node| node.clone()) else {
                return;
            };
            connections.spawn(carry(near, node, number, self.seen.clone()));
        }
    }
}

async fn carry(near: TcpStream, node: Address, gate: usize, seen: watch::Sender<Seen>) {
    if let Ok(far) = TcpStream::connect((node.host(), node.port())).await {
        seen.send_modify(|seen| seen.is_open[gate] = true);
        for stream in [&near, &far] {
            stream.set_nodelay(true).expect("an option of TCP");
        }
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        // How a connection ends is the nodes' affair.
        let _ = tokio::try_join!(
            copy(from_near, to_far, gate, &seen),
            copy(from_far, to_near, gate, &seen)
        );
    }
    seen.send_modify(|seen| seen.ended += 1);
}

/// Carries bytes one way until they end.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    gate: usize,
    seen: &watch::Sender<Seen>,
) -> io::Result<()> {
    let mut buffer = [0; 4 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
        seen.send_modify(|seen| seen.carried[gate] += count);
    }
}
