//! `rs2p send`: what is sent arrives, in order, or the exit code says that it does not.

use rs2p::{MeshSocket, Value};
use serde_json::{Value as Json, json};

use crate::program::{Program, Relay, in_a_runtime, quiet_port, rs2p, run};

#[test]
fn a_message_crosses_a_relay_between_any_two_transports() {
    for (from, to) in [("ws", "ws"), ("ws", "tcp"), ("tcp", "ws"), ("tcp", "tcp")] {
        let mut relay = Relay::start();
        let listener = relay.listener(to, &["--count", "1"]);
        run(&["send", "--peer", relay.url(from), "hello", "2", "wörld"]).well();
        // All words are one message, and each is text.
        assert_eq!(
            listener.end().well().packets(),
            [json!(["hello", "2", "wörld"])],
            "{from} to {to}"
        );
    }
}

#[test]
fn each_line_of_stdin_is_a_message_and_they_arrive_in_order() {
    let mut relay = Relay::start();
    let listener = relay.listener("ws", &["--count", "1000"]);
    let long = "long ".repeat(20_000);
    let mut sender = Program::start(&mut rs2p(&["send", "--peer", relay.url("tcp"), "-"]));
    let mut expected: Vec<Json> = Vec::new();
    for number in 1..1_000 {
        let (line, packet) = match number {
            300 => (long.clone().into_bytes(), json!(long)),
            500 => (b"\xff\xfe".to_vec(), json!({"bytes": "//4="})),
            700 => (Vec::new(), json!("")),
            _ => (
                format!("line {number}").into_bytes(),
                json!(format!("line {number}")),
            ),
        };
        sender.write(&line);
        sender.write(b"\n");
        expected.push(json!([packet]));
    }
    sender.write(b"the last, without a newline");
    expected.push(json!(["the last, without a newline"]));
    sender.end().well();
    assert_eq!(listener.end().well().packets(), expected);
}

#[test]
fn an_empty_stdin_is_no_message_and_no_error() {
    let relay = Relay::start();
    run(&["send", "--peer", relay.url("ws"), "-"]).well();
}

#[test]
fn one_peer_that_works_is_enough_and_the_others_are_warned_of() {
    let mut relay = Relay::start();
    let listener = relay.listener("ws", &["--count", "1"]);
    let ended = run(&[
        "send",
        "--peer",
        "ws://127.0.0.1:1",
        relay.url("tcp"),
        "tcp://127.0.0.1:1",
        "hello",
    ]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(0), 2), "{ended:#?}");
    for scheme in ["ws", "tcp"] {
        let warning = format!("rs2p: warning: no link with {scheme}://127.0.0.1:1: nobody listens");
        assert!(
            ended.stderr.iter().any(|line| line.starts_with(&warning)),
            "{ended:#?}"
        );
    }
    assert_eq!(listener.end().well().packets(), [json!(["hello"])]);
}

#[test]
fn with_several_peers_none_of_which_works_it_is_exit_1() {
    let ended = run(&[
        "send",
        "--peer",
        "ws://127.0.0.1:1",
        "--peer",
        "tcp://127.0.0.1:1",
        "hello",
    ]);
    assert_eq!((ended.code, ended.stderr.len()), (Some(1), 3), "{ended:#?}");
    assert_eq!(
        ended.stderr[2],
        "rs2p: none of the 2 peers can be joined: see the warnings"
    );
}

#[test]
fn a_line_that_is_too_long_is_named_and_those_before_it_arrive() {
    let mut relay = Relay::start();
    let listener = relay.listener("ws", &["--count", "2"]);
    // One that is longer than a message may be, and one that is so long that it is not even read.
    for size in [(1 << 20) - 10, 3 << 20] {
        let mut sender = Program::start(&mut rs2p(&["send", "--peer", relay.url("ws"), "-"]));
        sender.write(b"first\n");
        let line = vec![b'x'; size];
        // The program may end before it has read everything.
        let _ = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| sender.write(&line)));
        let ended = sender.end();
        let fault = ended.fault(1);
        assert!(
            fault.starts_with("line 2 of stdin") && fault.ends_with("split it"),
            "{fault}"
        );
    }
    assert_eq!(
        listener.end().well().packets(),
        [json!(["first"]), json!(["first"])]
    );
}

#[test]
fn a_relay_that_restarts_loses_neither_sender_nor_listener() {
    let url = format!("ws://127.0.0.1:{}", quiet_port());
    let mut relay = Relay::with(&["--listen", &url], 1);
    let listener = relay.listener("ws", &["--count", "2"]);
    let mut sender = Program::start(&mut rs2p(&["send", "--peer", &url, "-"]));
    relay.peer_up();
    sender.write(b"before\n");
    let mut listener = listener;
    assert!(listener.stdout.next().contains("before"));
    relay.end();

    let mut relay = Relay::with(&["--listen", &url], 1);
    relay.peer_up();
    relay.peer_up();
    sender.write(b"after\n");
    sender.end().well();
    assert_eq!(
        listener.end().well().packets(),
        [json!(["before"]), json!(["after"])]
    );
}

#[test]
fn what_comes_while_the_relay_is_away_waits_for_it() {
    let url = format!("ws://127.0.0.1:{}", quiet_port());
    let mut relay = Relay::with(&["--listen", &url], 1);
    let mut sender = Program::start(&mut rs2p(&["send", "--peer", &url, "-", "--log", "info"]));
    relay.peer_up();
    relay.end();
    sender.stderr.next_with("peer down");
    sender.write(b"one\ntwo\n");

    // The node that is there next hears both, in order.
    in_a_runtime(async {
        let node = MeshSocket::builder("mesh")
            .hearsay(rs2p::Hearsay::Any)
            .listen(&url)
            .spawn()
            .await
            .expect("a node");
        for text in ["one", "two"] {
            let message = node.recv().await.expect("a message");
            assert_eq!(message.packets(), [Value::from(text)]);
        }
    });
    assert_eq!(sender.end().code, Some(0));
}

#[test]
fn a_signal_ends_it_with_exit_1() {
    let mut relay = Relay::start();
    let mut sender = Program::start(&mut rs2p(&["send", "--peer", relay.url("ws"), "-"]));
    relay.peer_up();
    // There may be another line, so it would wait.
    let _stdin = sender.take_stdin();
    sender.signal("TERM");
    let ended = sender.end();
    assert_eq!(ended.fault(1), "a signal came before everything was sent");
}
