//! An unmodified js2p in a Node.js process of its own, which ends with the test.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Command;

use rs2p::{Address, Scheme};
use serde_json::json;

use super::told::Told;

/// A js2p node.
pub(crate) struct Js2p {
    node: Told,
    scheme: Scheme,
}

impl Js2p {
    /// Starts a node of `subnet` on a free port, for TCP, with TLS or without, or for WebSockets: it does one of them.
    pub(crate) async fn start(subnet: &str, scheme: Scheme) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let modules = root.join("target/js2p/node_modules");
        assert!(
            modules.join("js2p").is_dir(),
            "no js2p in {}: run `cargo xtask setup` first",
            modules.display()
        );
        let mut program = Command::new("node");
        program
            // js2p is older than some of what Node.js is today.
            .arg("--no-deprecation")
            .arg(root.join("tests/support/js2p_node.js"))
            .args([subnet, scheme.encryption()])
            .env("NODE_PATH", modules);
        let node = Told::start(&mut program).await;
        Self { node, scheme }
    }

    /// Where the node listens.
    pub(crate) fn address(&self) -> Address {
        Address::new(self.scheme, "127.0.0.1", self.port()).expect("an address")
    }

    /// Has the node broadcast texts, with pauses of two milliseconds.
    pub(crate) async fn send_many(&mut self, texts: &[String]) {
        // In parts, so that each is done in the time for one event.
        for part in texts.chunks(100) {
            self.tell(json!({ "do": "send_many", "texts": part, "pause": 2 }))
                .await;
        }
    }

    /// Has the node say something about the link itself to its peers.
    pub(crate) async fn renegotiate(&mut self, packets: serde_json::Value) {
        self.tell(json!({ "do": "renegotiate", "packets": packets }))
            .await;
    }
}

impl Deref for Js2p {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.node
    }
}

impl DerefMut for Js2p {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.node
    }
}
