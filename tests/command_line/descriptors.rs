//! `rs2p relay` and the limit of open files: it takes what it may, and lives with less.

use std::io::Read;
#[cfg(target_os = "linux")]
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use crate::program::{DEADLINE, RS2P, Relay, run};

/// A relay under a limit of open files, hard and soft.
fn under(limit: &str, soft: &str, words: &str) -> Relay {
    let script = format!(
        "ulimit -n {limit} && ulimit -S -n {soft} && exec \"$0\" relay --listen ws://127.0.0.1:0 {words}"
    );
    Relay::of(Command::new("sh").args(["-c", &script, RS2P]), 1)
}

fn connect(relay: &Relay) -> TcpStream {
    let stream = TcpStream::connect(relay.authority("ws")).expect("the kernel takes it");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline");
    stream
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let mut relay = under("200", "100", "--log debug");
    let line = relay.program.stderr.next_with("open files");
    assert!(line.contains("limit=200"), "{line}");
}

#[test]
fn with_few_descriptors_it_serves_those_it_has_and_takes_new_ones() {
    let mut relay = under("64", "64", "");
    let mut listener = relay.listener("ws", &["--count", "2"]);
    // More silent ones than it can have: the oldest make room, for each other and for who has something to say.
    let mut silent: Vec<TcpStream> = (0..200).map(|_| connect(&relay)).collect();
    run(&["send", "--peer", relay.url("ws"), "one"]).well();
    let end = silent[0].read(&mut [0]).expect("an end");
    assert_eq!(end, 0, "the oldest has made room");
    let line = relay.program.stderr.next_with("could not be accepted");
    assert!(line.contains("ulimit -n"), "{line}");
    drop(silent);
    run(&["send", "--peer", relay.url("ws"), "two"]).well();
    assert_eq!(listener.stdout.next().matches("one").count(), 1);
    assert!(listener.stdout.next().contains("two"));
    let said = relay.end().stderr;
    let said = said
        .iter()
        .filter(|line| line.contains("could not be accepted"));
    assert_eq!(said.count(), 1, "it is said once");
}

#[cfg(target_os = "linux")]
#[test]
fn when_links_have_every_descriptor_it_waits_without_spinning() {
    let relay = under("64", "64", "");
    let mut links: Vec<TcpStream> = (0..80).map(|_| asking(&relay)).collect();
    // Links that stand make room for nobody, so the last waits in the kernel. They greet nobody, so the relay lets them go
    // after some seconds, and who waited is served.
    links[0].read_exact(&mut [0; 12]).expect("it is served");
    let before = ticks(&relay);
    let last = links.last_mut().expect("eighty");
    last.read_exact(&mut [0; 12]).expect("it is served");
    let spent = ticks(&relay) - before;
    assert!(
        spent < 100,
        "{spent} hundredths of a second of work while waiting"
    );
    relay.end();
}

/// A connection that has asked for a WebSocket.
#[cfg(target_os = "linux")]
fn asking(relay: &Relay) -> TcpStream {
    let mut stream = connect(relay);
    let request = "GET / HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream
        .write_all(request.as_bytes())
        .expect("the kernel takes it");
    stream
}

/// The processor time that the relay has used, in hundredths of a second.
#[cfg(target_os = "linux")]
fn ticks(relay: &Relay) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", relay.program.id()));
    let stat = stat.expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // Behind the name, user and system time are the 12th and the 13th (proc(5)).
    let times = [11, 12].map(|at| fields[at].parse::<u64>().expect("a number"));
    times.iter().sum()
}
