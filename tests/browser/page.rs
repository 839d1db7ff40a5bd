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

    /// Waits until a line between the messages says this; gives the whole line.
    pub(crate) fn notes(&self, words: &str) -> String {
        let notes = "[...document.querySelectorAll('#log .room:not([hidden]) .note')].map((note) => note.textContent)";
        let expression = format!("{notes}.findLast((text) => text.includes({words:?}))");
        let note = self
            .window
            .until(&format!("a note of {words:?}"), &expression);
        note.as_str().expect("a line").to_owned()
    }

    /// Waits until the list of people says this of a node; gives its whole row.
    pub(crate) fn lists(&self, id: &NodeId, words: &str) -> String {
        let row = format!("document.querySelector('.person[data-id=\"{id}\"]')?.innerText");
        let row = self.window.until(
            &format!("{words:?} of {id}"),
            &format!("{row}?.includes({words:?}) && {row}"),
        );
        row.as_str().expect("a row").to_owned()
    }

    /// Waits until the list of rooms has this one; gives what stands beside its name, as the number of unread messages.
    pub(crate) fn room(&self, name: &str, beside: &str) {
        let rooms = "[...document.querySelectorAll('#rooms a')].map((room) => [...room.children].map((part) => part.textContent).join(' ').trim())";
        let wanted = format!("{name} {beside}");
        self.window.until(
            &format!("the room {wanted:?}"),
            &format!("{rooms}.includes({:?})", wanted.trim()),
        );
    }

    /// Goes to a room of the list, "" for that of everyone.
    pub(crate) fn enters(&self, name: &str) {
        self.window.click(&format!("#rooms a[href=\"#{name}\"]"));
        self.window.until(
            "the room on screen",
            &format!(
                "document.querySelector('#log .room:not([hidden])').dataset.room === {name:?}"
            ),
        );
    }

    /// Chooses a node in the list of people, and what to do with it: "ask", "whisper" or "ping".
    pub(crate) fn chooses(&self, id: &NodeId, action: &str) {
        self.window
            .click(&format!(".person[data-id=\"{id}\"] button"));
        self.window.click(&format!(".card [data-action={action}]"));
    }

    /// Does to the page what the network or the browser might, for five seconds if it lasts.
    pub(crate) fn suffers(&self, trial: &str) {
        self.window.click("#what-if");
        self.window.click(&format!("[data-trial={trial}]"));
    }

    /// The messages in the list.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = self.window.run(ROWS);
        serde_json::from_value(rows).expect("rows")
    }

    /// Waits until the list has a row of this text; gives it.
    pub(crate) fn row(&self, text: &str) -> Row {
        let is_shown = format!(
            "[...document.querySelectorAll('#log .room:not([hidden]) .message .packet')].some((packet) => packet.innerText === {text:?})"
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

const ROWS: &str =
    "return [...document.querySelectorAll('#log .room:not([hidden]) .message')].map((row) => ({
    sender: row.dataset.sender,
    kind: row.dataset.kind,
    own: row.classList.contains('own'),
    fate: row.dataset.fate ?? null,
    text: [...row.querySelectorAll('.packet')].map((packet) => packet.innerText).join(' '),
}))";
