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

use std::collections::{BTreeMap, BTreeSet};
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
    let mut builder = MeshSocket::builder(DEFAULT_SUBNET).listen(format!("{scheme}://127.0.0.1:0"));
    if let Some(peer) = peer {
        builder = builder.peer(peer.to_string());
    }
    let started = builder.spawn_with(|options| options.www = Some(relay::page()));
    Node::of(started.await.expect("free ports on loopback"))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_messages_of_each_of_the_family_reach_all_of_it() {
    // A bridge: py2p is on TCP at one relay, js2p and the tab are on WebSockets at the other.
    let mut tcp = relay(Scheme::Tcp, None).await;
    let mut ws = relay(Scheme::Ws, Some(&tcp.address(Scheme::Tcp))).await;
    ws.has_peers(&[tcp.id()]).await;
    let mut python = Py2p::start(DEFAULT_SUBNET).await;
    python.connect(&tcp.address(Scheme::Tcp)).await;
    python.has_peers(1).await;
    let mut javascript = Js2p::start(DEFAULT_SUBNET, Scheme::Ws).await;
    javascript.connect(&ws.address(Scheme::Ws)).await;
    javascript.has_peers(1).await;
    let browser = Chromium::start();
    let url = format!("http://{}/", ws.address(Scheme::Ws).authority());
    let tab = Page::joined(&browser, &url);
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
    let said: Heard = [
        (tcp.id().clone(), texts.clone()),
        (ws.id().clone(), texts.clone()),
        (javascript.id().clone(), texts.clone()),
        (tab.id(), texts),
        (python.id().clone(), said_by_python),
    ]
    .into();

    let others = (said.len() - 1) * EACH;
    for (node, heard) in [
        (tcp.id(), hear(&tcp, others).await),
        (ws.id(), hear(&ws, others).await),
    ] {
        assert_eq!(in_order(heard), in_order(without(&said, node)));
    }
    assert_eq!(
        in_order(tab.heard(others)),
        in_order(without(&said, &tab.id()))
    );
    for theirs in [&mut *python, &mut *javascript] {
        let wanted = without(&said, theirs.id());
        let heard = hear_there(theirs, &wanted).await;
        hears_nearly_all(theirs.id(), &heard, &wanted);
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

/// What was said, but not by this one.
fn without(said: &Heard, node: &NodeId) -> Heard {
    let others = said.iter().filter(|(id, _)| *id != node);
    others
        .map(|(id, texts)| (id.clone(), texts.clone()))
        .collect()
}

/// The texts of each in one order, for those that came in another.
fn in_order(mut heard: Heard) -> Heard {
    heard.values_mut().for_each(|texts| texts.sort());
    heard
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

/// What a relative hears, until that is all of `wanted` or it hears nothing more.
async fn hear_there(node: &mut Told, wanted: &Heard) -> Heard {
    let count: usize = wanted.values().map(Vec::len).sum();
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

/// That a relative has heard nearly all of what each said, and nothing twice.
fn hears_nearly_all(node: &NodeId, heard: &Heard, wanted: &Heard) {
    assert!(heard.keys().all(|speaker| wanted.contains_key(speaker)));
    for (speaker, said) in wanted {
        let heard = heard.get(speaker).map(Vec::as_slice).unwrap_or_default();
        let once: BTreeSet<_> = heard.iter().collect();
        let good = said.iter().filter(|text| once.contains(text)).count();
        assert!(
            good * 100 >= said.len() * OF_A_HUNDRED,
            "{node} heard {good} of the {} of {speaker}",
            said.len()
        );
        assert_eq!(once.len(), heard.len(), "{node} heard {speaker} twice");
    }
}
