//! From words to a command, or to one line that says what is wrong with them.

use std::ffi::{OsStr, OsString};

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use rs2p::address::Scheme;

use super::args::Cli;
use super::fault::Fault;

/// Why words are no command.
#[derive(Debug)]
pub(super) enum Unparsed {
    /// What this program words itself, in one line.
    Fault(Fault),
    /// Anything else: an unknown option, or a call for help.
    Clap(clap::Error),
}

/// Reads the command line, the program's name first.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli, Unparsed> {
    Cli::try_parse_from(spread_peers(words)).map_err(|error| match in_one_line(&error) {
        Some(line) => Unparsed::Fault(Fault::usage(line)),
        None => Unparsed::Clap(error),
    })
}

/// Writes `--peer A B` as `--peer A --peer B`, so that what follows the addresses is free to be something else.
fn spread_peers(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut spread: Vec<OsString> = Vec::new();
    let mut words = words.into_iter();
    let (mut expects_peer, mut after_peer) = (false, false);
    for word in words.by_ref() {
        if after_peer && looks_like_peer(&word) {
            spread.push("--peer".into());
        } else {
            after_peer = expects_peer || starts_with(&word, "--peer=");
        }
        expects_peer = word == "--peer";
        let is_end = word == "--";
        spread.push(word);
        if is_end {
            break;
        }
    }
    spread.extend(words);
    spread
}

fn looks_like_peer(word: &OsStr) -> bool {
    let kinds = [Scheme::Tcp, Scheme::Tls, Scheme::Ws, Scheme::Wss];
    kinds
        .iter()
        .any(|kind| starts_with(word, &format!("{kind}://")))
}

fn starts_with(word: &OsStr, start: &str) -> bool {
    word.as_encoded_bytes().starts_with(start.as_bytes())
}

fn in_one_line(error: &clap::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::ValueValidation => {
            let option = text(error, ContextKind::InvalidArg)?;
            let option = option.split_whitespace().next()?;
            Some(format!("{option}: {}", std::error::Error::source(error)?))
        }
        ErrorKind::MissingRequiredArgument => match error.get(ContextKind::InvalidArg)? {
            ContextValue::Strings(missing) => missing
                .iter()
                .map(|option| remedy(option))
                .collect::<Option<Vec<_>>>(),
            _ => None,
        }
        .map(|remedies| remedies.join("; ")),
        _ => None,
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

fn remedy(missing: &str) -> Option<&'static str> {
    match missing.split_whitespace().next()? {
        "--listen" => Some("no --listen: say where to listen, as --listen ws://127.0.0.1:8765"),
        "--peer" => Some("no --peer: name a node to join through, as --peer ws://127.0.0.1:8765"),
        "--tls-cert" => Some("no --tls-cert: name the certificate that --tls-key is the key of"),
        "--tls-key" => Some("no --tls-key: name the private key of --tls-cert"),
        "<COMMAND>..." => Some("no COMMAND: say behind -- what to run beside the relay"),
        "<TEXT>..." => Some(
            "no TEXT: say what to send, or - for the lines of stdin (an address is TEXT after --)",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rs2p::Address;

    use super::super::args::Command;
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn read(line: &str) -> Command {
        parse(words(line)).expect(line).command
    }

    fn refused(line: &str) -> String {
        match parse(words(line)) {
            Err(Unparsed::Fault(fault)) => fault.to_string(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn several_addresses_follow_one_flag_or_many() {
        for line in [
            "rs2p relay --listen ws://a:1 tcp://b:2 --peer ws://c:3 tcp://d:4",
            "rs2p relay --peer=ws://c:3 --listen ws://a:1 --listen=tcp://b:2 --peer tcp://d:4",
        ] {
            let Command::Relay(relay) = read(line) else {
                panic!("{line}")
            };
            let text = |all: &[Address]| all.iter().map(Address::to_string).collect::<Vec<_>>();
            assert_eq!(text(&relay.listen), ["ws://a:1", "tcp://b:2"]);
            assert_eq!(text(&relay.peer), ["ws://c:3", "tcp://d:4"]);
            assert_eq!(relay.mesh.subnet, "mesh");
        }
    }

    #[test]
    fn addresses_right_behind_peer_are_peers_and_the_rest_is_text() {
        for (line, peers, text) in [
            (
                "rs2p send --peer ws://a:1 hello ws://b:2",
                1,
                &["hello", "ws://b:2"][..],
            ),
            ("rs2p send --peer ws://a:1 tcp://b:2 hello", 2, &["hello"]),
            (
                "rs2p send --peer=ws://a:1 tcp://b:2 wss://c:3 hello",
                3,
                &["hello"],
            ),
            ("rs2p send --peer ws://a:1 -- ws://b:2", 1, &["ws://b:2"]),
            (
                "rs2p send hello --peer ws://a:1 you --peer ws://b:2",
                2,
                &["hello", "you"],
            ),
            ("rs2p send --peer ws://a:1 -5 -", 1, &["-5", "-"]),
            (
                "rs2p send --peer ws://a:1 -- --peer ws://b:2 ws://c:3",
                1,
                &["--peer", "ws://b:2", "ws://c:3"],
            ),
        ] {
            let Command::Send(send) = read(line) else {
                panic!("{line}")
            };
            assert_eq!(
                (send.peer.len(), &send.text[..]),
                (
                    peers,
                    &text.iter().map(OsString::from).collect::<Vec<_>>()[..]
                )
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_with_its_remedy() {
        for (line, told) in [
            (
                "rs2p send --peer localhost:1 x",
                "--peer: \"localhost:1\" has no known scheme: write tcp://localhost:1",
            ),
            (
                "rs2p listen --peer http://a:1",
                "--peer: \"http://a:1\" has no known scheme: write ws://a:1",
            ),
            (
                "rs2p listen --peer ws://a:0",
                "--peer: ws://a:0 cannot be dialled",
            ),
            (
                "rs2p relay --listen memory:1",
                "--listen: memory:1 is inside one process",
            ),
            (
                "rs2p relay --listen ws://a:1 --advertise a",
                "--advertise: \"a\" is no HOST:PORT",
            ),
            (
                "rs2p listen --peer ws://a:1 --timeout never",
                "--timeout: \"never\" is no number of seconds",
            ),
            (
                "rs2p listen --peer ws://a:1 --count 0",
                "--count: 0 is not in 1..",
            ),
            (
                "rs2p listen --peer tls://a:1 --tls-pin e3b0",
                "--tls-pin: \"e3b0\" is no SHA-256 of a certificate",
            ),
            (
                "rs2p relay --listen tls://a:1 --tls-cert a",
                "no --tls-key: ",
            ),
            (
                "rs2p relay --listen tls://a:1 --tls-key a",
                "no --tls-cert: ",
            ),
            ("rs2p relay", "no --listen: "),
            ("rs2p listen", "no --peer: "),
            ("rs2p send hello", "no --peer: "),
            ("rs2p send --peer ws://a:1", "no TEXT: "),
            ("rs2p send --peer ws://a:1 ws://b:2", "no TEXT: "),
        ] {
            let text = refused(line);
            assert!(text.starts_with(told) && !text.contains('\n'), "{text}");
        }
        let both = refused("rs2p send");
        assert!(
            both.contains("no --peer") && both.contains("no TEXT"),
            "{both}"
        );
    }

    #[test]
    fn the_rest_is_left_to_clap() {
        for (line, code) in [
            ("rs2p --help", 0),
            ("rs2p send --help", 0),
            ("rs2p --version", 0),
            ("rs2p", 2),
            ("rs2p fly", 2),
        ] {
            match parse(words(line)) {
                Err(Unparsed::Clap(error)) => assert_eq!(error.exit_code(), code, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}
