//! `rs2p listen`: its lines, and when it ends.

use std::process::Command;

use rs2p::{MeshSocket, Value};
use serde_json::json as expected;

use crate::program::{Program, RS2P, Relay, in_a_runtime, json, rs2p, run};

/// Does something in a node of the library's that is joined at `peer`.
fn in_a_node<F: Future<Output = ()>>(peer: &str, task: impl FnOnce(MeshSocket) -> F) {
    in_a_runtime(async {
        let node = MeshSocket::builder("mesh")
            .hearsay(rs2p::Hearsay::Any)
            .peer(peer)
            .spawn()
            .await
            .expect("a node");
        node.joined().await.expect("joined");
        task(node.clone()).await;
        node.close().await.expect("closed once");
    });
}

#[test]
fn a_line_tells_all_of_a_message() {
    let mut relay = Relay::start();
    let listener = relay.listener("ws", &["--count", "1"]);
    let mut sent = None;
    in_a_node(relay.url("tcp"), async |node| {
        let packets = [
            Value::Nil,
            true.into(),
            u64::MAX.into(),
            i64::MIN.into(),
            1.5.into(),
            f64::NAN.into(),
            "text".into(),
            (&b"\x00\xff"[..]).into(),
            Value::Map(vec![("a".into(), 1.into())]),
            Value::Map(vec![("bytes".into(), 1.into())]),
            Value::Map(vec![(1.into(), 2.into())]),
            Value::Ext(7, "x".into()),
        ];
        let id = node.send_values(&packets).await.expect("sent").id;
        sent = Some((node.id().to_string(), id.to_string()));
    });
    let ended = listener.end();
    let line = &ended.well().stdout[0];
    let (sender, id) = sent.expect("sent");
    let told = json(line);
    assert!(
        line.starts_with(&format!(
            "{{\"kind\":\"broadcast\",\"sender\":\"{sender}\",\"time\":"
        )),
        "{line}"
    );
    assert_eq!(told["id"], id);
    assert!(
        told["time"]
            .as_u64()
            .is_some_and(|time| time > 1_700_000_000)
    );
    assert_eq!(
        told["packets"],
        expected!([
            null, true, u64::MAX, i64::MIN, 1.5, {"float": "NaN"}, "text", {"bytes": "AP8="}, {"a": 1},
            {"map": [["bytes", 1]]}, {"map": [[1, 2]]}, {"ext": {"type": 7, "data": "eA=="}}
        ])
    );
}

#[test]
fn only_what_is_about_the_topics_is_printed_and_named() {
    let mut relay = Relay::start();
    let words = ["--count", "2", "--topic", "news", "weather"];
    let listener = relay.listener("ws", &words);
    for topic in [
        &[][..],
        &["--topic", "sports"],
        &["--topic", "news"],
        &["--topic", "weather"],
    ] {
        let send = ["send", "--peer", relay.url("tcp"), "hello"];
        run(&[&send[..], topic].concat()).well();
    }
    let ended = listener.end();
    let topics = ended
        .well()
        .stdout
        .iter()
        .map(|line| json(line)["topic"].clone());
    let topics: Vec<_> = topics.collect();
    assert_eq!(topics, [expected!("news"), expected!("weather")]);
}

#[test]
fn a_message_to_this_node_alone_is_a_whisper() {
    in_a_runtime(async {
        let node = MeshSocket::builder("mesh")
            .hearsay(rs2p::Hearsay::Any)
            .listen("ws://127.0.0.1:0")
            .spawn()
            .await
            .expect("a node");
        let at = node.listening()[0].to_string();
        let listener = Program::start(&mut rs2p(&["listen", "--peer", &at, "--count", "1"]));
        node.joined().await.expect("joined");
        node.whisper(&node.incoming()[0], "psst")
            .await
            .expect("written");
        node.close().await.expect("closed once");
        let ended = listener.end();
        let told = json(&ended.well().stdout[0]);
        assert_eq!(
            (&told["kind"], &told["packets"]),
            (&expected!("whisper"), &expected!(["psst"]))
        );
    });
}

#[test]
fn it_ends_with_0_after_as_many_messages_as_were_wanted() {
    let mut relay = Relay::start();
    let listener = relay.listener("tcp", &["--count", "2", "--timeout", "60"]);
    for text in ["one", "two", "three"] {
        run(&["send", "--peer", relay.url("tcp"), text]).well();
    }
    assert_eq!(
        listener.end().well().packets(),
        [expected!(["one"]), expected!(["two"])]
    );
}

#[test]
fn it_ends_with_1_when_the_time_is_over_and_says_how_many_came() {
    let relay = Relay::start();
    let ended = run(&[
        "listen",
        "--peer",
        relay.url("ws"),
        "--count",
        "3",
        "--timeout",
        "0.2",
    ]);
    assert_eq!(ended.fault(1), "the time is over: 0 of 3 messages came");
    let ended = run(&["listen", "--peer", relay.url("ws"), "--timeout", "0.2"]);
    assert_eq!(ended.fault(1), "the time is over: 0 messages came");
}

#[test]
fn a_signal_ends_it_with_0_unless_messages_were_wanted() {
    let mut relay = Relay::start();
    for name in ["TERM", "INT"] {
        let listener = relay.listener("ws", &[]);
        listener.signal(name);
        listener.end().well();
    }
    let mut listener = relay.listener("ws", &["--count", "2"]);
    run(&["send", "--peer", relay.url("ws"), "one"]).well();
    listener.stdout.next();
    listener.signal("TERM");
    let ended = listener.end();
    assert_eq!(
        (ended.code, &ended.stderr[..]),
        (
            Some(1),
            &["rs2p: a signal came first: 1 of 2 messages came".to_owned()][..]
        )
    );
}

/// A pipeline of a listener and `reader`, which tells on stderr how the listener ended.
fn pipeline(relay: &Relay, reader: &str) -> Program {
    let mut shell = Command::new("sh");
    let script =
        format!("{{ \"$0\" listen --peer \"$1\"; echo \"ended with $?\" >&2; }} | {reader}");
    Program::start(shell.args(["-c", &script, RS2P, relay.url("ws")]))
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mut relay = Relay::start();
    let pipeline = pipeline(&relay, "head -n 1");
    relay.peer_up();
    run(&["send", "--peer", relay.url("ws"), "one"]).well();
    let ended = pipeline.end();
    assert_eq!(
        (ended.stdout.len(), &ended.stderr[..]),
        (1, &["ended with 0".to_owned()][..])
    );
}

#[test]
fn a_reader_that_was_never_there_ends_it_quietly() {
    let relay = Relay::start();
    let ended = pipeline(&relay, "true").end();
    assert_eq!(
        (ended.stdout.len(), &ended.stderr[..]),
        (0, &["ended with 0".to_owned()][..])
    );
}
