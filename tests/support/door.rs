//! One port in front of a node that may come back on another.
//!
//! py2p cannot take the port of its predecessor as long as the system remembers connections of that one, which is a
//! minute.

use rs2p::Address;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A port that leads to wherever a node listens now. It closes with the test.
pub(crate) struct Door {
    address: Address,
    leads_to: watch::Sender<Address>,
    _connections: JoinSet<()>,
}

impl Door {
    /// A door to a node.
    pub(crate) async fn to(node: Address) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let address = node.with_endpoint("127.0.0.1", port).expect("an address");
        let (leads_to, node) = watch::channel(node);
        let mut connections = JoinSet::new();
        connections.spawn(serve(listener, node));
        Self {
            address,
            leads_to,
            _connections: connections,
        }
    }

    /// Where the door is.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// From now on the door leads to another node.
    pub(crate) fn lead_to(&self, node: Address) {
        self.leads_to.send_replace(node);
    }
}

async fn serve(listener: TcpListener, node: watch::Receiver<Address>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let to = node.borrow().clone();
        connections.spawn(carry(stream, to));
    }
}

/// Carries bytes both ways. Where nobody listens, the connection ends at once.
async fn carry(mut near: TcpStream, node: Address) {
    if let Ok(mut far) = TcpStream::connect((node.host(), node.port())).await {
        // How a connection ends is the nodes' affair.
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}
