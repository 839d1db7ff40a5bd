//! The relatives' own libraries, each in a program of its own that ends with its input.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value as Json;

use crate::differs::Relative;
use crate::hex;

/// Gives a relative some msgpack and `hear`s what it makes of each; returns how many it answered.
pub fn ask(relative: Relative, messages: &[Vec<u8>], mut hear: impl FnMut(&[u8], &Json)) -> usize {
    let mut process = program(relative)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a program that runs: run `cargo xtask setup` first");
    let mut input = process.stdin.take().expect("a pipe");
    let output = BufReader::new(process.stdout.take().expect("a pipe"));
    let lines: String = messages.iter().map(|message| hex(message) + "\n").collect();
    // Beside the reading, or both pipes would be full.
    thread::spawn(move || input.write_all(lines.as_bytes()));
    let mut answered = 0;
    for (packed, line) in messages.iter().zip(output.lines().map_while(Result::ok)) {
        hear(
            packed,
            &serde_json::from_str(&line).expect("an answer in JSON"),
        );
        answered += 1;
    }
    process.wait().expect("it ends with its input");
    answered
}

fn program(relative: Relative) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let support = root.join("tests/support");
    match relative {
        Relative::Python => {
            let mut python = Command::new(root.join("target/venv/bin/python"));
            python.arg(support.join("msgpack_told.py"));
            python
        }
        Relative::JavaScript => {
            let mut node = Command::new("node");
            node.arg(support.join("msgpack_told.js"));
            node.env("NODE_PATH", root.join("target/js2p/node_modules"));
            node
        }
    }
}
