//! Starts a node on the page's event loop.

use wasm_bindgen_futures::spawn_local;

use super::{WebClock, WebTransport, globals};
use crate::driver::Driver;
use crate::socket::{Builder, MeshError, MeshSocket, Node};
use crate::transport::Clock;

impl Builder {
    /// Starts the node as a task of the page, worker or process. Dials go on in the background: [`MeshSocket::joined`]
    /// waits for the first.
    ///
    /// What happens to the page is for the caller to tell by [`MeshSocket::notice`]: a [`PageWatch`](super::PageWatch) sees it.
    ///
    /// # Errors
    /// [`MeshError::Address`] and [`MeshError::Config`] for what was told wrongly, [`MeshError::Listen`] for any address to
    /// listen on, [`MeshError::Entropy`] where there is no `crypto.getRandomValues`. Nothing runs then.
    pub async fn spawn(mut self) -> Result<MeshSocket, MeshError> {
        self.check()?;
        self.config.dials.retain(|scheme| scheme.is_websocket());
        if let Some(address) = self.listen.first() {
            return Err(MeshError::Listen(format!(
                "{address} cannot be listened on: a browser only dials"
            )));
        }
        let no_entropy =
            || MeshError::Entropy("there is no crypto.getRandomValues here".to_owned());
        let entropy = globals::random().ok_or_else(no_entropy)?;
        let clock = WebClock::new();
        let Node {
            mesh,
            port,
            announcer,
            dispatcher,
            socket,
        } = self.build(Vec::new(), clock.wall(), entropy)?;
        spawn_local(Driver::new(
            mesh,
            WebTransport::new(),
            clock,
            announcer,
            port,
        ));
        spawn_local(dispatcher);
        Ok(socket)
    }
}
