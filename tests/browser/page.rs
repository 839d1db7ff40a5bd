//! The page as a person sees and uses it.

use std::collections::BTreeMap;

use rs2p::NodeId;
use serde::Deserialize;
use serde_json::json;

use super::chromium::{Chromium, Window};

/// Enter, as WebDriver writes it.
const ENTER: char = '\u{e007}';
/// Shift, held until the end of what is typed.
const SHIFT: char = '\u{e008}';

/// The page in a window.
pub(crate) struct Page<'browser> {
    pub(crate) window: Window<'browser>,
}

/// A message as it stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
    pub(crate) sender: String,
    pub(crate) kind: String,
    pub(crate) own: bool,
    /// What became of an own message: "sent", "sending" or "failed".
    pub(crate) fate: Option<String>,
    pub(crate) text: String,
}

impl<'browser> Page<'browser> {
    /// Opens the page of a relay, with a query or none, and waits until its node is there.
    pub(crate) fn open(browser: &'browser Chromium, url: &str) -> Self {
        let page = Self {
            window: browser.open(url),
        };
        // Until then `mesh` is the element of that id.
        page.window
            .until("a node in the page", "globalThis.mesh?.status");
        page
    }

    /// As [`Page::open`], and waits until it has joined.
    pub(crate) fn joined(browser: &'browser Chromium, url: &str) -> Self {
        let page = Self::open(browser, url);
        page.says("Joined mesh");
        page
    }

    /// Waits until the line at the top says this; gives the whole line.
    pub(crate) fn says(&self, words: &str) -> String {
        let line = "document.querySelector('#status').textContent";
        let expression = format!("{line}.includes({words:?}) && {line}");
        let line = self
            .window
            .until(&format!("the words {words:?}"), &expression);
        line.as_str().expect("a line").to_owned()
    }

    /// Waits until the page explains a trouble; gives the words.
    pub(crate) fn explains(&self) -> String {
        let box_ = "document.querySelector('#trouble')";
        let words = format!("!{box_}.hidden && {box_}.innerText");
        let words = self.window.until("an explanation", &words);
        words.as_str().expect("words").to_owned()
    }

    /// Waits until no trouble is explained.
    pub(crate) fn is_untroubled(&self) {
        self.window
            .until("no trouble", "document.querySelector('#trouble').hidden");
    }

    /// The id of the page's node.
    pub(crate) fn id(&self) -> NodeId {
        let id = self.window.run("return mesh.id");
        id.as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    /// Types a text into the composer and sends it by Enter.
    pub(crate) fn send(&self, text: &str) {
        self.type_in(&format!("{text}{ENTER}"));
    }

    /// Types a text and a line break.
    pub(crate) fn type_line(&self, text: &str) {
        self.type_in(&format!("{text}{SHIFT}{ENTER}"));
    }

    fn type_in(&self, keys: &str) {
        self.window.write("#composer textarea", keys);
    }

    /// The messages in the list.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = self.window.run(ROWS);
        serde_json::from_value(rows).expect("rows")
    }

    /// Waits until the list has a row of this text; gives it.
    pub(crate) fn row(&self, text: &str) -> Row {
        let is_shown = format!(
            "[...document.querySelectorAll('#log .message .packet')].some((packet) => packet.innerText === {text:?})"
        );
        self.window
            .until(&format!("the message {text:?}"), &is_shown);
        let row = self.rows().into_iter().find(|row| row.text == text);
        row.expect("a row that was there")
    }

    /// Waits until the last row of an own message says that it was sent.
    pub(crate) fn has_sent(&self) {
        let fate = "[...document.querySelectorAll('#log .own')].at(-1)?.dataset.fate === 'sent'";
        self.window.until("an own message that was sent", fate);
    }

    /// Begins to keep what the page's node hears, beside what the page makes of it.
    pub(crate) fn begins_to_listen(&self) {
        let listen = "globalThis.heard = []; mesh.on('message', ({ sender, packets }) => heard.push([sender, packets[0]]))";
        self.window.run(&format!("{listen}; return null"));
    }

    /// Begins to broadcast texts, each as soon as the one before is on its way.
    pub(crate) fn begins_to_say(&self, texts: &[String]) {
        let say = "(async (texts) => { for (const text of texts) await mesh.send(text); })";
        self.window
            .run(&format!("{say}({}); return null", json!(texts)));
    }

    /// The next `count` messages that the page's node hears: the texts by who said them.
    pub(crate) fn heard(&self, count: usize) -> BTreeMap<NodeId, Vec<String>> {
        let heard = format!("heard.length >= {count} && heard.splice(0)");
        let heard = self.window.until(&format!("{count} messages"), &heard);
        let heard: Vec<(String, String)> = serde_json::from_value(heard).expect("pairs");
        let mut texts = BTreeMap::<_, Vec<_>>::new();
        for (sender, text) in heard {
            texts
                .entry(sender.parse().expect("an id"))
                .or_default()
                .push(text);
        }
        texts
    }

    /// Waits until the drawing has so many nodes and does not move.
    pub(crate) fn is_drawn(&self, nodes: usize) {
        let places = "[...document.querySelectorAll('#picture g.node')].map((node) => node.getAttribute('transform')).join()";
        self.window.until(
            &format!("a drawing of {nodes} nodes"),
            &format!("document.querySelectorAll('#picture g.node').length === {nodes}"),
        );
        let rests = format!(
            "(() => {{ const [before, now] = [globalThis.places, {places}]; globalThis.places = now; return before === now; }})()"
        );
        self.window.until("a drawing at rest", &rests);
    }
}

const ROWS: &str = "return [...document.querySelectorAll('#log .message')].map((row) => ({
    sender: row.dataset.sender,
    kind: row.dataset.kind,
    own: row.classList.contains('own'),
    fate: row.dataset.fate ?? null,
    text: [...row.querySelectorAll('.packet')].map((packet) => packet.innerText).join(' '),
}))";
