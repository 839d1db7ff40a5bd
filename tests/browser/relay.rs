//! A relay as people run it: the program `rs2p relay`, in a process of its own, with the page that was built.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rs2p::mesh::DEFAULT_SUBNET;
use rs2p::{Address, Scheme};
use serde_json::Value as Json;

/// On free ports.
pub(crate) const WS: &str = "ws://127.0.0.1:0";
pub(crate) const TCP: &str = "tcp://127.0.0.1:0";

/// A relay. Dropped, it is killed.
pub(crate) struct Relay {
    process: Child,
    listening: Vec<Address>,
}

impl Relay {
    /// Starts a relay that listens at these addresses, dials those of `peers`, and shows the page.
    pub(crate) fn start(listen: &[&str], peers: &[&Address]) -> Self {
        Self::start_with(&page(), listen, peers)
    }

    /// As [`Relay::start`], with another page.
    pub(crate) fn start_with(page: &Path, listen: &[&str], peers: &[&Address]) -> Self {
        Self::start_in(DEFAULT_SUBNET, page, listen, peers)
    }

    /// As [`Relay::start_with`], in a subnet of this name.
    pub(crate) fn start_in(subnet: &str, page: &Path, listen: &[&str], peers: &[&Address]) -> Self {
        let mut relay = Command::new(env!("CARGO_BIN_EXE_rs2p"));
        relay
            .args(["relay", "--log=error", "--subnet", subnet, "--listen"])
            .args(listen)
            .arg("--www")
            .arg(page)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        for peer in peers {
            relay.arg("--peer").arg(peer.to_string());
        }
        let mut process = relay.spawn().expect("a program that runs");
        let lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let said = lines.map_while(Result::ok).take(listen.len());
        let listening: Vec<_> = said.map(|line| announced(&line)).collect();
        assert_eq!(listening.len(), listen.len(), "it listens");
        Self { process, listening }
    }

    /// Where it listens on a kind of transport.
    pub(crate) fn address(&self, scheme: Scheme) -> &Address {
        let mut listening = self.listening.iter();
        let found = listening.find(|address| address.scheme() == scheme);
        found.expect("a listener of that kind")
    }

    /// Where its page is.
    pub(crate) fn page(&self) -> String {
        format!("http://{}/", self.address(Scheme::Ws).authority())
    }

    /// Tells it to end, and waits until it has.
    pub(crate) fn end(mut self) {
        let pid = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(told.is_ok_and(|status| status.success()));
        let ended = self.process.wait().expect("a process");
        assert!(ended.success(), "a relay that is told to end does: {ended}");
    }

    /// Ends it without a word to its peers.
    pub(crate) fn crash(mut self) {
        self.process.kill().expect("a process that runs");
        self.process.wait().expect("a process");
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in the line that announces a listener.
fn announced(line: &str) -> Address {
    let line: Json = serde_json::from_str(line).expect("a line of JSON");
    let url = line["url"].as_str().and_then(|url| url.parse().ok());
    url.expect("an address")
}

/// The page that was built.
pub(crate) fn page() -> PathBuf {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/www");
    assert!(
        page.join("pkg/rs2p_bg.wasm").is_file(),
        "no page in {}: run `cargo xtask setup` and `cargo xtask page` first",
        page.display()
    );
    page
}
