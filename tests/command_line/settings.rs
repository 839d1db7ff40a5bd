//! The settings of a relay: by flag, variable and file, and what is printed of them.

use std::process::Command;

use crate::program::{Ended, Folder, Program, RS2P, Relay, rs2p, run};

/// A relay that is told by a file, and by variables and words besides.
fn with_file(folder: &Folder, text: &str, variables: &[(&str, &str)], words: &[&str]) -> Command {
    folder.write("relay.toml", text);
    let mut command = rs2p(&["relay"]);
    command
        .arg("--config")
        .arg(folder.path().join("relay.toml"))
        .args(words)
        .envs(variables.iter().copied());
    command
}

fn end(command: &mut Command) -> Ended {
    Program::start(command).end()
}

/// The lines of a printed file that set a value, without where it came from.
fn values(printed: &Ended) -> Vec<&str> {
    let lines = printed.well().stdout.iter();
    lines
        .filter_map(|line| line.rsplit_once(" # "))
        .map(|(value, _)| value)
        .collect()
}

#[test]
fn what_is_in_force_is_printed_and_can_be_given_back() {
    let folder = Folder::new();
    let text = "listen = [\"ws://127.0.0.1:0\"]\n[limits]\nlinks = 3\nframe = \"512KiB\"\n";
    let variables = [("RS2P_SILENCE", "60s"), ("RS2P_LINKS", "4")];
    let words = ["--links", "5", "--print-config"];
    let first = end(&mut with_file(&folder, text, &variables, &words));
    for line in [
        "links = 5 # flag",
        "silence = \"1m\" # environment RS2P_SILENCE",
        "heartbeat = \"15s\" # default",
        "subnet = \"mesh\" # default",
    ] {
        assert!(
            first.stdout.iter().any(|is| is == line),
            "{line}: {first:#?}"
        );
    }
    let frame = first
        .stdout
        .iter()
        .find(|line| line.starts_with("frame = "));
    assert!(
        frame
            .is_some_and(|line| line.starts_with("frame = \"512KiB\" # file ")
                && line.ends_with("relay.toml:4")),
        "{frame:?}"
    );
    let mut again = with_file(&folder, &first.stdout.join("\n"), &[], &["--print-config"]);
    assert_eq!(values(&end(&mut again)), values(&first));
}

#[test]
fn a_relay_needs_no_words_but_its_file_and_keeps_what_the_file_says() {
    let folder = Folder::new();
    let text = "listen = [\"ws://127.0.0.1:0\", \"tcp://127.0.0.1:0\"]\nsubnet = \"tea\"\nlog = \"debug\"\n[limits]\nlinks = 1\n";
    let mut relay = Relay::of(&mut with_file(&folder, text, &[], &[]), 2);
    let listener = relay.listener("ws", &["--subnet", "tea", "--log", "info"]);
    let peer = relay.url("tcp").to_owned();
    let ended = run(&["send", "--subnet", "tea", "--peer", &peer, "hello"]);
    assert!(ended.fault(1).contains(&peer), "{ended:#?}");
    relay
        .program
        .stderr
        .next_with("this node has as many links as it allows");
    drop(listener);
    relay.end();
    // The same file, and a variable before it.
    let mut relay = Relay::of(
        &mut with_file(&folder, text, &[("RS2P_LINKS", "2")], &[]),
        2,
    );
    let _listener = relay.listener("ws", &["--subnet", "tea", "--log", "info"]);
    let peer = relay.url("tcp").to_owned();
    run(&["send", "--subnet", "tea", "--peer", &peer, "hello"]).well();
}

#[test]
fn what_is_wrong_is_one_line_with_its_place_and_exit_2() {
    let folder = Folder::new();
    let file = folder.path().join("relay.toml");
    let file = file.display();
    for (text, variables, words, told) in [
        (
            "[limits]\npeer-lsts = 3\n",
            &[][..],
            &[][..],
            format!("{file}:2: there is no key \"peer-lsts\": is peer-lists meant?"),
        ),
        (
            "[limits]\nsilence = 35\n",
            &[],
            &[],
            format!("{file}:2: silence: \"35\" is no time: write 10s, 250ms, 2m, with the unit"),
        ),
        ("listen = [", &[], &[], format!("{file}:1: no TOML: ")),
        (
            "",
            &[("RS2P_FRAME", "1MB")],
            &[],
            "RS2P_FRAME: \"1MB\" is no size: write 1MiB".to_owned(),
        ),
        (
            "",
            &[],
            &["--links", "0"],
            "--links: 0 is too little: write one from 1 to ".to_owned(),
        ),
        (
            "[limits]\nsilence = \"5s\"\n",
            &[],
            &[],
            format!("--silence 5s (file {file}:2) must be longer than --heartbeat"),
        ),
        ("", &[], &[], "no --listen: say where to listen".to_owned()),
    ] {
        let ended = end(&mut with_file(&folder, text, variables, words));
        assert!(ended.fault(2).starts_with(&told), "{told}: {ended:#?}");
    }
    let ended = run(&["relay", "--config", "/dev/null/relay.toml"]);
    let told = "--config: /dev/null/relay.toml cannot be read (";
    assert!(ended.fault(1).starts_with(told), "{ended:#?}");
}

#[test]
fn limits_are_in_the_long_help_only() {
    let (short, long) = (run(&["relay", "-h"]), run(&["relay", "--help"]));
    let has =
        |ended: &Ended, part: &str| ended.well().stdout.iter().any(|line| line.contains(part));
    assert!(has(&long, "Limits:") && has(&long, "--heartbeat <TIME>"));
    assert!(!has(&short, "Limits:") && !has(&short, "--heartbeat"));
    assert!(has(&short, "--config <FILE>") && has(&short, "--print-config"));
    // Variables that are wrong keep nobody from the help.
    let mut command = Command::new(RS2P);
    command.args(["relay", "--help"]).env("RS2P_LINKS", "many");
    assert_eq!(end(&mut command).well().stdout, long.stdout);
}
