//! For the tests of those who build on a mesh: a real relay on free ports of this machine, which can be killed and started
//! again.
//!
//! ```
//! use rs2p::testing::Relay;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), rs2p::MeshError> {
//! let mut relay = Relay::start().await?;
//! let (a, b) = (relay.node().spawn().await?, relay.node().spawn().await?);
//! a.joined().await?;
//! b.joined().await?;
//!
//! a.send("hello").await?;
//! assert_eq!(b.recv().await.expect("an open node").decode::<String>()?, "hello");
//!
//! relay.kill().await; // as if its machine had lost power
//! relay.restart().await?; // on the same ports, with the same id
//! a.joined().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Tests of a browser's code cannot start a program. `rs2p with-relay -- COMMAND` does it for them: it runs the command beside
//! such a relay, whose address the variable [`RELAY_VARIABLE`] tells:
//!
//! ```sh
//! rs2p with-relay -- wasm-pack test --headless --chrome
//! ```
//!
//! A network of thousands, with faults of every kind and on virtual time, is in [`sim`](crate::sim).

use crate::address::Address;
use crate::id::NodeId;
use crate::mesh::{DEFAULT_SUBNET, Hearsay};
use crate::socket::{Builder, MeshError, MeshSocket};
use tokio::task::AbortHandle;

/// The environment variable that tells the command of `rs2p with-relay` where to dial over WebSocket: `ws://127.0.0.1:40123`.
pub const RELAY_VARIABLE: &str = "RS2P_RELAY";

/// The same for TCP: `tcp://127.0.0.1:40124`.
pub const RELAY_TCP_VARIABLE: &str = "RS2P_RELAY_TCP";

/// Where a relay listens the first time.
const FREE: [&str; 2] = ["ws://127.0.0.1:0", "tcp://127.0.0.1:0"];

/// A relay for tests: it listens on 127.0.0.1 only, over WebSocket and TCP, with every default that a real one has.
///
/// It runs as a task of the current tokio runtime, and ends when it is dropped: links are then closed at once.
#[derive(Debug)]
pub struct Relay {
    subnet: String,
    id: NodeId,
    ws: Address,
    tcp: Address,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    socket: MeshSocket,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Relay {
    /// Starts a relay of the subnet `"mesh"`, which is what nodes join that are told none.
    ///
    /// # Errors
    /// [`MeshError::Listen`] if the machine has no free port.
    pub async fn start() -> Result<Self, MeshError> {
        Self::start_in(DEFAULT_SUBNET).await
    }

    /// Starts a relay of a subnet.
    ///
    /// # Errors
    /// As [`Relay::start`]; [`MeshError::Config`] for a name that no subnet can have.
    pub async fn start_in(subnet: impl Into<String>) -> Result<Self, MeshError> {
        let subnet = subnet.into();
        let running =
            Running::start(MeshSocket::builder(&subnet).hearsay(Hearsay::Any), FREE).await?;
        let [ws, tcp] = running.socket.listening() else {
            return Err(MeshError::Listen("not every listener is there".into()));
        };
        Ok(Self {
            id: running.socket.id().clone(),
            ws: ws.clone(),
            tcp: tcp.clone(),
            subnet,
            running: Some(running),
        })
    }

    /// Where it listens for WebSockets. It does not change by a restart.
    pub fn ws(&self) -> &Address {
        &self.ws
    }

    /// Where it listens for TCP. It does not change by a restart.
    pub fn tcp(&self) -> &Address {
        &self.tcp
    }

    /// Its subnet.
    pub fn subnet(&self) -> &str {
        &self.subnet
    }

    /// Its id. It does not change by a restart.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// The relay's own handle, to look at its peers or to speak as it; `None` while it is down.
    pub fn socket(&self) -> Option<&MeshSocket> {
        self.running.as_ref().map(|running| &running.socket)
    }

    /// A node that links to this relay, over WebSocket, to be changed and spawned.
    pub fn node(&self) -> Builder {
        MeshSocket::builder(&self.subnet)
            .hearsay(Hearsay::Any)
            .peer(self.ws.to_string())
    }

    /// Ends it as if its machine had lost power: nobody is told goodbye, and what was under way is lost. Harmless if it
    /// is down.
    pub async fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
            running.ended().await;
        }
    }

    /// Ends it as a relay ends that is told to: it says goodbye. Harmless if it is down.
    ///
    /// # Errors
    /// As [`MeshSocket::close`].
    pub async fn close(&mut self) -> Result<(), MeshError> {
        if let Some(running) = self.running.take() {
            running.socket.close().await?;
            running.ended().await;
        }
        Ok(())
    }

    /// Starts it again, after it was killed if it runs: on the same ports, with the same id and an empty memory.
    ///
    /// # Errors
    /// [`MeshError::Listen`] if another program has taken a port meanwhile. The relay is down then.
    pub async fn restart(&mut self) -> Result<(), MeshError> {
        self.kill().await;
        let builder = MeshSocket::builder(&self.subnet)
            .hearsay(Hearsay::Any)
            .identity(self.id.clone());
        let at = [self.ws.to_string(), self.tcp.to_string()];
        self.running = Some(Running::start(builder, at).await?);
        Ok(())
    }
}

impl Running {
    async fn start<const N: usize>(
        builder: Builder,
        at: [impl AsRef<str>; N],
    ) -> Result<Self, MeshError> {
        let builder = at.iter().fold(builder, Builder::listen);
        let (socket, task) = builder.spawn_killable(|_| {}).await?;
        Ok(Self { socket, task })
    }

    /// Waits until its ports are free again.
    async fn ended(&self) {
        while !self.task.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}
