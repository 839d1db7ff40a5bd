//! js2p's names in a page, with our node behind them: in Chromium driven through chromedriver. js2p's own example runs, and
//! each member is as js2p's users know it; what those throw that is not so is in `browser/js2p_names.js`.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]

mod browser {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod chromium;
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

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use browser::chromium::{Chromium, Window};
use browser::relay::{self, Relay, TCP, WS};
use rs2p::id::ProtocolId;
use rs2p::wire::Flag;
use rs2p::{Address, Event, MeshSocket, Scheme, SendOptions, Value};
use serde_json::{Value as Json, json};
use support::js2p::Js2p;
use support::node::{Node, text};
use support::py2p::Py2p;
use support::told::Told;

/// The subnet of js2p's example.
const SUBNET: &str = "chat";

/// A folder with the package, as whoever uses it has it, and a page.
struct Site(PathBuf);

impl Site {
    fn with(page: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("js2p-names-{}-{count}", std::process::id());
        let site = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        let write = || {
            fs::create_dir_all(site.0.join("pkg"))?;
            for file in ["index.js", "rs2p_bg.wasm", "js2p.js"] {
                let file = Path::new("pkg").join(file);
                fs::copy(relay::page().join(&file), site.0.join(&file))?;
            }
            // So that Node.js takes it for what it is.
            fs::write(site.0.join("package.json"), r#"{"type":"module"}"#)?;
            fs::write(site.0.join("index.html"), page)?;
            // Browsers ask for it.
            fs::write(site.0.join("favicon.ico"), [])?;
            fs::write(
                site.0.join("names.js"),
                include_str!("browser/js2p_names.js"),
            )
        };
        write().expect("the package: run `cargo xtask page` first");
        site
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for what is built.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// js2p's example of a page, out of its own documents, with what has to change, and only that.
fn example(relay: &Address) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = root.join("target/js2p/node_modules/js2p/docs/javascript/tutorial/browser.rst");
    let document = fs::read_to_string(document);
    let document = document.expect("js2p's documents: run `cargo xtask setup` first");
    let (_, page) = document.split_once("<!doctype html>").expect("a page");
    let is_loader = |line: &&str| line.contains("<script") && line.contains(" src=");
    assert_eq!(page.lines().filter(is_loader).count(), 4, "{page}");
    let page: Vec<_> = page.lines().filter(|line| !is_loader(line)).collect();
    let mut page = format!("<!doctype html>\n{}", page.join("\n"));
    // The import.
    change(
        &mut page,
        "<script type=\"text/javascript\">",
        "<script type=\"module\">\nimport js2p from \"./pkg/js2p.js\";",
    );
    // The constructor.
    change(
        &mut page,
        "new js2p.sync.SyncSocket(null, null, true, ",
        "new js2p.mesh.MeshSocket(null, null, ",
    );
    // Where the relay of this test is, and what the example leaves to its reader.
    let place = format!("'{}', {}", relay.host(), relay.port());
    change(&mut page, "'example.com', 5555", &place);
    change(
        &mut page,
        "// whatever actions to perform on connection",
        "conn.send(['hello from a page']);",
    );
    change(
        &mut page,
        "// The rest of your script",
        "globalThis.heard = [];
        socket.on('message', (conn) => {
            const msg = conn.recv();
            heard.push([msg.sender, ...msg.packets]);
            if (msg.packets[0] === js2p.base.flags.broadcast) msg.reply(['I heard', msg.packets[1]]);
        });
        globalThis.socket = socket;",
    );
    page
}

/// Changes what stands once in a page.
fn change(page: &mut String, from: &str, to: &str) {
    assert_eq!(page.matches(from).count(), 1, "{from} in {page}");
    *page = page.replace(from, to);
}

#[tokio::test(flavor = "multi_thread")]
async fn js2ps_example_runs_with_another_import_and_another_constructor() {
    let relay = Relay::start_in(SUBNET, &relay::page(), &[WS, TCP], &[]);
    let (ws, tcp) = (relay.address(Scheme::Ws), relay.address(Scheme::Tcp));
    let native = Node::start(
        MeshSocket::builder(SUBNET)
            .hearsay(rs2p::Hearsay::Any)
            .peer(tcp.to_string()),
    )
    .await;
    native.socket.joined().await.expect("a relay that listens");
    let mut python = Py2p::start(SUBNET).await;
    python.connect(tcp).await;
    python.has_peers(1).await;
    let mut javascript = Js2p::start(SUBNET, Scheme::Ws).await;
    javascript.connect(ws).await;
    javascript.has_peers(1).await;

    let site = Site::with(&example(ws));
    let pages = Relay::start_with(&site.0, &[WS], &[]);
    let browser = Chromium::start();
    let page = browser.open(&pages.page());
    let own = page.until("a node in the page", "globalThis.socket?.id");
    assert_eq!(native.hears_text().await, "hello from a page");
    for relative in [&mut *python, &mut *javascript] {
        let hello = relative.hears().await;
        assert_eq!(
            (hello.text(), json!(hello.sender.to_string())),
            ("hello from a page", own.clone())
        );
    }

    native.say("from rs2p").await;
    let reply = native.hears().await;
    assert!(reply.is_whisper() && json!(reply.sender().to_string()) == own);
    let reply: (String, String) = reply.decode().expect("two texts");
    assert_eq!(reply, ("I heard".to_owned(), "from rs2p".to_owned()));
    for relative in [&mut *python, &mut *javascript] {
        assert_eq!(relative.hears().await.text(), "from rs2p");
    }
    for (relative, name) in [(&mut *python, "py2p"), (&mut *javascript, "js2p")] {
        relative.send(json!([name])).await;
        assert_eq!(native.hears_text().await, name);
    }
    for (relative, name) in [(&mut *python, "py2p"), (&mut *javascript, "js2p")] {
        assert_is_replied_to(relative, name).await;
    }
    // Each heard the others too.
    let heard = page.until("three messages", "heard.length >= 3 && heard");
    let said = [
        (native.id(), "from rs2p"),
        (python.id(), "py2p"),
        (javascript.id(), "js2p"),
    ];
    let said = said.map(|(id, text)| json!([id.to_string(), 0, text]));
    assert_eq!(heard, json!(said));
    assert_eq!(page.run("return socket.status"), json!("Nominal"));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Waits for the page's reply to what a relative said, which was its name. On the way it may hear the other's.
async fn assert_is_replied_to(relative: &mut Told, name: &str) {
    loop {
        let heard = relative.hears().await;
        if heard.is_whisper {
            return assert_eq!(heard.packets, json!(["I heard", name]));
        }
    }
}

/// A node of ours that shows a blank page with the package beside it, and is that page's neighbour.
async fn neighbour() -> (Node, Site) {
    let site = Site::with("<!doctype html><title>js2p's names</title>");
    let builder = MeshSocket::builder(SUBNET)
        .hearsay(rs2p::Hearsay::Any)
        .listen(WS);
    let folder = site.0.clone();
    let started = builder.spawn_with(|options| options.www = Some(folder));
    let node = Node::of(started.await.expect("free ports on loopback"));
    (node, site)
}

fn open<'browser>(browser: &'browser Chromium, node: &Node) -> Window<'browser> {
    browser.open(&format!("http://{}/", node.address(Scheme::Ws).authority()))
}

/// Runs a test in the page with the node's port and id; gives what it comes to.
fn run(page: &Window<'_>, name: &str, node: &Node) -> Json {
    let (port, id) = (node.address(Scheme::Ws).port(), node.id());
    page.run(&format!(
        "return import('/names.js').then((tests) => tests.{name}({port}, '{id}'))"
    ))
}

/// Begins a test in the page that talks with the node meanwhile; [`end`] waits for it.
fn begin(page: &Window<'_>, name: &str, node: &Node) {
    let (port, id) = (node.address(Scheme::Ws).port(), node.id());
    page.run(&format!(
        "globalThis.outcome = undefined;
         import('/names.js').then((tests) => tests.{name}({port}, '{id}'))
             .then((value) => (outcome = ['done', value ?? null]), (error) => (outcome = ['failed', error.stack]));
         return null"
    ));
}

fn end(page: &Window<'_>) -> Json {
    let outcome = page.until("the end of the test", "globalThis.outcome");
    assert_eq!(outcome[0], "done", "{}", outcome[1]);
    outcome[1].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn js2ps_names_are_there() {
    let (node, _site) = neighbour().await;
    let browser = Chromium::start();
    let page = open(&browser, &node);
    let id = ProtocolId::new(SUBNET, "ws");
    page.run(&format!(
        "return import('/names.js').then((tests) => tests.hasItsNames('{id}'))"
    ));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_js2ps_names_cannot_do_here_throws_at_once() {
    let (node, _site) = neighbour().await;
    let browser = Chromium::start();
    run(&open(&browser, &node), "refuses", &node);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_js2p_drops_in_silence_is_told() {
    let (node, _site) = neighbour().await;
    let browser = Chromium::start();
    let page = open(&browser, &node);
    let (port, nobody) = (node.address(Scheme::Ws).port(), free_port());
    page.run(&format!(
        "return import('/names.js').then((tests) => tests.tellsWhatFails({port}, {nobody}))"
    ));
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_shows_links_as_js2p_does() {
    let (node, _site) = neighbour().await;
    let browser = Chromium::start();
    run(&open(&browser, &node), "showsLinks", &node);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_emitter_is_as_js2ps() {
    let (node, _site) = neighbour().await;
    let browser = Chromium::start();
    run(&open(&browser, &node), "emits", &node);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_as_js2p_shows_them() {
    let (node, _site) = neighbour().await;
    let browser = Chromium::start();
    let page = open(&browser, &node);
    begin(&page, "hears", &node);
    let echo = async || {
        let message = node.hears().await;
        let packets = message.packets();
        let answer = node.socket.whisper_values(message.sender(), &packets);
        answer.await.expect("a neighbour");
    };
    echo().await;
    node.say("one").await;
    let bytes = || Value::from(&[1, 2, 255][..]);
    let inner = Value::Map(vec![("list".into(), Value::Array(vec![bytes()]))]);
    let sent = node.socket.send_values(&[bytes(), inner]).await;
    sent.expect("a neighbour");
    for text in ["three", "four"] {
        node.say(text).await;
    }
    echo().await;
    echo().await;
    end(&page);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn send_and_handlers_know_flag_and_type() {
    let (mut node, _site) = neighbour().await;
    let browser = Chromium::start();
    let page = open(&browser, &node);
    begin(&page, "sends", &node);
    assert_eq!(node.hears_text().await, "ready");
    for (flag, said) in [
        (Value::from("mine"), "first"),
        (Value::from(0x33), "second"),
    ] {
        let options =
            SendOptions::new().flag(Flag::try_from(&flag).expect("an application's flag"));
        let sent = node.socket.send_with(&options, said).await;
        sent.expect("a neighbour");
    }
    node.say("plain").await;
    let id = end(&page);
    let mut flagged = async || {
        let flagged = |event| match event {
            Event::Flagged(message) => Some(message),
            _ => None,
        };
        let message = node.happens("a message with a flag", flagged).await;
        assert_eq!(json!(message.sender().to_string()), id);
        (
            message.flag().to_string(),
            message.is_whisper(),
            text(&message),
        )
    };
    let wanted =
        |flag: &str, is_whisper, text: &str| (flag.to_owned(), is_whisper, text.to_owned());
    assert_eq!(flagged().await, wanted("\"answer\"", true, "over the link"));
    assert_eq!(flagged().await, wanted("\"news\"", false, "with a type"));
    assert_eq!(flagged().await, wanted("\"news\"", true, "both"));
    let whisper = node.hears().await;
    assert!(whisper.is_whisper() && whisper.flag() == Flag::BROADCAST);
    assert_eq!(text(&whisper), "for neighbours");
    assert_eq!(browser.complaints(), [""; 0]);
}

/// js2p's names in Node.js, where they begin as in a page.
const IN_NODE: &str = "
    import js2p from './pkg/js2p.js';
    // It outlives no test.
    setTimeout(() => process.exit(1), 9_000).unref();
    const protocol = new js2p.base.Protocol('chat', 'ws');
    try {
        new js2p.mesh.MeshSocket('0.0.0.0', 4444, protocol);
    } catch ({ code }) {
        console.log(code);
    }
    const socket = new js2p.mesh.MeshSocket(null, null, protocol);
    socket.on('message', (conn) => {
        const { packets } = conn.recv();
        console.log(packets[1] instanceof Buffer, packets[1].toString());
        conn.close();
    });
    socket.on('connect', (conn) => conn.send(['hello from Node.js']));
    socket.connect('127.0.0.1', Number(process.argv[2]));
";

#[tokio::test(flavor = "multi_thread")]
async fn the_names_are_there_in_node_too_where_nothing_listens_either() {
    let (node, site) = neighbour().await;
    let script = site.0.join("script.mjs");
    fs::write(&script, IN_NODE).expect("a folder that can be written to");
    let program = Command::new("node")
        // It is there unasked from version 22 on.
        .arg("--experimental-websocket")
        .arg(script)
        .arg(node.address(Scheme::Ws).port().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js: run `cargo xtask setup` first");
    assert_eq!(node.hears_text().await, "hello from Node.js");
    let sent = node.socket.send_values(&[Value::from(&b"bytes"[..])]).await;
    sent.expect("a neighbour");
    let ended = program.wait_with_output().expect("a program that ends");
    assert!(ended.status.success(), "{}", ended.status);
    assert_eq!(
        String::from_utf8_lossy(&ended.stdout),
        "cannot-listen\ntrue bytes\n"
    );
}
