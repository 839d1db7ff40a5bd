//! What is refused, in which words, and with which exit code.

use crate::program::{Relay, quiet_port, run};

#[test]
fn wrong_usage_is_one_line_with_its_remedy_and_exit_2() {
    for (words, told) in [
        (
            &["send", "hello"][..],
            "no --peer: name a node to join through",
        ),
        (
            &["send", "--peer", "ws://127.0.0.1:1"],
            "no TEXT: say what to send",
        ),
        (&["listen"], "no --peer: name a node"),
        (&["with-relay"], "no COMMAND: say behind -- what to run"),
        (&["relay"], "no --listen: say where to listen"),
        (
            &["relay", "--listen", "localhost:1"],
            "--listen: \"localhost:1\" has no known scheme: write tcp://localhost:1",
        ),
        (
            &["listen", "--peer", "http://127.0.0.1:1"],
            "has no known scheme: write ws://127.0.0.1:1",
        ),
        (
            &["send", "--peer", "tcp://127.0.0.1", "x"],
            "has no port from 0 to 65535: write tcp://host:port",
        ),
        (
            &[
                "relay",
                "--listen",
                "ws://127.0.0.1:0",
                "--advertise",
                "here",
            ],
            "\"here\" is no HOST:PORT",
        ),
        (
            &[
                "relay",
                "--listen",
                "ws://127.0.0.1:0",
                "--advertise",
                "a:1",
                "--advertise",
                "b:2",
            ],
            "leave one out",
        ),
        (
            &["relay", "--listen", "ws://127.0.0.1:0", "--reports", "all"],
            "--reports: \"all\" is none of off, local and public",
        ),
        (
            &["relay", "--peer-rate", "-3"],
            "--peer-rate: \"-3\" is no rate: write so many a second, as 200",
        ),
        (
            &["listen", "--peer", "ws://127.0.0.1:1", "--timeout", "soon"],
            "is no number of seconds",
        ),
        (
            &["listen", "--peer", "ws://127.0.0.1:1", "--log", "rs2p=loud"],
            "--log: \"rs2p=loud\" is no filter",
        ),
        (
            &["sim", "--scenario", "flood"],
            "--scenario: \"flood\" is no scenario: write start, churn,",
        ),
        (
            &["sim", "--nodes", "3"],
            "--nodes: \"3\" is no number of nodes: write one from 4 to 20000",
        ),
        (&["sim", "--seed", "one"], "--seed"),
        (
            &["sim", "--scenario", "churn", "--kill", "50"],
            "--kill: nobody is killed in churn: write --scenario mass-failure",
        ),
        (
            &["sim", "--scenario", "mass-failure", "--kill", "100"],
            "--kill: 100 is not in 1..=99",
        ),
    ] {
        let ended = run(words);
        assert!(ended.fault(2).contains(told), "{words:?}: {ended:#?}");
    }
}

#[test]
fn what_clap_refuses_is_exit_2_too() {
    for words in [
        &[][..],
        &["fly"],
        &["relay", "--wings"],
        &["listen", "--peer"],
        &["send", "--count", "1"],
    ] {
        let ended = run(words);
        assert!(
            ended.code == Some(2) && ended.stdout.is_empty() && !ended.stderr.is_empty(),
            "{ended:#?}"
        );
    }
}

#[test]
fn a_peer_that_is_not_there_is_one_line_and_exit_1() {
    for scheme in ["ws", "tcp"] {
        let peer = format!("{scheme}://127.0.0.1:{}", quiet_port());
        for words in [
            &["send", "--peer", &peer, "hello"][..],
            &["listen", "--peer", &peer],
        ] {
            let ended = run(words);
            let fault = ended.fault(1);
            assert!(
                fault.starts_with(&format!(
                    "no link with {peer}: nobody listens at 127.0.0.1:"
                )),
                "{fault}"
            );
            assert!(
                fault.ends_with("is the relay running, and is the port right?"),
                "{fault}"
            );
        }
    }
}

#[test]
fn another_subnet_is_one_line_and_exit_1_and_the_relay_says_whom_it_refused() {
    let mut relay = Relay::with(
        &[
            "--listen",
            "ws://127.0.0.1:0",
            "tcp://127.0.0.1:0",
            "--subnet",
            "tea",
        ],
        2,
    );
    for scheme in ["ws", "tcp"] {
        let peer = relay.url(scheme).to_owned();
        for words in [
            &["send", "--peer", &peer, "hello"][..],
            &["listen", "--subnet", "cake", "--peer", &peer],
        ] {
            let ended = run(words);
            let fault = ended.fault(1);
            assert!(
                fault.contains("in another subnet than \"") && fault.contains("same --subnet"),
                "{fault}"
            );
        }
    }
    let line = relay.program.stderr.next_with("refused");
    assert!(
        line.contains("link with 127.0.0.1:") && line.contains("another subnet"),
        "{line}"
    );
    run(&[
        "send",
        "--subnet",
        "tea",
        "--peer",
        relay.url("ws"),
        "hello",
    ])
    .well();
}

#[test]
fn the_other_kind_of_transport_is_one_line_and_exit_1() {
    let relay = Relay::start();
    for (scheme, other) in [("ws", "tcp"), ("tcp", "ws")] {
        let ended = run(&[
            "send",
            "--peer",
            &format!("{other}://{}", relay.authority(scheme)),
            "hello",
        ]);
        let fault = ended.fault(1);
        assert!(
            fault.contains("kind of transport right?")
                || fault.contains("is it a tcp://, tls:// or wss://"),
            "{fault}"
        );
    }
}

#[test]
fn an_address_that_cannot_be_listened_on_is_one_line_and_exit_1() {
    let relay = Relay::start();
    for scheme in ["ws", "tcp"] {
        let ended = run(&["relay", "--listen", relay.url(scheme)]);
        let fault = ended.fault(1);
        assert!(
            fault.contains("is in use on 127.0.0.1: stop the program that holds it"),
            "{fault}"
        );
    }
    // TEST-NET-1 (RFC 5737) is nobody's.
    assert!(
        run(&["relay", "--listen", "ws://192.0.2.1:0"])
            .fault(1)
            .contains("is no address of this machine")
    );
    assert!(
        run(&[
            "relay",
            "--listen",
            "ws://127.0.0.1:0",
            "--www",
            "/dev/null"
        ])
        .fault(1)
        .contains("is no folder")
    );
}

#[test]
fn the_version_is_the_packages() {
    let ended = run(&["--version"]);
    assert_eq!(
        ended.well().stdout,
        [concat!("rs2p ", env!("CARGO_PKG_VERSION"))]
    );
}
