//! The help of every command: what it shows as an example works as it stands.

use std::process::Command;

use crate::certificates::Authority;
use crate::program::{Folder, Program, RS2P, Relay, run};

/// The lines of a help that are examples.
fn examples(words: &[&str]) -> Vec<String> {
    let ended = run(words);
    let help = ended.well().stdout.join("\n");
    assert!(help.contains("Exit codes:"), "{help}");
    let (_, behind) = help
        .split_once("Examples:\n")
        .unwrap_or_else(|| panic!("no examples: {help}"));
    let lines = behind.lines().take_while(|line| line.starts_with("  "));
    lines.map(|line| line.trim().to_owned()).collect()
}

/// A shell with an example, in `folder`, where `rs2p` is the program under test.
fn shell(example: &str, folder: &Folder) -> Command {
    let program = std::path::Path::new(RS2P)
        .parent()
        .expect("it lies in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", example])
        .env("PATH", format!("{}:{path}", program.display()))
        .current_dir(folder.path());
    shell
}

/// The example with a relay's ports in place of its own.
fn at(example: &str, relay: &Relay) -> String {
    let example = example.replace("ws://127.0.0.1:8765", relay.url("ws"));
    example.replace("tcp://127.0.0.1:8766", relay.url("tcp"))
}

fn relay_example(example: &str, folder: &Folder) {
    let other = Relay::start();
    let (listen, peer) = example
        .split_once(" --peer ")
        .map_or((example, None), |(listen, peer)| (listen, Some(peer)));
    // Any free port, here only.
    let listen = listen
        .replace(":8765", ":0")
        .replace(":8766", ":0")
        .replace(":8767", ":0")
        .replace(":8768", ":0")
        .replace("0.0.0.0", "127.0.0.1");
    let listen = listen.replace(
        "--advertise relay.example:0",
        "--advertise relay.example:8765",
    );
    let peer = peer
        .map(|peer| format!(" --peer {}", at(peer, &other)))
        .unwrap_or_default();
    if listen.contains("--print-config") {
        Program::start(&mut shell(&listen, folder)).end().well();
        return;
    }
    // The file is that of the example before, with one listener.
    let listeners = listen.matches("://").count().max(1);
    Relay::of(
        &mut shell(&format!("exec {listen}{peer}"), folder),
        listeners,
    )
    .end();
}

fn send_example(example: &str, folder: &Folder) {
    let relay = Relay::start();
    Program::start(&mut shell(&at(example, &relay), folder))
        .end()
        .well();
}

fn listen_example(example: &str, folder: &Folder) {
    let mut relay = Relay::start();
    let has_end = example.contains('|') || example.contains("--count");
    let exec = if example.contains('|') { "" } else { "exec " };
    let mut listener = Program::start(&mut shell(
        &format!("{exec}{}", at(example, &relay)),
        folder,
    ));
    relay.peer_up();
    run(&["send", "--peer", relay.url("ws"), "hello"]).well();
    assert!(listener.stdout.next().contains("\"hello\""), "{example}");
    if !has_end {
        listener.signal("INT");
    }
    listener.end().well();
}

/// With fewer nodes and seeds: that many are for a program that is optimised.
fn sim_example(example: &str, folder: &Folder) {
    let example = example
        .replace("--nodes 1000", "--nodes 20")
        .replace("--nodes 200", "--nodes 20")
        .replace("--seeds 10000", "--seeds 2");
    let ended = Program::start(&mut shell(&example, folder)).end();
    assert_eq!(ended.well_in_the_end().stdout.len(), 1, "{example}");
}

#[test]
fn every_example_works() {
    let folder = Folder::new();
    folder.write("site/index.html", "<!doctype html>");
    let issued = Authority::new("ours").issue_for_loopback();
    folder.write("chain.pem", &issued.certificate);
    folder.write("key.pem", &issued.key);
    let mut count = 0;
    for help in [
        &["--help"][..],
        &["relay", "--help"],
        &["send", "--help"],
        &["listen", "--help"],
        &["sim", "--help"],
    ] {
        for example in examples(help) {
            match &example {
                relay if relay.contains("rs2p relay ") => relay_example(relay, &folder),
                send if send.contains("rs2p send ") => send_example(send, &folder),
                listen if listen.contains("rs2p listen ") => listen_example(listen, &folder),
                sim if sim.contains("rs2p sim") => sim_example(sim, &folder),
                other => panic!("{other}"),
            }
            count += 1;
        }
    }
    assert_eq!(count, 23);
}
