//! How a node fares, for who operates it.

use futures::channel::oneshot;

use super::{MeshError, MeshSocket};
use crate::driver::Request;
use crate::mesh::{CommandError, Report};

impl MeshSocket {
    /// How the node fares, link by link: for operators. It costs the node's loop some milliseconds for thousands of links.
    ///
    /// # Errors
    /// [`CommandError::Closed`].
    pub async fn report(&self) -> Result<Report, MeshError> {
        let (reply, answer) = oneshot::channel();
        self.request_of_node(Request::Report(reply)).await?;
        Ok(answer.await.map_err(|_| CommandError::Closed)?)
    }
}
