//! The page in a real browser, Chromium driven through chromedriver, with real relays and other nodes around it.
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
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod told;
}

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use browser::chromium::Chromium;
use browser::page::{Page, Row};
use browser::relay::{Relay, TCP, WS};
use rs2p::mesh::DEFAULT_SUBNET;
use rs2p::{Address, Builder, MeshSocket, NodeId, Scheme, Value};
use serde_json::json;
use support::node::{Node, text};
use support::py2p::Py2p;

/// A node in the subnet of the page.
fn node() -> Builder {
    MeshSocket::builder(DEFAULT_SUBNET).hearsay(rs2p::Hearsay::Any)
}

/// A native node that dials the node at this address.
async fn node_at(address: &Address) -> Node {
    let node = Node::start(node().peer(address.to_string())).await;
    node.socket.joined().await.expect("a relay that listens");
    node
}

/// Nothing was written to any console that a page should be ashamed of.
fn assert_quiet(browser: &Chromium) {
    assert_eq!(browser.complaints(), [""; 0]);
}

/// What was heard, by who said it.
type Heard = BTreeMap<NodeId, Vec<String>>;

/// Messages from each node in the test that counts.
const EACH: usize = 200;

/// What a node says in that test.
fn texts() -> Vec<String> {
    (0..EACH)
        .map(|number| format!("message {number}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_each_of_four_kinds_of_nodes_says_reaches_each_other_once() {
    // py2p stamps a message anew for each of its links: at the turn of a second that makes two messages. So it gets one link
    // alone: the near relay cannot be dialled over TCP, and both other nodes are linked before there is a py2p to tell of.
    let far = Relay::start(&[TCP], &[]);
    let near = Relay::start(&[WS], &[far.address(Scheme::Tcp)]);
    let native = node_at(far.address(Scheme::Tcp)).await;
    let browser = Chromium::start();
    let pages = [(); 2].map(|()| Page::joined(&browser, &near.page()));
    let mut python = Py2p::start(DEFAULT_SUBNET).await;
    python.connect(far.address(Scheme::Tcp)).await;
    python.has_peers(1).await;
    pages.iter().for_each(Page::begins_to_listen);

    let texts = texts();
    // py2p trips over its own threads when its user sends while it receives, so it speaks first; then all others at once.
    let said_by_python = python.send_many(&texts).await;
    pages.iter().for_each(|page| page.begins_to_say(&texts));
    for text in &texts {
        native.say(text).await;
    }
    let speakers = [
        ("one page", pages[0].id(), &texts),
        ("the other page", pages[1].id(), &texts),
        ("py2p", python.id().clone(), &said_by_python),
        ("the native node", native.id().clone(), &texts),
    ];
    let others = (speakers.len() - 1) * EACH;
    let mut heard = Vec::new();
    for page in &pages {
        heard.push(page.heard(others));
    }
    heard.push(hear_there(&mut python, others).await);
    heard.push(hear(&native, others).await);

    for ((hearer, own, _), heard) in speakers.iter().zip(&heard) {
        for (speaker, id, said) in speakers.iter().filter(|(_, id, _)| id != own) {
            assert_once(heard.get(id), said, &format!("{hearer} hears {speaker}"));
        }
    }
    // What came twice would have come before this.
    native.say("the end").await;
    for page in &pages {
        assert_eq!(
            page.heard(1),
            [(native.id().clone(), vec!["the end".to_owned()])].into()
        );
    }
    assert_eq!(python.hears().await.text(), "the end");
    assert_quiet(&browser);
    python.close().await;
    let rest = native.close().await;
    assert!(rest.is_empty(), "heard besides: {rest:?}");
}

/// That these texts are those that were said, each once.
fn assert_once(heard: Option<&Vec<String>>, said: &[String], what: &str) {
    let heard = heard.map(Vec::as_slice).unwrap_or_default();
    let times = |text: &String| heard.iter().filter(|heard| *heard == text).count();
    let wrong = said.iter().map(|text| (text, times(text)));
    let wrong: Vec<_> = wrong.filter(|(_, times)| *times != 1).take(5).collect();
    assert!(
        wrong.is_empty() && heard.len() == said.len(),
        "{what}: {wrong:?} and maybe more"
    );
}

/// The next `count` messages of a native node.
async fn hear(node: &Node, count: usize) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..count {
        let message = node.hears().await;
        let from = heard.entry(message.sender().clone()).or_default();
        from.push(text(&message));
    }
    heard
}

/// The next `count` messages of a py2p.
async fn hear_there(node: &mut Py2p, count: usize) -> Heard {
    let mut heard = Heard::new();
    for _ in 0..count {
        let message = node.hears().await;
        let text = message.text().to_owned();
        heard.entry(message.sender).or_default().push(text);
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_on_one_page_appears_on_the_other() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let [one, other] = [(); 2].map(|()| Page::joined(&browser, &relay.page()));
    one.send("good morning, <b>mesh</b> & all");
    let shown = Row {
        sender: one.id().to_string(),
        kind: "broadcast".to_owned(),
        own: false,
        fate: None,
        text: "good morning, <b>mesh</b> & all".to_owned(),
    };
    assert_eq!(other.row(&shown.text), shown, "text is never markup");
    one.has_sent();
    let own = Row {
        own: true,
        fate: Some("sent".to_owned()),
        ..shown
    };
    assert_eq!(one.rows(), [own]);

    // Shift and Enter write a line, Enter alone sends.
    other.type_line("two");
    other.send("lines");
    assert_eq!(one.row("two\nlines").sender, other.id().to_string());
    let left = "return document.querySelector('#composer textarea').value";
    assert_eq!(other.window.run(left), "");
    assert_quiet(&browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_that_the_page_shows_reaches_the_page() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let page = Page::joined(&browser, &relay.page());
    let shown = page
        .window
        .run("return document.querySelector('#command').textContent");
    let shown = shown.as_str().expect("a command");
    let program = Path::new(env!("CARGO_BIN_EXE_rs2p"));
    let folder = program.parent().expect("a folder");
    let path = std::env::var("PATH").expect("a path");
    let ran = Command::new("sh")
        .args(["-c", shown])
        .env("PATH", format!("{}:{path}", folder.display()))
        .status();
    assert!(ran.is_ok_and(|status| status.success()), "{shown}");
    assert!(!page.row("hello").own);
    assert_quiet(&browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_reply_from_tab_to_tab_reaches_nobody_else() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let bystander = node_at(relay.address(Scheme::Tcp)).await;
    let browser = Chromium::start();
    let [asker, friend, other] = [(); 3].map(|()| Page::joined(&browser, &relay.page()));
    asker.send("who can keep a secret?");
    for page in [&friend, &other] {
        page.row("who can keep a secret?");
    }
    friend.window.click("#log .message button.reply");
    friend.send("I can");
    let reply = asker.row("I can");
    assert_eq!(
        (reply.kind.as_str(), reply.sender),
        ("whisper", friend.id().to_string())
    );
    friend.has_sent();
    assert_eq!(friend.row("I can").kind, "whisper");
    // The next is for all again only if that is asked for.
    friend.window.click("#composer .target button");
    friend.send("that was all");
    for page in [&asker, &other] {
        assert_eq!(page.row("that was all").kind, "broadcast");
    }
    let texts: Vec<_> = other.rows().into_iter().map(|row| row.text).collect();
    assert_eq!(texts, ["who can keep a secret?", "that was all"]);
    for text in texts {
        assert_eq!(bystander.hears_text().await, text);
    }
    assert_quiet(&browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_that_its_relay_is_gone_and_joins_when_it_is_back() {
    let mut relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let page = Page::joined(&browser, &relay.page());
    for crash in [false, true] {
        assert_quiet(&browser);
        let ws = relay.address(Scheme::Ws).to_string();
        if crash {
            relay.crash();
        } else {
            relay.end();
        }
        page.says("No connection");
        let explained = page.explains();
        assert!(
            explained.contains(&ws) && explained.contains("keeps trying"),
            "{explained}"
        );
        page.send("is anybody there?");
        page.window.until(
            "a message that was not sent",
            "document.querySelector('#log .own[data-fate=failed] .fate')",
        );

        relay = Relay::start(&[&ws, TCP], &[]);
        page.says("Joined mesh");
        page.is_untroubled();
        let native = node_at(relay.address(Scheme::Tcp)).await;
        native.say(&format!("welcome back, crash {crash}")).await;
        page.row(&format!("welcome back, crash {crash}"));
        // The browser itself notes each dial that fails.
        let complaints = browser.complaints();
        let is_refusal = |complaint: &String| complaint.contains("ERR_CONNECTION_REFUSED");
        assert!(complaints.iter().all(is_refusal), "{complaints:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_explains_that_its_subnet_is_another() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let page = Page::open(&browser, &format!("{}?subnet=other", relay.page()));
    let explained = page.explains();
    assert!(
        explained.contains("belongs to another mesh than “other”")
            && explained.contains("--subnet other"),
        "{explained}"
    );
    assert_eq!(page.says("Not connected"), "Not connected");
    assert_quiet(&browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_survives_a_flood() {
    const FLOOD: usize = 3_000;
    let relay = Relay::start(&[WS, TCP], &[]);
    let native = node_at(relay.address(Scheme::Tcp)).await;
    let browser = Chromium::start();
    let page = Page::joined(&browser, &relay.page());
    for number in 0..FLOOD {
        native.say(&format!("drop {number}")).await;
    }
    page.row(&format!("drop {}", FLOOD - 1));
    let rows = page.rows();
    assert!(rows.len() <= 500, "{} rows", rows.len());
    let drops = (FLOOD - rows.len()..FLOOD).map(|number| format!("drop {number}"));
    assert!(
        drops.eq(rows.into_iter().map(|row| row.text)),
        "the latest, in order"
    );
    assert_quiet(&browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lively_page_is_a_pretty_picture() {
    let centre = Relay::start(&[WS, TCP], &[]);
    let far = Relay::start(&[WS, TCP], &[centre.address(Scheme::Tcp)]);
    let browser = Chromium::start();
    let [sleeper, other, page] = ["Pia", "Mira", "Noor"].map(|name| {
        let url = format!("{}?name={name}#tea", centre.page());
        Page::joined(&browser, &url)
    });
    page.window.resize(1280, 800, false);
    for page in [&other, &page] {
        page.enters("");
    }
    let ada = node_at(centre.address(Scheme::Tcp)).await;
    let bela = node_at(far.address(Scheme::Tcp)).await;
    let caro = node_at(far.address(Scheme::Ws)).await;
    say_as(&ada, "Ada", "Good morning from a terminal. Who is here?").await;
    page.row("Good morning from a terminal. Who is here?");
    other.send("A tab in Lisbon!");
    page.row("A tab in Lisbon!");
    say_as(&bela, "Bela", "And a Raspberry Pi, two relays away.").await;
    page.row("And a Raspberry Pi, two relays away.");
    page.send("No server in the middle, and yet we all hear each other");
    page.has_sent();
    say_as(&caro, "Caro", "Hallo! Γειά σου! Здравствуйте!").await;
    page.row("Hallo! Γειά σου! Здравствуйте!");
    other.enters("tea");
    other.send("Earl Grey, anybody?");
    page.room("#tea", "1");
    sleeper.window.click("#what-if");
    sleeper.window.click("#trials input[value='40']");
    sleeper.window.click("[data-trial=freeze]");
    page.lists(&sleeper.id(), "asleep");
    // This page, the two others, two relays, three native nodes.
    page.is_drawn(8);
    // The picture is of these on their way.
    tokio::join!(
        say_as(&bela, "Bela", "Watch this one travel."),
        say_as(&caro, "Caro", "And mine!"),
        say_as(&ada, "Ada", "And this one."),
    );
    page.row("And mine!");
    keep("page.png", &page.window.picture(), (1280, 800));

    page.window.resize(390, 844, true);
    page.window
        .until("a page as wide as a phone", "innerWidth === 390");
    page.is_drawn(8);
    let fits = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(
        page.window.run(fits),
        json!(true),
        "nothing sticks out to the side"
    );
    keep("page-phone.png", &page.window.picture(), (390, 844));
    assert_quiet(&browser);
}

/// Broadcasts a text with a name, as pages do.
async fn say_as(node: &Node, name: &str, text: &str) {
    let name = Value::Map(vec![("name".into(), name.into())]);
    let sent = node.socket.send_values(&[text.into(), name]).await;
    sent.expect("a node with peers");
}

/// Keeps a picture among the artifacts, and checks that it is a PNG of this size (PNG, 11.2.1).
fn keep(name: &str, picture: &[u8], (width, height): (u32, u32)) {
    let size: Vec<u8> = [width, height]
        .iter()
        .flat_map(|side| side.to_be_bytes())
        .collect();
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n") && picture[16..24] == size[..]);
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/artifacts");
    std::fs::create_dir_all(&folder).expect("a folder for what is built");
    std::fs::write(folder.join(name), picture).expect("a folder that can be written to");
}
