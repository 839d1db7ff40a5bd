//! Two dials that cross: connections that all wait at a gate until the last one has come.

use std::sync::Arc;

use rs2p::Address;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;

/// How many connections pass through the gates of a crossing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Those that came.
    pub(crate) came: usize,
    /// Those that ended.
    pub(crate) ended: usize,
}

/// Gates in front of nodes. The first connection through each waits until all gates have one.
pub(crate) struct Crossing {
    together: Arc<Barrier>,
    traffic: watch::Sender<Traffic>,
    tasks: JoinSet<()>,
}

impl Crossing {
    /// A crossing of so many gates.
    pub(crate) fn new(gates: usize) -> Self {
        let (traffic, _) = watch::channel(Traffic::default());
        Self {
            together: Arc::new(Barrier::new(gates)),
            traffic,
            tasks: JoinSet::new(),
        }
    }

    /// A gate in front of a node; returns its address.
    pub(crate) async fn gate(&mut self, node: &Address) -> Address {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let gate = node.with_endpoint("127.0.0.1", port).expect("an address");
        self.tasks.spawn(serve(
            listener,
            node.clone(),
            self.together.clone(),
            self.traffic.clone(),
        ));
        gate
    }

    /// What passes, to look at and to wait on.
    pub(crate) fn traffic(&self) -> watch::Receiver<Traffic> {
        self.traffic.subscribe()
    }
}

async fn serve(
    listener: TcpListener,
    node: Address,
    together: Arc<Barrier>,
    traffic: watch::Sender<Traffic>,
) {
    let mut connections = JoinSet::new();
    let mut is_first = true;
    while let Ok((stream, _)) = listener.accept().await {
        traffic.send_modify(|traffic| traffic.came += 1);
        if is_first {
            together.wait().await;
            is_first = false;
        }
        connections.spawn(carry(stream, node.clone(), traffic.clone()));
    }
}

async fn carry(mut near: TcpStream, node: Address, traffic: watch::Sender<Traffic>) {
    if let Ok(mut far) = TcpStream::connect((node.host(), node.port())).await {
        for stream in [&near, &far] {
            stream.set_nodelay(true).expect("an option of TCP");
        }
        // How a connection ends is the nodes' affair.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
    traffic.send_modify(|traffic| traffic.ended += 1);
}
