//! What a listener tells over HTTP of its node: whom, in which form, and while the node ends.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    pub(crate) mod exposition;
    pub(crate) mod folder;
    pub(crate) mod node;
}

use rs2p::native::Reports;
use rs2p::{Address, Builder, Event, MeshSocket, Scheme};
use serde_json::Value as Json;
use support::exposition::Exposition;
use support::folder::Folder;
use support::node::{Node, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATHS: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/mesh.json"];

fn node() -> Builder {
    MeshSocket::builder("reports")
}

async fn relay(reports: Reports) -> Node {
    let node = node()
        .listen("ws://127.0.0.1:0")
        .listen("tcp://127.0.0.1:0");
    let spawned = node.spawn_with(|options| options.reports = reports).await;
    Node::of(spawned.expect("free ports on loopback"))
}

fn peer_down(event: Event) -> Option<String> {
    match event {
        Event::PeerDown { reason, .. } => Some(reason),
        _ => None,
    }
}

async fn tab(relay: &mut Node) -> Node {
    let tab = Node::start(node().peer(relay.address(Scheme::Ws).to_string())).await;
    soon("a peer", tab.socket.joined()).await.expect("joined");
    tab
}

/// What a server answers.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

async fn ask(address: &Address, method: &str, path: &str, headers: &str) -> Answer {
    let authority = address.authority();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\n{headers}\r\n");
    soon("an answer", async {
        let mut stream = TcpStream::connect(&authority).await.expect("it listens");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        Answer {
            status: head[9..12].parse().expect("a status"),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    })
    .await
}

async fn get(relay: &Node, path: &str) -> Answer {
    ask(&relay.address(Scheme::Ws), "GET", path, "").await
}

/// The metrics once `is_there`: a page is up to a second old.
async fn metrics(relay: &Node, is_there: impl Fn(&Exposition) -> bool) -> Exposition {
    soon("the metrics", async {
        loop {
            let read = Exposition::read(&get(relay, "/metrics").await.body);
            if is_there(&read) {
                return read;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_relay_tells_how_it_fares() {
    let mut relay = relay(Reports::Local).await;
    let tabs = [tab(&mut relay).await, tab(&mut relay).await];
    relay.has_peers(&[tabs[0].id(), tabs[1].id()]).await;
    tabs[0].say("hello").await;
    assert_eq!(tabs[1].hears_text().await, "hello");

    let answer = get(&relay, "/healthz").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "alive\n"));
    let answer = get(&relay, "/readyz").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ready\n"));

    let read = metrics(&relay, |read| {
        read.value("rs2p_delivered_messages_total") == 1.0
    })
    .await;
    assert_eq!(
        read.value("rs2p_links{direction=in,kind=capable,scheme=ws}"),
        2.0
    );
    assert_eq!(read.value("rs2p_links_by_age{age=under_1m}"), 2.0);
    assert_eq!(read.value("rs2p_status{status=joined}"), 1.0);
    assert_eq!(read.value("rs2p_links_opened_total"), 2.0);
    assert_eq!(read.value("rs2p_limit_max{limit=links}"), 16_640.0);
    assert_eq!(read.value("rs2p_limit_used{limit=links}"), 2.0);
    assert!(read.value("rs2p_received_bytes_total") > 300.0);

    let page = get(&relay, "/mesh.json").await;
    assert!(page.head.contains("content-type: application/json"));
    let mesh: Json = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!(mesh["id"], relay.id().to_string());
    assert_eq!(mesh["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&mesh["subnet"], &mesh["status"], &mesh["draining"]),
        (&"reports".into(), &"joined".into(), &false.into())
    );
    let listening: Vec<_> = relay
        .socket
        .listening()
        .iter()
        .map(Address::to_string)
        .collect();
    assert_eq!(mesh["listening"], Json::from(listening));
    let links = mesh["links"].as_array().expect("links");
    let mut linked: Vec<_> = links.iter().map(|link| link["id"].clone()).collect();
    linked.sort_by_key(Json::to_string);
    let mut ids = tabs.each_ref().map(|tab| Json::from(tab.id().to_string()));
    ids.sort_by_key(Json::to_string);
    assert_eq!(linked, ids);
    for link in links {
        assert_eq!(
            (&link["kind"], &link["direction"]),
            (&"capable".into(), &"in".into())
        );
        assert!(
            link["remote"]
                .as_str()
                .is_some_and(|at| at.starts_with("127.0.0.1:"))
        );
        assert!(link["age_seconds"].as_f64().is_some_and(|age| age < 60.0));
        assert_eq!(link["queue"]["bytes"], 0);
    }
    assert!(
        mesh["limits"]
            .as_array()
            .is_some_and(|limits| limits.len() > 20)
    );
    assert_eq!(mesh["counters"]["links_opened"], 2);
}

/// Waits until both large pages say that this is the status.
async fn has_status(relay: &Node, status: &str) {
    let label = format!("rs2p_status{{status={status}}}");
    metrics(relay, |read| read.value(&label) == 1.0).await;
    let said = format!("\"status\":\"{status}\"");
    soon("the status", async {
        while !get(relay, "/mesh.json").await.body.contains(&said) {}
    })
    .await;
}

#[tokio::test]
async fn a_relay_that_has_nobody_to_dial_is_listening_and_ready() {
    let mut relay = relay(Reports::Local).await;
    assert_eq!(get(&relay, "/readyz").await.body, "ready\n");
    has_status(&relay, "listening").await;

    let tab = tab(&mut relay).await;
    relay.has_peers(&[tab.id()]).await;
    has_status(&relay, "joined").await;
    tab.close().await;
    has_status(&relay, "listening").await;
}

#[tokio::test]
async fn a_relay_that_dials_in_vain_is_connecting() {
    // Nobody listens on the port any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let peer = format!("ws://{}", gone.local_addr().expect("an address"));
    drop(gone);
    let node = node().listen("ws://127.0.0.1:0").peer(peer);
    let spawned = node
        .spawn_with(|options| options.reports = Reports::Local)
        .await;
    let relay = Node::of(spawned.expect("a free port"));
    has_status(&relay, "connecting").await;
}

#[tokio::test]
async fn counters_never_go_down() {
    let mut relay = relay(Reports::Local).await;
    let first = tab(&mut relay).await;
    relay.has_peers(&[first.id()]).await;
    let before = metrics(&relay, |read| read.value("rs2p_peers") == 1.0).await;
    first.close().await;
    let closed = "rs2p_links_closed_total{reason=closed_by_peer}";
    let after = metrics(&relay, |read| read.value(closed) == 1.0).await;
    assert_eq!(after.value("rs2p_peers"), 0.0);
    for (name, value) in before.counters() {
        assert!(after.value(name) >= value, "{name}");
    }
}

#[tokio::test]
async fn every_page_is_fresh_has_a_head_and_is_only_read() {
    let relay = relay(Reports::Local).await;
    let at = relay.address(Scheme::Ws);
    for path in PATHS {
        let page = get(&relay, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.head.contains("\r\ncache-control: no-store"), "{path}");
        assert!(page.head.contains("\r\nconnection: close"), "{path}");
        let head = ask(&at, "HEAD", path, "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refusal = ask(&at, method, path, "Connection: close\r\n").await;
            assert_eq!(refusal.status, 405, "{method} {path}");
            assert!(refusal.head.contains("allow: get, head"), "{refusal:?}");
        }
    }
}

#[tokio::test]
async fn who_comes_through_a_proxy_is_told_no_more_than_whether_it_serves() {
    let local = relay(Reports::Local).await;
    let public = relay(Reports::Public).await;
    for header in [
        "X-Forwarded-For: 192.0.2.1\r\n",
        "Forwarded: for=a\r\n",
        "Via: 1.1 b\r\n",
    ] {
        for (path, expected) in PATHS.into_iter().zip([200, 200, 404, 404]) {
            let answer = ask(&local.address(Scheme::Ws), "GET", path, header).await;
            assert_eq!(answer.status, expected, "{path} {header}");
            let answer = ask(&public.address(Scheme::Ws), "GET", path, header).await;
            assert_eq!(answer.status, 200, "{path} {header}");
        }
    }
}

#[tokio::test]
async fn the_public_is_not_told_the_addresses_of_peers() {
    let mut relay = relay(Reports::Public).await;
    let tab = tab(&mut relay).await;
    relay.has_peers(&[tab.id()]).await;
    let mesh: Json = serde_json::from_str(&get(&relay, "/mesh.json").await.body).expect("JSON");
    assert_eq!(mesh["links"][0]["id"], tab.id().to_string());
    assert_eq!(mesh["links"][0]["remote"], Json::Null);
}

#[tokio::test]
async fn a_node_that_reports_nothing_has_no_such_pages() {
    let relay = relay(Reports::Off).await;
    for path in PATHS {
        let headers = "Connection: close\r\n";
        let answer = ask(&relay.address(Scheme::Ws), "GET", path, headers).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.head.contains("no-store"), "{path}: as any other");
    }
}

#[tokio::test]
async fn reports_come_before_files_and_their_readers_need_no_room_among_guests() {
    let folder = Folder::new();
    folder.put("metrics", "a file");
    folder.put("large.js", &"x".repeat(1 << 20));
    let www = folder.path("");
    let spawned = node()
        .listen("ws://127.0.0.1:0")
        .spawn_with(|options| {
            options.www = Some(www);
            options.reports = Reports::Local;
        })
        .await;
    let relay = Node::of(spawned.expect("a free port"));
    let at = relay.address(Scheme::Ws);
    let mut guests = Vec::new();
    for _ in 0..64 {
        let mut guest = TcpStream::connect(at.authority())
            .await
            .expect("it listens");
        // Asks for more than its socket holds, and reads none of it but the first byte.
        let request = "GET /large.js HTTP/1.1\r\nHost: relay\r\n\r\n".repeat(8);
        guest.write_all(request.as_bytes()).await.expect("it reads");
        soon("an answer", guest.read_u8()).await.expect("an answer");
        guests.push(guest);
    }
    let headers = "Connection: close\r\n";
    assert_eq!(ask(&at, "GET", "/large.js", headers).await.status, 503);
    for path in PATHS {
        let page = get(&relay, path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_ne!(page.body, "a file");
    }
}

#[tokio::test]
async fn a_full_node_is_not_ready() {
    let node = node()
        .listen("ws://127.0.0.1:0")
        .configure(|config| config.links = 1);
    let spawned = node
        .spawn_with(|options| options.reports = Reports::Local)
        .await;
    let mut relay = Node::of(spawned.expect("a free port"));
    let tab = tab(&mut relay).await;
    relay.has_peers(&[tab.id()]).await;
    let answer = get(&relay, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body, "full: 1 links of 1\n");
    assert_eq!(get(&relay, "/healthz").await.status, 200);
}

#[tokio::test]
async fn a_node_that_drains_says_so_takes_nobody_and_ends() {
    let mut relay = relay(Reports::Local).await;
    let tabs = [tab(&mut relay).await, tab(&mut relay).await];
    relay.has_peers(&[tabs[0].id(), tabs[1].id()]).await;
    let (ws, tcp) = (relay.address(Scheme::Ws), relay.address(Scheme::Tcp));
    let socket = relay.socket.clone();
    let draining = tokio::spawn(async move { socket.drain().await });
    soon("the beginning", async {
        while get(&relay, "/readyz").await.status == 200 {}
    })
    .await;
    let answer = get(&relay, "/readyz").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "draining\n"));
    assert_eq!(get(&relay, "/healthz").await.status, 200);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let refusal = ask(&ws, "GET", "/", upgrade).await;
    assert_eq!(refusal.status, 503);
    assert!(refusal.head.contains("connection: close"), "{refusal:?}");
    assert!(TcpStream::connect(tcp.authority()).await.is_err());
    assert_eq!(
        relay.socket.peers().len(),
        2,
        "all that before the first close"
    );
    soon("the end", draining)
        .await
        .expect("no panic")
        .expect("asked once");
    for mut tab in tabs {
        let reason = tab.happens("the end of its link", peer_down).await;
        assert!(reason.contains("1001"), "{reason}");
    }
    assert!(TcpStream::connect(ws.authority()).await.is_err());
    assert!(relay.socket.close().await.is_err(), "it was told before");
}

#[tokio::test]
async fn a_handle_can_ask_for_the_report_too() {
    let mut relay = relay(Reports::Off).await;
    let tab = tab(&mut relay).await;
    relay.has_peers(&[tab.id()]).await;
    let report = relay.socket.report().await.expect("it runs");
    assert_eq!((report.peers, report.links.len()), (1, 1));
    assert_eq!(report.node, *relay.id());
    relay.socket.close().await.expect("open");
    assert!(relay.socket.report().await.is_err());
}
