//! What is refused, in which words, and where they say to mend it.

use super::said::Said;

#[test]
fn a_value_below_zero_is_told_what_the_option_takes() {
    for (words, told) in [
        (["--peer-rate", "-3"], "\"-3\" is no rate: write so many a"),
        (["--peer-rate", "-3:6"], "\"-3:6\" is no rate: write so"),
        (
            ["--peer-byte-rate", "-2MiB"],
            "\"-2MiB\" is no rate of bytes",
        ),
        (
            ["--links", "-1"],
            "\"-1\" does not do: write a number from 1 to",
        ),
        (["--frame", "-1MiB"], "\"-1MiB\" is no size: write 1MiB"),
        (["--silence", "-5s"], "\"-5s\" is no time: write 10s"),
        (
            ["--presence", "-1"],
            "\"-1\" is none of the words: write on",
        ),
    ] {
        let refused = Said::default().refused(&words);
        let told = format!("{}: {told}", words[0]);
        assert!(refused.starts_with(&told), "{words:?}: {refused}");
    }
}

#[test]
fn a_rate_that_can_be_off_says_so() {
    let refused = Said::default().refused(&["--peer-rate", "none"]);
    assert!(refused.ends_with(", or off"), "{refused}");
    let refused = Said::default().refused(&["--author-rate", "none"]);
    assert!(!refused.contains("off"), "{refused}");
}

#[test]
fn what_is_wrong_is_said_with_where_it_stands() {
    let none = Said::default();
    for (said, words, told) in [
        (
            &none,
            &["--links", "many"][..],
            "--links: \"many\" does not do: write a number",
        ),
        (
            &none,
            &["--links", "0"],
            "--links: 0 is too little: write one from 1 to 16777216",
        ),
        (
            &none,
            &["--links", "99999999999999999999"],
            "--links: 99999999999999999999 is too much",
        ),
        (
            &none,
            &["--frame", "1MB"],
            "--frame: \"1MB\" is no size: write 1MiB, 256KiB or a number",
        ),
        (
            &none,
            &["--frame", "2GiB"],
            "--frame: 2GiB is too much: write one from 1KiB to 1GiB",
        ),
        (
            &none,
            &["--silence", "35"],
            "--silence: \"35\" is no time: write 10s, 250ms, 2m",
        ),
        (
            &none,
            &["--silence", "25h"],
            "--silence: 25h is too much: write one from 1ms to 24h",
        ),
        (
            &none,
            &["--presence", "yes"],
            "--presence: \"yes\" is none of the words: write on or off",
        ),
        (
            &none,
            &["--dials", "udp"],
            "--dials: \"udp\" is no kind of transport: write tcp,",
        ),
        (
            &none,
            &["--peer-rate", "many"],
            "--peer-rate: \"many\" is no rate: write so many a second, as 200",
        ),
        (
            &none,
            &["--peer-byte-rate", "2MB"],
            "--peer-byte-rate: \"2MB\" is no rate of bytes: write 2MiB, or 2MiB:4MiB",
        ),
        (
            &none,
            &["--trust", "somebody else"],
            "--trust: \"somebody else\" is neither an IP address nor the id of a node",
        ),
        (
            &none,
            &["--allow-origin", "app.example"],
            "--allow-origin: \"app.example\" is no origin: write https://app.example",
        ),
        (
            &none,
            &["--proxy", "proxy.example"],
            "--proxy: \"proxy.example\" is no IP address: write 192.0.2.7",
        ),
        (
            &none,
            &["--heartbeat", "40s"],
            "--silence 35s (default) must be longer than --heartbeat",
        ),
        (
            &none,
            &["--silence", "5s"],
            "--silence 5s must be longer than --heartbeat",
        ),
        (
            &none,
            &["--frame", "2MiB"],
            "--queue-bytes 1MiB (default) must be at least --frame, or no",
        ),
        (
            &none,
            &["--accept-past", "2m"],
            "--remember 2m (default) must be at least --accept-past + --accept-future, or",
        ),
        (
            &none,
            &["--redial-least", "1m"],
            "--redial-least 1m and --redial-most 15s (default) must be rising",
        ),
        (
            &Said::variable("RS2P_LINKS", "many"),
            &[],
            "RS2P_LINKS: \"many\" does not do: write a number",
        ),
        (
            &Said::variable("RS2P_JSON", "1"),
            &[],
            "RS2P_JSON: \"1\" is neither true nor false",
        ),
        (
            &Said::variable("RS2P_PEER", "ws://a:1 b"),
            &[],
            "RS2P_PEER: \"b\" has no known scheme",
        ),
        (
            &Said::variable("RS2P_SILENCE", "5s"),
            &[],
            "--silence 5s (environment RS2P_SILENCE) must be longer than",
        ),
        (
            &Said::file("[limits]\n\nlinks = 'many'"),
            &[],
            "relay.toml:3: links: \"many\" does not do: write a number",
        ),
        (
            &Said::file("[limits]\nsilence = '5s'"),
            &[],
            "--silence 5s (file relay.toml:2) must be",
        ),
        (
            &Said::file("peer = 'b'"),
            &[],
            "relay.toml:1: peer: \"b\" has no known scheme",
        ),
        (
            &Said::file("json = 'yes'"),
            &[],
            "relay.toml:1: json: \"yes\" is neither true nor false",
        ),
        (
            &Said::file("\n[limits]\npeer-lsts = 1"),
            &[],
            "relay.toml:3: there is no key \"peer-lsts\": is peer-lists meant?",
        ),
        (
            &Said::file("config = 'x'"),
            &[],
            "relay.toml:1: there is no key \"config\"",
        ),
    ] {
        let refused = said.refused(words);
        assert!(refused.starts_with(told), "{words:?}: {refused}");
    }
}
