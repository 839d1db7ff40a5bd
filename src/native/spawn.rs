//! Starts a node on tokio.

use std::path::Path;
use std::sync::Arc;

use tokio::task::AbortHandle;

use super::identity::IdentityFile;
use super::{NativeTransport, TokioClock, TransportOptions};
use crate::address::Scheme;
use crate::driver::Driver;
use crate::socket::{Builder, MeshError, MeshSocket, Node};
use crate::transport::Clock;

impl Builder {
    /// Gives the node the id that is in a file, or a new one, which is written there: with it others know the node again
    /// after a restart. As long as the node lives, no other gets the file.
    ///
    /// # Errors
    /// [`MeshError::Identity`] if the file holds something else, cannot be written, or has an owner.
    pub fn identity_file(mut self, path: impl AsRef<Path>) -> Result<Self, MeshError> {
        let file = IdentityFile::open(path.as_ref())?;
        self.identity = Some(file.id().clone());
        self.keeps = Some(Arc::new(file));
        Ok(self)
    }

    /// Listens, then starts the node as a task of the current tokio runtime, which needs I/O and time. Dials go on in the
    /// background: [`MeshSocket::joined`] waits for the first.
    ///
    /// # Errors
    /// [`MeshError::Address`] and [`MeshError::Config`] for what was told wrongly, [`MeshError::Listen`] if an address
    /// cannot be listened on. Nothing runs then.
    pub async fn spawn(self) -> Result<MeshSocket, MeshError> {
        self.spawn_with(|_| {}).await
    }

    /// As [`Builder::spawn`], with changes to what its listeners do, as to show a folder over HTTP, and to whom it trusts:
    /// see [`TransportOptions`].
    ///
    /// # Errors
    /// As [`Builder::spawn`].
    pub async fn spawn_with(
        self,
        change: impl FnOnce(&mut TransportOptions),
    ) -> Result<MeshSocket, MeshError> {
        let (socket, _) = self.spawn_killable(change).await?;
        Ok(socket)
    }

    /// As [`Builder::spawn_with`], with a handle that ends the node as if its machine had lost power.
    pub(crate) async fn spawn_killable(
        mut self,
        change: impl FnOnce(&mut TransportOptions),
    ) -> Result<(MeshSocket, AbortHandle), MeshError> {
        self.check()?;
        self.config.dials.retain(|scheme| *scheme != Scheme::Memory);
        let mut options = self.transport_options();
        change(&mut options);
        let mut transport = NativeTransport::new(options);
        let mut listening = Vec::new();
        for address in &self.listen {
            let bound = transport
                .listen(address)
                .await
                .map_err(|error| MeshError::Listen(error.to_string()))?;
            listening.push(bound);
        }
        let mut entropy = [0; 80];
        getrandom::fill(&mut entropy).map_err(|error| MeshError::Entropy(error.to_string()))?;
        let clock = TokioClock::new();
        let wall = clock.wall();
        let Node {
            mesh,
            port,
            announcer,
            dispatcher,
            socket,
        } = self.build(listening, wall, entropy)?;
        tokio::spawn(dispatcher);
        let running = tokio::spawn(Driver::new(mesh, transport, clock, announcer, port));
        Ok((socket, running.abort_handle()))
    }

    fn transport_options(&self) -> TransportOptions {
        let advertised = self.config.advertise.iter();
        TransportOptions {
            hosts: advertised
                .map(|address| address.host().to_owned())
                .collect(),
            handshake_timeout: self.config.greeting_timeout,
            max_frame: self.config.frame,
            ..TransportOptions::default()
        }
    }
}
