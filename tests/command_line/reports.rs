//! What `rs2p relay` tells over HTTP, and how it hands its peers over to another relay when it ends.

use std::time::Instant;

use serde_json::json as expected;

use crate::program::{DEADLINE, Program, Relay, json, run};
use crate::relay::get;

/// Status and body of a page.
fn page(relay: &Relay, path: &str) -> (u16, String) {
    let answer = get(relay.authority("ws"), path);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head[9..12].parse().expect("a status"), body.to_owned())
}

/// Asks for a page until `is_it`; one that is large is up to a second old.
fn page_until(relay: &Relay, path: &str, is_it: impl Fn(u16, &str) -> bool) -> String {
    let end = Instant::now() + DEADLINE;
    loop {
        let (status, body) = page(relay, path);
        if is_it(status, &body) {
            return body;
        }
        assert!(Instant::now() < end, "{path} stays {status} {body}");
    }
}

#[test]
fn a_relay_tells_this_machine_how_it_fares() {
    let mut relay = Relay::start();
    let _listener = relay.listener("ws", &[]);
    assert_eq!(page(&relay, "/healthz"), (200, "alive\n".to_owned()));
    assert_eq!(page(&relay, "/readyz"), (200, "ready\n".to_owned()));
    let links = "rs2p_links{scheme=\"ws\",kind=\"capable\",direction=\"in\"} 1\n";
    page_until(&relay, "/metrics", |_, body| body.contains(links));
    let mesh = json(&page_until(&relay, "/mesh.json", |_, body| {
        json(body)["peers"] == 1
    }));
    assert_eq!(mesh["listening"][0], relay.url("ws"));
    assert_eq!(mesh["links"][0]["kind"], "capable");
    relay.end();
}

#[test]
fn whom_it_tells_is_chosen() {
    let relay = |reports| {
        let words = ["--listen", "ws://127.0.0.1:0", "--reports", reports];
        Relay::with(&words, 1)
    };
    let off = relay("off");
    assert_ne!(page(&off, "/healthz").1, "alive\n");
    assert_eq!(page(&off, "/metrics").0, 404);
    let public = relay("public");
    assert_eq!(page(&public, "/mesh.json").0, 200);
}

#[test]
fn a_relay_that_ends_hands_its_peers_over_to_another() {
    let mut first = Relay::start();
    let listeners: Vec<Program> = (0..4)
        .map(|_| first.listener("ws", &["--count", "1"]))
        .collect();
    // It comes last, so that nobody but the first relay knows of it.
    let mut second = Relay::with(
        &["--listen", "ws://127.0.0.1:0", "--peer", first.url("ws")],
        1,
    );
    first.peer_up();
    second.peer_up();
    first.program.signal("TERM");
    page_until(&first, "/readyz", |status, body| {
        (status, body) == (503, "draining\n")
    });
    assert_eq!(page(&first, "/healthz").0, 200);
    assert_eq!(first.program.end().code, Some(0));
    // Each is there, or on its way.
    page_until(&second, "/mesh.json", |_, body| json(body)["peers"] == 4);
    run(&["send", "--peer", second.url("ws"), "over here"]).well();
    for listener in listeners {
        let ended = listener.end();
        assert_eq!(ended.well().packets(), [expected!(["over here"])]);
    }
    second.end();
}
