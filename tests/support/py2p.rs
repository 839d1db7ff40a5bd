//! An unmodified py2p in a Python process of its own, which ends with the test.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Command;

use rs2p::{Address, Scheme};
use serde_json::json;

use super::told::Told;

/// A py2p node.
pub(crate) struct Py2p {
    told: Told,
    scheme: Scheme,
}

impl Py2p {
    /// Starts a node of `subnet` on a free port, over TCP.
    pub(crate) async fn start(subnet: &str) -> Self {
        Self::start_on(subnet, Scheme::Tcp).await
    }

    /// Starts a node of `subnet` on a free port, over TCP or, in its SSL mode, over TLS.
    pub(crate) async fn start_on(subnet: &str, scheme: Scheme) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/venv/bin/python");
        assert!(
            python.is_file(),
            "no {}: run `cargo xtask setup` first",
            python.display()
        );
        let mut program = Command::new(python);
        program
            .arg(root.join("tests/support/py2p_node.py"))
            .args([subnet, scheme.encryption()]);
        let told = Told::start(&mut program).await;
        Self { told, scheme }
    }

    /// Where the node listens.
    pub(crate) fn address(&self) -> Address {
        Address::new(self.scheme, "127.0.0.1", self.port()).expect("an address")
    }

    /// Has the node broadcast texts, with pauses of five milliseconds.
    ///
    /// A py2p that is told them by another node loses its link to that one when a read of it ends four bytes into a frame,
    /// which it may where several wait to be read: a read has 1,024 bytes. So the texts are filled up until each frame has a
    /// multiple of eight bytes, after which no read can end there. Returns what was sent.
    pub(crate) async fn send_many(&mut self, texts: &[String]) -> Vec<String> {
        let filled: Vec<String> = texts.iter().map(|text| self.fill(text)).collect();
        // In parts, so that each is done in the time for one event.
        for part in filled.chunks(50) {
            self.tell(json!({ "do": "send_many", "texts": part, "pause": 0.005 }))
                .await;
        }
        filled
    }

    /// Has the node keep each message that is this text, by a handler which answers it: on the link by which it came, or by
    /// a reply to it.
    pub(crate) async fn answers(&mut self, question: &str, answer: &str, by_link: bool) {
        self.tell(
            json!({ "do": "answer", "question": question, "answer": answer, "by_link": by_link }),
        )
        .await;
    }

    /// How often the node has said that it is connected.
    pub(crate) async fn connected(&mut self) -> u64 {
        self.count("connected").await
    }

    /// How many messages the node has, of which it has not told.
    pub(crate) async fn waiting(&mut self) -> u64 {
        self.count("waiting").await
    }

    async fn count(&mut self, what: &str) -> u64 {
        let count = self.tell(json!({ "do": what })).await;
        count.as_u64().expect("a number")
    }

    fn fill(&self, text: &str) -> String {
        /// Length and checksum; the heads of the array, of the id and of the text; type, time and sub-flag.
        const BESIDES: usize = (4 + 32) + (1 + 2 + 1) + (1 + 5 + 1);
        let frame = BESIDES + self.id().as_bytes().len() + text.len();
        let filled = format!("{text}{:.<1$}", "", frame.next_multiple_of(8) - frame);
        assert!(filled.len() < 32, "a text of that length has a longer head");
        filled
    }
}

impl Deref for Py2p {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.told
    }
}

impl DerefMut for Py2p {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.told
    }
}
