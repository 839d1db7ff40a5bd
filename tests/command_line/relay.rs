//! `rs2p relay`: what it announces, what it shows, whom it links, and how it ends.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use rs2p::MeshSocket;
use serde_json::json as expected;

use crate::program::{
    DEADLINE, Folder, Program, RS2P, Relay, in_a_runtime, json, quiet_port, rs2p, run,
};

/// A connection that waits for no answer for ever.
fn connect(authority: &str) -> TcpStream {
    let stream = TcpStream::connect(authority).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    stream
}

/// The answer to a plain GET.
pub(crate) fn get(authority: &str, path: &str) -> String {
    let mut stream = connect(authority);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    )
    .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// Where a relay tells a peer at `url` to dial it.
fn told_endpoint(url: &str) -> Option<(String, u16)> {
    in_a_runtime(async {
        let node = MeshSocket::builder("mesh")
            .hearsay(rs2p::Hearsay::Any)
            .peer(url)
            .spawn()
            .await
            .expect("a node");
        node.joined().await.expect("joined");
        let endpoint = node.peers().remove(0).endpoint;
        node.close().await.expect("closed once");
        endpoint.map(|at| (at.host, at.port))
    })
}

#[test]
fn each_listener_is_one_line_in_the_order_given() {
    let mut relay = Program::start(&mut rs2p(&[
        "relay",
        "--listen",
        "tcp://127.0.0.1:0",
        "ws://127.0.0.1:0",
    ]));
    let lines = [relay.stdout.next(), relay.stdout.next()];
    for (line, scheme) in lines.iter().zip(["tcp", "ws"]) {
        assert!(
            line.starts_with(&format!(
                "{{\"event\":\"listening\",\"url\":\"{scheme}://127.0.0.1:"
            )),
            "{line}"
        );
        assert!(
            !line.contains(":0\"") && line.contains("\",\"id\":\""),
            "{line}"
        );
    }
    assert_eq!(json(&lines[0])["id"], json(&lines[1])["id"]);
    relay.signal("TERM");
    assert_eq!(relay.end().code, Some(0));
}

#[test]
fn a_signal_closes_every_link_and_ends_it_with_0() {
    for name in ["TERM", "INT"] {
        let mut relay = Relay::start();
        let mut listener = relay.listener("ws", &["--log", "info"]);
        relay.program.signal(name);
        assert_eq!(relay.program.end().code, Some(0));
        // The listener was told, and stays.
        let line = listener.stderr.next_with("peer down");
        assert!(line.contains("this node is shutting down"), "{line}");
        listener.stderr.next_with("no link with");
        listener.signal("TERM");
        assert_eq!(listener.end().code, Some(0));
    }
}

#[test]
fn a_redial_that_fails_is_said_once_and_from_then_on_only_to_who_asks() {
    let mut relay = Program::start(&mut rs2p(&[
        "relay",
        "--listen",
        "ws://127.0.0.1:0",
        "--peer",
        "tcp://127.0.0.1:1",
        "--log",
        "rs2p=debug",
    ]));
    let first = relay.stderr.next_with("no link with");
    assert!(first.contains("WARN"), "{first}");
    let next = relay.stderr.next_with("no link with");
    assert!(
        next.contains("DEBUG") && next.contains("still no link"),
        "{next}"
    );
    relay.signal("TERM");
    assert_eq!(relay.end().code, Some(0));
}

#[test]
fn who_does_not_speak_as_a_listener_does_is_in_the_log_with_what_it_may_have_meant() {
    let said: [(&str, &[u8], &str); 3] = [
        (
            "ws",
            b"\0\0\0\x25not HTTP\r\n\r\n",
            "where it should be ws://?",
        ),
        (
            "wss",
            b"GET / HTTP/1.1\r\n\r\n",
            "where it should be tls:// or wss://?",
        ),
        (
            "ws",
            b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "Only version 13",
        ),
    ];
    for (scheme, bytes, words) in said {
        let url = format!("{scheme}://127.0.0.1:0");
        let mut relay = Relay::with(
            &["--tls-self-signed", "--listen", "tls://127.0.0.1:0", &url],
            2,
        );
        let mut stranger = connect(relay.authority(scheme));
        stranger.write_all(bytes).expect("a connection");
        let line = relay.program.stderr.next_with("a connection was refused");
        assert!(line.contains(words), "{line}");
        relay.program.signal("TERM");
        assert_eq!(relay.program.end().code, Some(0));
    }
}

#[test]
fn a_second_signal_ends_it_at_once_with_1() {
    let relay = Relay::start();
    // A link that does not end keeps the relay from ending, for a while.
    let mut stranger = connect(relay.authority("tcp"));
    stranger.read_exact(&mut [0; 4]).expect("it greets");
    relay.program.signals(&["INT", "TERM"]);
    assert_eq!(relay.program.end().code, Some(1));
}

#[test]
fn a_log_that_nobody_reads_does_not_hold_it_up() {
    let folder = Folder::new();
    let fifo = folder.path().join("log");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .expect("there is a mkfifo")
            .success()
    );
    let _unread = fs::File::options()
        .read(true)
        .write(true)
        .open(&fifo)
        .expect("a pipe");
    let mut shell = Command::new("sh");
    let script = "exec \"$0\" relay --listen ws://127.0.0.1:0 tcp://127.0.0.1:0 2>\"$1\"";
    let relay = Relay::of(shell.args(["-c", script, RS2P]).arg(&fifo), 2);
    // Each is refused, with a line of over 100 bytes: far more than a pipe and the queue before it hold.
    for _ in 0..3_000 {
        let mut stranger = connect(relay.authority("tcp"));
        stranger.write_all(&[0xff; 8]).expect("it reads");
        let end = stranger
            .read_to_end(&mut Vec::new())
            .map_err(|error| error.kind());
        assert!(
            !matches!(end, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)),
            "it does not answer"
        );
    }
    assert!(get(relay.authority("ws"), "/").starts_with("HTTP/1.1 200 OK"));
    relay.end();
}

#[test]
fn a_folder_is_shown_on_the_port_of_the_websocket() {
    let folder = Folder::new();
    folder.write("index.html", "<p>the page</p>");
    folder.write("style.css", "p {}");
    let www = folder.path().to_str().expect("its name is text");
    let mut relay = Relay::with(&["--listen", "ws://127.0.0.1:0", "--www", www], 1);
    let (page, style) = (
        get(relay.authority("ws"), "/"),
        get(relay.authority("ws"), "/style.css"),
    );
    assert!(
        page.starts_with("HTTP/1.1 200 OK") && page.ends_with("<p>the page</p>"),
        "{page}"
    );
    assert!(
        style.contains("text/css") && style.ends_with("p {}"),
        "{style}"
    );
    // And the same port links nodes.
    let listener = relay.listener("ws", &["--count", "1"]);
    run(&["send", "--peer", relay.url("ws"), "hello"]).well();
    assert_eq!(listener.end().well().packets(), [expected!(["hello"])]);
}

#[test]
fn a_page_of_a_stranger_gets_no_link_and_is_said_once() {
    let relay = Relay::start();
    let authority = relay.authority("ws");
    let upgrade = |lines: &str| {
        let mut stream = connect(authority);
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("it answers");
        String::from_utf8_lossy(&status).into_owned()
    };
    for _ in 0..3 {
        let status = upgrade("Origin: https://evil.example\r\n");
        assert_eq!(status, "HTTP/1.1 403");
    }
    assert_eq!(
        upgrade(&format!("Origin: http://{authority}\r\n")),
        "HTTP/1.1 101"
    );
    assert_eq!(upgrade(""), "HTTP/1.1 101");
    let said = relay.end().stderr;
    let said = said
        .iter()
        .filter(|line| line.contains("https://evil.example"));
    assert!(said.clone().all(|line| line.contains("--allow-origin")));
    assert_eq!(said.count(), 1);
}

#[test]
fn the_page_that_was_built_beside_it_is_shown_by_itself() {
    let folder = Folder::new();
    folder.write("www/index.html", "<p>the demo</p>");
    folder.write("release/.keep", "");
    let program = folder.path().join("release/rs2p");
    fs::hard_link(RS2P, &program)
        .or_else(|_| fs::copy(RS2P, &program).map(drop))
        .expect("a second name");
    let words = ["relay", "--listen", "ws://127.0.0.1:0"];
    let mut relay = Relay::of(Command::new(&program).args(words), 1);
    assert!(get(relay.authority("ws"), "/").ends_with("<p>the demo</p>"));
    relay.program.stderr.next_with("showing the page in ");
}

#[test]
fn relays_are_linked_and_pass_messages_on() {
    let mut first = Relay::start();
    let second = Relay::with(
        &["--listen", "tcp://127.0.0.1:0", "--peer", first.url("ws")],
        1,
    );
    first.peer_up();
    let listener = first.listener("ws", &["--count", "1"]);
    run(&["send", "--peer", second.url("tcp"), "over two"]).well();
    assert_eq!(listener.end().well().packets(), [expected!(["over two"])]);
}

#[test]
fn a_relay_waits_for_a_peer_that_is_not_there_yet() {
    let url = format!("tcp://127.0.0.1:{}", quiet_port());
    let mut early = Relay::with(&["--listen", "ws://127.0.0.1:0", "--peer", &url], 1);
    early.program.stderr.next_with("nobody listens");
    let _late = Relay::with(&["--listen", &url], 1);
    early.peer_up();
}

#[test]
fn peers_are_told_the_address_that_is_advertised() {
    let words = [
        "--listen",
        "ws://127.0.0.1:0",
        "tcp://127.0.0.1:0",
        "--advertise",
    ];
    let relay = Relay::with(&[&words[..], &["relay.example:443"]].concat(), 2);
    assert_eq!(
        told_endpoint(relay.url("ws")),
        Some(("relay.example".to_owned(), 443))
    );

    let relay = Relay::with(&[&words[..], &["tcp://relay.example:4444"]].concat(), 2);
    assert_eq!(
        told_endpoint(relay.url("tcp")),
        Some(("relay.example".to_owned(), 4444))
    );
    assert_eq!(
        told_endpoint(relay.url("ws"))
            .map(|(host, _)| host)
            .as_deref(),
        Some("127.0.0.1")
    );
}

#[test]
fn an_advertised_host_goes_for_the_other_kinds_with_their_own_ports() {
    let words = [
        "--listen",
        "ws://127.0.0.1:0",
        "tcp://127.0.0.1:0",
        "--advertise",
        "relay.example:443",
    ];
    let relay = Relay::with(&words, 2);
    let port = relay
        .url("tcp")
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    assert_eq!(
        told_endpoint(relay.url("tcp")),
        port.map(|port| ("relay.example".to_owned(), port))
    );
}

#[test]
fn a_relay_with_an_id_file_is_the_same_after_a_restart() {
    let folder = Folder::new();
    let file = folder.path().join("id");
    let file = file.to_str().expect("a path");
    let words = ["relay", "--listen", "ws://127.0.0.1:0", "--id-file", file];
    let id = || {
        let mut relay = Program::start(&mut rs2p(&words));
        let id = json(&relay.stdout.next())["id"].clone();
        relay.signal("TERM");
        relay.end();
        id
    };
    let first = id();
    assert!(first.is_string());
    assert_eq!(id(), first);
}
