//! The whole family in one mesh: py2p, js2p, relays of ours, and a tab in Chromium driven through chromedriver.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]

mod browser {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod chromium;
    pub(crate) mod page;
    pub(crate) mod relay;
    pub(crate) mod webdriver;
}
mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod js2p;
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod told;
}

use std::collections::BTreeMap;
use std::time::Duration;

use browser::chromium::Chromium;
use browser::page::Page;
use browser::relay;
use rs2p::mesh::DEFAULT_SUBNET;
use rs2p::{Address, MeshSocket, NodeId, Scheme};
use support::js2p::Js2p;
use support::node::{Node, text};
use support::py2p::Py2p;
use support::told::Told;

/// Messages from each node.
const EACH: usize = 200;
/// Of a hundred messages, how many a relative hears at least: both lose links of themselves, and what is on them.
const OF_A_HUNDRED: usize = 99;
/// What a node says last.
const END: &str = "the end";
/// How long a relative is silent when it has heard what it will hear.
const SILENCE: Duration = Duration::from_secs(8);

/// What was heard, by who said it.
type Heard = BTreeMap<NodeId, Vec<String>>;

/// What a node says, and then [`END`].
fn texts() -> Vec<String> {
    let numbered = (0..EACH - 1).map(|number| format!("message {number}"));
    numbered.chain([END.to_owned()]).collect()
}

/// A relay of ours that listens on one transport and shows the page where that is for browsers.
async fn relay(scheme: Scheme, peer: Option<&Address>) -> Node {
    let mut builder = MeshSocket::builder(DEFAULT_SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .listen(format!("{scheme}://127.0.0.1:0"));
    if let Some(peer) = peer {
        builder = builder.peer(peer.to_string());
    }
    let started = builder.spawn_with(|options| options.www = Some(relay::page()));
    Node::of(started.await.expect("free ports on loopback"))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_messages_of_each_of_the_family_reach_all_of_it() {
    // A bridge: py2p is on TCP at one relay, js2p and the tab are on WebSockets at the other. The tab is told of js2p and
    // dials it: then js2p has two links, and stamps a message anew for each. At the turn of a second that makes two of it,
    // which ours take for the one that it was.
    let mut tcp = relay(Scheme::Tcp, None).await;
    let mut ws = relay(Scheme::Ws, Some(&tcp.address(Scheme::Tcp))).await;
    ws.has_peers(&[tcp.id()]).await;
    let mut javascript = Js2p::start(DEFAULT_SUBNET, Scheme::Ws).await;
    javascript.connect(&ws.address(Scheme::Ws)).await;
    javascript.has_peers(1).await;
    let browser = Chromium::start();
    let url = format!("http://{}/", ws.address(Scheme::Ws).authority());
    let tab = Page::joined(&browser, &url);
    let mut python = Py2p::start(DEFAULT_SUBNET).await;
    python.connect(&tcp.address(Scheme::Tcp)).await;
    python.has_peers(1).await;
    tab.begins_to_listen();
    tcp.has_peers(&[ws.id(), python.id()]).await;
    ws.has_peers(&[tcp.id(), javascript.id(), &tab.id()]).await;

    // py2p trips over its own threads when its user sends while it receives, so it speaks first; then all others at once.
    let texts = texts();
    let said_by_python = python.send_many(&texts).await;
    tab.begins_to_say(&texts);
    tokio::join!(
        talk(&tcp, &texts),
        talk(&ws, &texts),
        javascript.send_many(&texts)
    );
    let said = [
        ("the relay on TCP", tcp.id().clone(), texts.clone()),
        ("the relay on WebSockets", ws.id().clone(), texts.clone()),
        ("js2p", javascript.id().clone(), texts.clone()),
        ("the tab", tab.id(), texts),
        ("py2p", python.id().clone(), said_by_python),
    ];

    let others = (said.len() - 1) * EACH;
    hears_all_once(tcp.id(), &hear(&tcp, others).await, &said);
    hears_all_once(ws.id(), &hear(&ws, others).await, &said);
    hears_all_once(&tab.id(), &tab.heard(others), &said);
    for theirs in [&mut *python, &mut *javascript] {
        let heard = hear_there(theirs, others).await;
        hears_nearly_all(theirs.id(), &heard, &said);
    }
    // What came twice would have come before this.
    tcp.say("once more").await;
    assert_eq!(ws.hears_text().await, "once more");
    assert_eq!(
        tab.heard(1),
        [(tcp.id().clone(), vec!["once more".to_owned()])].into()
    );
    for node in [tcp, ws] {
        let rest = node.close().await;
        assert!(rest.is_empty(), "heard besides: {rest:?}");
    }
}

async fn talk(node: &Node, texts: &[String]) {
    for text in texts {
        node.say(text).await;
    }
}

/// The next `count` messages of a node of ours.
async fn hear(node: &Node, count: usize) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..count {
        let message = node.hears().await;
        let from = heard.entry(message.sender().clone()).or_default();
        from.push(text(&message));
    }
    heard
}

/// What a relative hears, until that is so many messages or it hears nothing more.
async fn hear_there(node: &mut Told, count: usize) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..count {
        let Ok(message) = tokio::time::timeout(SILENCE, node.hears()).await else {
            break;
        };
        let text = message.text().to_owned();
        heard.entry(message.sender).or_default().push(text);
    }
    heard
}

/// A node by what it is, its id, and what it said.
type Speaker = (&'static str, NodeId, Vec<String>);

/// For each that spoke but the hearer: both names, how often each of its texts was heard, and how many texts in all.
fn counts<'a>(
    hearer: &NodeId,
    heard: &Heard,
    said: &'a [Speaker],
) -> Vec<(String, BTreeMap<&'a str, usize>, usize)> {
    let name = |id| said.iter().find(|(_, speaker, _)| speaker == id);
    let hearer_name = name(hearer).expect("one of these").0;
    let others = said.iter().filter(|(_, id, _)| id != hearer);
    others
        .map(|(name, id, texts)| {
            let heard = heard.get(id).map(Vec::as_slice).unwrap_or_default();
            let times = |text: &String| heard.iter().filter(|heard| *heard == text).count();
            let counts = texts.iter().map(|text| (text.as_str(), times(text)));
            (
                format!("{hearer_name} hears {name}"),
                counts.collect(),
                heard.len(),
            )
        })
        .collect()
}

fn hears_all_once(hearer: &NodeId, heard: &Heard, said: &[Speaker]) {
    for (what, counts, _) in counts(hearer, heard, said) {
        let wrong: Vec<_> = counts.iter().filter(|&(_, &times)| times != 1).collect();
        assert!(wrong.is_empty(), "{what}: {wrong:?}");
    }
}

/// Nearly all of what each said, and nothing twice.
fn hears_nearly_all(hearer: &NodeId, heard: &Heard, said: &[Speaker]) {
    for (what, counts, in_all) in counts(hearer, heard, said) {
        let good = counts.values().filter(|&&times| times == 1).count();
        assert!(good * 100 >= counts.len() * OF_A_HUNDRED, "{what}: {good}");
        assert_eq!(in_all, good, "{what}: some of it twice");
    }
}
