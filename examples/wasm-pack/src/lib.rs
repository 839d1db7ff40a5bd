//! A guest book: who comes to a page writes a line, and every page shows the lines of all.

use rs2p::{MeshError, MeshSocket};

/// One page's copy of the book.
pub struct GuestBook {
    mesh: MeshSocket,
    lines: Vec<String>,
}

impl GuestBook {
    /// Opens the book that is kept around a relay.
    pub async fn open(relay: &str) -> Result<Self, MeshError> {
        let mesh = MeshSocket::builder("mesh").peer(relay).spawn().await?;
        mesh.joined().await?;
        Ok(Self {
            mesh,
            lines: Vec::new(),
        })
    }

    /// Writes a line into every copy.
    pub async fn write(&mut self, line: &str) -> Result<(), MeshError> {
        self.mesh.send(line).await?;
        self.lines.push(line.to_owned());
        Ok(())
    }

    /// Waits for the next line of somebody else's.
    pub async fn read(&mut self) -> Option<&str> {
        while let Some(message) = self.mesh.recv().await {
            if let Ok(line) = message.decode() {
                self.lines.push(line);
                break;
            }
        }
        self.lines.last().map(String::as_str)
    }
}
