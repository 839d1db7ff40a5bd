//! A page that is not ours: js2p as it came from npm, bundled for a browser, and used there as its own documents say.

use std::path::{Path, PathBuf};

use rs2p::{Address, NodeId};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::chromium::{Chromium, Window};

/// A js2p in a window.
pub(crate) struct Js2pPage<'browser> {
    window: Window<'browser>,
}

/// A message as js2p hands it to its user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Heard {
    pub(crate) sender: String,
    pub(crate) is_whisper: bool,
    pub(crate) packets: Json,
}

/// Begins a node which keeps what it hears.
const BEGIN: &str = "
    const [subnet, host, port] = JOIN;
    globalThis.node = new js2p.mesh.MeshSocket(null, null, new js2p.base.Protocol(subnet, 'ws'));
    globalThis.messages = [];
    globalThis.heard = [];
    node.on('message', () => {
      const message = node.recv();
      const [flag, ...packets] = message.packets;
      messages.push(message);
      heard.push({ sender: String(message.sender), is_whisper: flag === js2p.base.flags.whisper, packets });
    });
    node.connect(host, port);
";

impl<'browser> Js2pPage<'browser> {
    /// Where the page is, once it is bundled.
    pub(crate) fn folder() -> PathBuf {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/js2p/page");
        assert!(
            page.join("js2p.js").is_file(),
            "no page in {}: run `cargo xtask setup` first",
            page.display()
        );
        page
    }

    /// Opens the page and has its node dial a relay; waits until that is its peer.
    pub(crate) fn joined(
        browser: &'browser Chromium,
        url: &str,
        subnet: &str,
        relay: &Address,
    ) -> Self {
        let page = Self {
            window: browser.open(url),
        };
        let join = json!([subnet, relay.host(), relay.port()]).to_string();
        page.run(&BEGIN.replace("JOIN", &join));
        page.window.until("a peer", "node.routing_table.size === 1");
        page
    }

    /// Runs statements in the page.
    fn run(&self, script: &str) {
        self.window.run(&format!("{script}; return null"));
    }

    /// The id of the page's node.
    pub(crate) fn id(&self) -> NodeId {
        let id = self.window.run("return node.id");
        id.as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    /// The ids of its peers.
    pub(crate) fn peers(&self) -> Vec<NodeId> {
        let peers = self.window.run("return [...node.routing_table.keys()]");
        let peers = peers.as_array().expect("a list").iter();
        peers
            .map(|id| id.as_str().and_then(|id| id.parse().ok()).expect("an id"))
            .collect()
    }

    /// Broadcasts packets.
    pub(crate) fn send(&self, packets: &Json) {
        self.run(&format!("node.send({packets})"));
    }

    /// Replies to the last message that was heard.
    pub(crate) fn reply(&self, packets: &Json) {
        self.run(&format!("messages.at(-1).reply({packets})"));
    }

    /// The next `count` messages.
    pub(crate) fn hears(&self, count: usize) -> Vec<Heard> {
        let taken = format!("heard.length >= {count} && heard.splice(0, {count})");
        let heard = self.window.until(&format!("{count} messages"), &taken);
        serde_json::from_value(heard).expect("messages")
    }

    /// What js2p itself says of its state: "Nominal", or what it caught.
    pub(crate) fn status(&self) -> Json {
        let status = "node.status === 'Nominal' ? node.status : node.status.map(String)";
        self.window.run(&format!("return {status}"))
    }
}
