//! js2p 0.7.870 in a page, in Chromium driven through chromedriver, with a real relay and other nodes around it.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]

mod browser {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod chromium;
    pub(crate) mod js2p_page;
    pub(crate) mod relay;
    pub(crate) mod webdriver;
}
mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod node;
}

use browser::chromium::Chromium;
use browser::js2p_page::{Heard, Js2pPage};
use browser::relay::{Relay, TCP, WS};
use rs2p::mesh::DEFAULT_SUBNET;
use rs2p::{MeshSocket, NodeId, Scheme};
use serde_json::json;
use support::node::{Node, soon, text};

/// A relay that shows a page with js2p.
fn relay() -> Relay {
    Relay::start_with(&Js2pPage::folder(), &[WS, TCP], &[])
}

/// A page that has joined a relay.
fn page<'browser>(browser: &'browser Chromium, relay: &Relay) -> Js2pPage<'browser> {
    let address = relay.address(Scheme::Ws);
    Js2pPage::joined(browser, &relay.page(), DEFAULT_SUBNET, address)
}

/// A native node that has joined a relay, over TCP.
async fn native(relay: &Relay) -> Node {
    let address = relay.address(Scheme::Tcp).to_string();
    let node = Node::start(
        MeshSocket::builder(DEFAULT_SUBNET)
            .hearsay(rs2p::Hearsay::Any)
            .peer(address),
    )
    .await;
    node.socket.joined().await.expect("a relay that listens");
    node
}

/// What js2p hears from a node.
fn heard(sender: &NodeId, is_whisper: bool, packets: serde_json::Value) -> Heard {
    Heard {
        sender: sender.to_string(),
        is_whisper,
        packets,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_every_message_arrives_once() {
    const EACH: usize = 200;
    let relay = relay();
    let browser = Chromium::start();
    let (page, native) = (page(&browser, &relay), native(&relay).await);
    let texts: Vec<_> = (0..EACH)
        .map(|number| format!("message {number}"))
        .collect();
    for text in &texts {
        native.say(text).await;
    }
    for heard in page.hears(EACH).into_iter().zip(&texts) {
        assert_eq!(heard.0, self::heard(native.id(), false, json!([heard.1])));
    }
    for text in &texts {
        page.send(&json!([text, { "kind": "map" }, [1, null, true], 0.5]));
    }
    for wanted in &texts {
        let message = native.hears().await;
        assert_eq!(*message.sender(), page.id());
        let (text, map, list, half): (
            String,
            std::collections::BTreeMap<String, String>,
            (u8, (), bool),
            f64,
        ) = message.decode().expect("what the page sent");
        assert_eq!((&text, half, list), (wanted, 0.5, (1, (), true)));
        assert_eq!(map["kind"], "map");
    }
    native.say("the end").await;
    let end = heard(native.id(), false, json!(["the end"]));
    assert_eq!(page.hears(1), [end]);
    assert_eq!(page.status(), json!("Nominal"));
    let rest = native.close().await;
    assert!(rest.is_empty(), "heard besides: {rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_replies_and_is_replied_to_by_a_neighbour() {
    let browser = Chromium::start();
    // A node of ours that shows the page itself, so that it is the page's neighbour.
    let builder = MeshSocket::builder(DEFAULT_SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .listen(WS);
    let folder = Js2pPage::folder();
    let started = builder.spawn_with(|options| options.www = Some(folder));
    let ours = Node::of(started.await.expect("free ports on loopback"));
    let address = ours.address(Scheme::Ws);
    let url = format!("http://{}/", address.authority());
    let page = Js2pPage::joined(&browser, &url, DEFAULT_SUBNET, &address);
    assert_eq!(page.peers(), [ours.id().clone()]);

    ours.say("who is there?").await;
    assert_eq!(
        page.hears(1),
        [heard(ours.id(), false, json!(["who is there?"]))]
    );
    page.reply(&json!(["a page"]));
    let answer = ours.hears().await;
    assert!(answer.is_whisper() && *answer.sender() == page.id());
    assert_eq!(text(&answer), "a page");
    soon("a reply on its way", answer.reply("a page of whom?"))
        .await
        .expect("a neighbour");
    assert_eq!(
        page.hears(1),
        [heard(ours.id(), true, json!(["a page of whom?"]))]
    );
    page.reply(&json!(["of js2p"]));
    let answer = ours.hears().await;
    assert!(answer.is_whisper());
    assert_eq!(text(&answer), "of js2p");
    assert_eq!(page.status(), json!("Nominal"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_replied_to_over_the_relay() {
    let relay = relay();
    let browser = Chromium::start();
    let (page, native) = (page(&browser, &relay), native(&relay).await);
    page.send(&json!(["who is there?"]));
    let question = native.hears().await;
    assert_eq!(text(&question), "who is there?");
    soon("a reply on its way", question.reply("a native node"))
        .await
        .expect("the way on which it was heard");
    assert_eq!(
        page.hears(1),
        [heard(native.id(), true, json!(["a native node"]))]
    );
    assert_eq!(page.status(), json!("Nominal"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_js2p_cannot_send_costs_the_page_nothing() {
    let relay = relay();
    let browser = Chromium::start();
    let (page, native) = (page(&browser, &relay), native(&relay).await);
    native.say("who is there?").await;
    let question = heard(native.id(), false, json!(["who is there?"]));
    assert_eq!(page.hears(1), [question]);
    // js2p replies to neighbours alone: for any other it asks around, and stumbles over every answer.
    page.reply(&json!(["a page"]));
    page.send(&json!(["still there"]));
    assert_eq!(native.hears_text().await, "still there");
    native.say("so am I").await;
    assert_eq!(
        page.hears(1),
        [heard(native.id(), false, json!(["so am I"]))]
    );
    assert_eq!(page.status(), json!("Nominal"));
}
