//! What browsers, networks and relays do to a page, done to the npm package in a real Chromium: freezing, no network, a relay
//! that dies, a slow machine, a reload, a second tab. It is driven through chromedriver.
//!
//! Each test's fault takes the time that its name says. What is waited for has a deadline; how long it took is printed.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]

mod browser {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod chromium;
    pub(crate) mod webdriver;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use browser::chromium::{Chromium, Window};
use rs2p::testing::Relay;
use rs2p::{Address, MeshSocket, NodeId};
use serde_json::{Value as Json, json};

/// What is said to a page: numbers from 0 on.
struct Speaker {
    socket: MeshSocket,
    said: u64,
}

impl Speaker {
    async fn at(relay: &Relay) -> Self {
        let socket = relay.node().spawn().await.expect("a node");
        socket.joined().await.expect("a relay");
        Self { socket, said: 0 }
    }

    /// Says the next number.
    async fn say(&mut self) {
        self.socket.send(&self.said).await.expect("a peer");
        self.said += 1;
    }

    /// Says so many numbers, one each `pause`.
    async fn talk(&mut self, count: u64, pause: Duration) {
        for _ in 0..count {
            self.say().await;
            tokio::time::sleep(pause).await;
        }
    }
}

/// A server of the package and an empty page, which no fault of a relay concerns.
struct Site {
    url: String,
    _server: MeshSocket,
}

impl Site {
    async fn start() -> Self {
        let server = MeshSocket::builder("site")
            .hearsay(rs2p::Hearsay::Any)
            .listen("ws://127.0.0.1:0");
        let server = server
            .spawn_with(|options| options.www = Some(folder()))
            .await
            .expect("a free port");
        Self {
            url: format!("http://{}/", server.listening()[0].authority()),
            _server: server,
        }
    }
}

/// The package as `cargo xtask npm` leaves it, and a page beside it.
fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = root.join("target/npm");
    assert!(
        package.join("index.js").is_file(),
        "no package in {}: run `cargo xtask npm` first",
        package.display()
    );
    fs::write(
        package.join("test.html"),
        "<!doctype html><title>a page</title><body></body>",
    )
    .expect("a page");
    package
}

/// Begins a node in a page, which keeps what it hears and what it is told.
const BEGIN: &str = "
    for (const name of ['instantiate', 'instantiateStreaming']) {
      const begin = WebAssembly[name];
      WebAssembly[name] = async (...words) => {
        const loaded = await begin.apply(WebAssembly, words);
        globalThis.memory = (loaded.instance ?? loaded).exports.memory;
        return loaded;
      };
    }
    return import('./index.js').then(async ({ join }) => {
      globalThis.heard = [];
      globalThis.told = [];
      const tell = (what) => told.push([Math.round(performance.now()), what]);
      globalThis.mesh = await join(SUBNET, { relays: RELAYS, ...OPTIONS });
      tell(mesh.status.state);
      mesh.addEventListener('statuschange', ({ detail }) => tell(detail.state));
      mesh.addEventListener('gap', () => tell('gap'));
      for (const name of ['freeze', 'resume']) document.addEventListener(name, () => tell(name));
      for (const name of ['offline', 'online']) addEventListener(name, () => tell(name));
      mesh.on('message', ({ packets }) => heard.push(packets[0]));
      return mesh.id;
    })";

/// A node in a page.
struct Tab<'browser> {
    window: Window<'browser>,
    id: NodeId,
}

impl<'browser> Tab<'browser> {
    fn open(browser: &'browser Chromium, site: &Site, relays: &[&Address], options: Json) -> Self {
        let window = browser.open(&format!("{}test.html", site.url));
        let id = begin(&window, relays, &options);
        Self { window, id }
    }

    /// Waits until it has heard each number below `count`, once and no other.
    fn hears_all_below(&self, count: u64) {
        self.window.until(
            &format!("{count} numbers"),
            &format!("globalThis.heard?.length >= {count}"),
        );
        let heard = self.window.run("return heard.toSorted((a, b) => a - b)");
        assert_eq!(heard, json!((0..count).collect::<Vec<_>>()));
    }

    fn is(&self, state: &str) {
        self.window.until(
            &format!("the state {state}"),
            &format!("mesh.status.state === {state:?}"),
        );
    }

    /// What it was told and when, for people.
    fn story(&self, test: &str) {
        let told = self.window.run("return JSON.stringify(told)");
        println!("{test}: {told}");
    }

    fn lifecycle(&self, state: &str) {
        self.window
            .devtools("Page.setWebLifecycleState", &json!({ "state": state }));
    }

    fn network(&self, offline: bool) {
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.window.devtools("Network.enable", &json!({}));
        self.window
            .devtools("Network.emulateNetworkConditions", &conditions);
    }
}

fn begin(window: &Window<'_>, relays: &[&Address], options: &Json) -> NodeId {
    let relays: Vec<_> = relays.iter().map(ToString::to_string).collect();
    let script = BEGIN
        .replace("SUBNET", "'mesh'")
        .replace("RELAYS", &json!(relays).to_string())
        .replace("OPTIONS", &options.to_string());
    let id = window.run(&script);
    id.as_str().and_then(|id| id.parse().ok()).expect("an id")
}

/// Waits until a relay has, or has not, a node for a peer.
async fn has_peer(relay: &Relay, id: &NodeId, wanted: bool) {
    let socket = relay.socket().expect("a relay that runs");
    let change = async {
        while socket.peers().iter().any(|peer| &peer.node == id) != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(150), change)
        .await
        .unwrap_or_else(|_| panic!("{id} as a peer: not {wanted} in time"));
}

/// Freezes a page for so long, while a message comes each second of its last 50.
async fn frozen(seconds: u64) {
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let mut speaker = Speaker::at(&relay).await;
    let browser = Chromium::start();
    let tab = Tab::open(&browser, &site, &[relay.ws()], json!({}));
    speaker.say().await;
    tab.hears_all_below(1);

    tab.lifecycle("frozen");
    let spoken = seconds.min(50);
    tokio::time::sleep(Duration::from_secs(seconds - spoken)).await;
    speaker.talk(spoken, Duration::from_secs(1)).await;
    tab.lifecycle("active");

    tab.is("joined");
    speaker.say().await;
    tab.hears_all_below(speaker.said);
    assert_eq!(tab.window.run("return mesh.id"), json!(tab.id.to_string()));
    tab.story(&format!("frozen {seconds} s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_frozen_for_10_seconds_has_all_that_was_said() {
    frozen(10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_frozen_for_60_seconds_has_all_of_the_last_50() {
    frozen(60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_frozen_for_150_seconds_has_all_of_the_last_50() {
    frozen(150).await;
}

/// Takes the network from a page for so long, while messages come.
async fn offline(seconds: u64) {
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let mut speaker = Speaker::at(&relay).await;
    let browser = Chromium::start();
    let tab = Tab::open(&browser, &site, &[relay.ws()], json!({}));

    tab.network(true);
    speaker.talk(seconds, Duration::from_secs(1)).await;
    tab.network(false);

    tab.is("joined");
    speaker.say().await;
    tab.hears_all_below(speaker.said);
    tab.story(&format!("offline {seconds} s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_offline_for_5_seconds_has_all_that_was_said() {
    offline(5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_offline_for_40_seconds_has_all_that_was_said() {
    offline(40).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_relay_was_killed_is_back_when_the_relay_is() {
    let (site, mut relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let browser = Chromium::start();
    let tab = Tab::open(&browser, &site, &[relay.ws()], json!({}));

    relay.kill().await;
    tab.is("offline");
    relay.restart().await.expect("its ports");
    tab.is("joined");
    has_peer(&relay, &tab.id, true).await;

    let mut speaker = Speaker::at(&relay).await;
    speaker.say().await;
    tab.hears_all_below(1);
    tab.story("relay killed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_relay_was_killed_goes_on_with_the_second_and_misses_nothing() {
    let site = Site::start().await;
    let mut first = Relay::start().await.expect("a relay");
    let second = Relay::start().await.expect("a relay");
    let link = second.socket().expect("a relay that runs");
    link.connect(first.tcp()).await.expect("the other relay");
    let mut speaker = Speaker::at(&second).await;
    let browser = Chromium::start();
    let tab = Tab::open(&browser, &site, &[first.ws(), second.ws()], json!({}));
    speaker.say().await;
    tab.hears_all_below(1);

    first.kill().await;
    speaker.talk(20, Duration::from_millis(50)).await;
    has_peer(&second, &tab.id, true).await;
    speaker.say().await;
    tab.hears_all_below(speaker.said);
    tab.story("second relay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_on_a_machine_six_times_slower_loses_none_of_50_messages_a_second() {
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let mut speaker = Speaker::at(&relay).await;
    let browser = Chromium::start();
    let tab = Tab::open(&browser, &site, &[relay.ws()], json!({}));
    tab.window
        .devtools("Emulation.setCPUThrottlingRate", &json!({ "rate": 6 }));
    speaker.talk(500, Duration::from_millis(20)).await;
    tab.hears_all_below(500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_an_identity_is_the_same_node_after_a_reload() {
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let browser = Chromium::start();
    let named = json!({ "identity": { "name": "a person" } });
    let tab = Tab::open(&browser, &site, &[relay.ws()], named.clone());
    tab.window.go(&format!("{}test.html", site.url));
    let again = begin(&tab.window, &[relay.ws()], &named);
    assert_eq!(again, tab.id);
    has_peer(&relay, &again, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_one_person_are_two_nodes() {
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let browser = Chromium::start();
    let named = json!({ "identity": { "name": "a person" } });
    let first = Tab::open(&browser, &site, &[relay.ws()], named.clone());
    let second = Tab::open(&browser, &site, &[relay.ws()], named);
    assert_ne!(first.id, second.id);
    let mut speaker = Speaker::at(&relay).await;
    speaker.say().await;
    first.hears_all_below(1);
    second.hears_all_below(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_waits_for_an_identity_has_it_when_the_first_tab_is_closed() {
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let browser = Chromium::start();
    let waiting = json!({ "identity": { "name": "a person", "whenTaken": "wait" } });
    let first = Tab::open(&browser, &site, &[relay.ws()], waiting.clone());
    let window = browser.open(&format!("{}test.html", site.url));
    let begun = format!(
        "globalThis.taken = null; import('./index.js').then(({{ join }}) => join('mesh', {{ relays: ['{}'], ...{waiting} }}))\
         .then((mesh) => {{ globalThis.taken = mesh.id; }}); return null",
        relay.ws()
    );
    window.run(&begun);
    let id = first.id.clone();
    first.window.close();
    let taken = window.until("the identity", "globalThis.taken");
    assert_eq!(taken, json!(id.to_string()));
}

/// How many bytes the core and JavaScript hold: the memory of the wasm, and the heap after a collection.
fn memory(tab: &Tab<'_>) -> (u64, u64) {
    let wasm = tab.window.run("return memory.buffer.byteLength").as_u64();
    tab.window
        .devtools("HeapProfiler.collectGarbage", &json!({}));
    let usage = tab.window.devtools("Runtime.getHeapUsage", &json!({}));
    let heap = usage["usedSize"].as_f64().map(|bytes| bytes as u64);
    wasm.zip(heap).expect("two sizes")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: 30 minutes"]
async fn a_page_that_hears_100_messages_a_second_for_30_minutes_does_not_grow() {
    const MINUTES: u64 = 30;
    let (site, relay) = (Site::start().await, Relay::start().await.expect("a relay"));
    let mut speaker = Speaker::at(&relay).await;
    let browser = Chromium::start();
    let tab = Tab::open(&browser, &site, &[relay.ws()], json!({}));
    // What is heard is only counted: the page itself is not to grow either.
    tab.window
        .run("heard.push = (number) => { globalThis.count = number + 1; return 0 }; return null");

    let mut sizes = Vec::new();
    for minute in 1..=MINUTES {
        speaker.talk(6_000, Duration::from_millis(10)).await;
        let all = format!("globalThis.count === {}", speaker.said);
        tab.window.until("every message", &all);
        let (wasm, heap) = memory(&tab);
        println!("minute {minute}: {wasm} bytes of wasm memory, {heap} bytes of heap");
        sizes.push((wasm, heap));
    }
    // Ids are remembered in two generations of two minutes.
    let (warm, last) = (sizes[4], sizes[sizes.len() - 1]);
    assert_eq!(
        last.0, warm.0,
        "the memory of the wasm is what it was after five minutes"
    );
    assert!(last.0 + last.1 <= 64 << 20, "{last:?} is above 64 MiB");
}
