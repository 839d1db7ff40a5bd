//! From words to a command, or to one line that says what is wrong with them.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use rs2p::address::Scheme;

use super::args::{Cli, Command};
use super::fault::Fault;
use super::settings::{self, Layers, World};

/// What a relay says that is told of no place to listen.
const NO_LISTEN: &str = "no --listen: say where to listen, as --listen ws://127.0.0.1:8765";

/// Why words are no command.
#[derive(Debug)]
pub(super) enum Unparsed {
    /// What this program words itself, in one line.
    Fault(Fault),
    /// Anything else: an unknown option, or a call for help.
    Clap(clap::Error),
    /// They ask for no more than this text.
    Shown(String),
}

impl From<Fault> for Unparsed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads the command line, the program's name first, and for a relay what variables and a file say besides.
pub(super) fn parse(
    words: impl IntoIterator<Item = OsString>,
    world: &World<'_>,
) -> Result<Cli, Unparsed> {
    let words = spread_peers(hand_over_numbers(words));
    let (cli, matches) = read(&words, |option, what| format!("{option}: {what}"))?;
    match (&cli.command, matches.subcommand()) {
        (Command::Relay(relay), Some((name, matches))) => {
            let mut program = Cli::command();
            program.build();
            let Some(command) = program.find_subcommand(name) else {
                return Ok(cli);
            };
            let layers = Layers::gather(command, matches, relay.config.as_deref(), world)?;
            with_layers(words, command, &layers)
        }
        _ => Ok(cli),
    }
}

/// Reads the command line of a relay together with what is said elsewhere.
fn with_layers(
    mut words: Vec<OsString>,
    command: &clap::Command,
    layers: &Layers,
) -> Result<Cli, Unparsed> {
    let end = words.iter().position(|word| word == "--");
    let end = end.unwrap_or(words.len());
    words.splice(end..end, layers.words());
    let (cli, matches) = read(&words, |option, what| layers.about(option, what))?;
    if let (Command::Relay(relay), Some((_, matches))) = (&cli.command, matches.subcommand()) {
        settings::check(&relay.limits, layers)?;
        if relay.print_config {
            let text = settings::print(command, matches, &relay.limits, layers)?;
            return Err(Unparsed::Shown(text));
        }
        if relay.listen.is_empty() {
            return Err(Fault::usage(NO_LISTEN).into());
        }
    }
    Ok(cli)
}

/// Reads words; `about` says what is wrong with one option in the words of where it came from.
fn read(
    words: &[OsString],
    about: impl Fn(&str, &str) -> String,
) -> Result<(Cli, ArgMatches), Unparsed> {
    let unparsed = |error: clap::Error| match in_one_line(&error, &about) {
        Some(line) => Unparsed::Fault(Fault::usage(line)),
        None => Unparsed::Clap(error),
    };
    let matches = Cli::command()
        .try_get_matches_from(words)
        .map_err(unparsed)?;
    let cli = Cli::from_arg_matches(&matches).map_err(unparsed)?;
    Ok((cli, matches))
}

/// Writes `--links -3` as `--links=-3`: no option begins so, and what is wrong with the value the option says best.
fn hand_over_numbers(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let program = Cli::command();
    let mut handed: Vec<OsString> = Vec::new();
    let mut words = words.into_iter();
    for word in words.by_ref() {
        let is_end = word == "--";
        match handed.last_mut() {
            Some(option) if is_below_zero(&word) && takes_value(&program, option) => {
                option.push("=");
                option.push(word);
            }
            _ => handed.push(word),
        }
        if is_end {
            break;
        }
    }
    handed.extend(words);
    handed
}

fn is_below_zero(word: &OsStr) -> bool {
    matches!(word.as_encoded_bytes(), [b'-', b'0'..=b'9', ..])
}

fn takes_value(program: &clap::Command, word: &OsStr) -> bool {
    let Some(name) = word.to_str().and_then(|word| word.strip_prefix("--")) else {
        return false;
    };
    let options = program
        .get_subcommands()
        .flat_map(clap::Command::get_arguments);
    let mut named = options.filter(|option| option.get_long() == Some(name));
    named.any(|option| option.get_action().takes_values())
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

fn in_one_line(error: &clap::Error, about: impl Fn(&str, &str) -> String) -> Option<String> {
    match error.kind() {
        ErrorKind::ValueValidation => {
            let option = text(error, ContextKind::InvalidArg)?;
            let option = option.split_whitespace().next()?;
            let what = std::error::Error::source(error)?;
            Some(about(option, &what.to_string()))
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
        "--peer" => Some("no --peer: name a node to join through, as --peer ws://127.0.0.1:8765"),
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

    use super::*;

    /// Nothing said but the words.
    const NOTHING: World<'static> = World {
        variable: &|_| None,
        file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn read(line: &str) -> Command {
        parse(words(line), &NOTHING).expect(line).command
    }

    fn refused(line: &str) -> String {
        match parse(words(line), &NOTHING) {
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
                "rs2p send --peer ws://a:1 --tls-verify-nothing -5 -- --topic -5",
                1,
                &["-5", "--topic", "-5"],
            ),
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
                "--count: \"0\" does not do: write a number from 1 on",
            ),
            (
                "rs2p listen --peer ws://a:1 --count -1",
                "--count: \"-1\" does not do: write a number from 1 on",
            ),
            (
                "rs2p listen --peer ws://a:1 --timeout -5",
                "--timeout: \"-5\" is no number of seconds above 0",
            ),
            (
                "rs2p sim --nodes -3",
                "--nodes: \"-3\" is no number of nodes: write one from 4 to",
            ),
            (
                "rs2p sim --seed -1",
                "--seed: \"-1\" is no seed: write a number from 0",
            ),
            (
                "rs2p sim --seeds -2",
                "--seeds: \"-2\" does not do: write a number from 1 on",
            ),
            ("rs2p sim --kill -1", "--kill: -1 is not in 1..=99"),
            (
                "rs2p sim --payload -1",
                "--payload: \"-1\" is no size of a message: write bytes from 16",
            ),
            (
                "rs2p listen --peer tls://a:1 --tls-pin e3b0",
                "--tls-pin: \"e3b0\" is no SHA-256 of a certificate",
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
            ("rs2p relay --peer-rate --links 3", 2),
            ("rs2p relay --json -5", 2),
        ] {
            match parse(words(line), &NOTHING) {
                Err(Unparsed::Clap(error)) => assert_eq!(error.exit_code(), code, "{line}"),
                other => panic!("{line}: {other:?}"),
            }
        }
    }
}
