//! The cases 1 to 10 of the Autobahn test suite, by their numbers, played by a client of our own against a real listener whose
//! links send back what they receive.
//!
//! A link of the mesh differs from the echo that Autobahn means in two ways. It takes binary messages only, so a case that
//! sends text ends in a close by 1003; what it tries with text is then played again with binary messages, which are to come
//! back. And it reads messages as one stream, so bytes come back in other messages than they came in, and an empty message
//! leaves no trace. A case that breaks the protocol ends in a close by 1002, or 1007 or 1009 where these say more; what it had
//! sent before may come back or not. Behind a Close nothing comes.
#![cfg(not(target_arch = "wasm32"))]

mod case;
mod close;
mod frame;
mod framing;
mod limits;
mod player;
mod texts;

use case::Case;
use player::{Server, play};
use rs2p::native::TransportOptions;

/// Plays the cases of one group, of which there have to be so many, and says so.
async fn group(name: &str, count: usize, cases: Vec<Case>) {
    let server = Server::start(TransportOptions::default()).await;
    let mut numbers: Vec<&str> = cases.iter().map(|case| case.number.as_str()).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), count, "{numbers:?}");
    let mut plays = 0;
    for case in &cases {
        for play_of in case.plays() {
            play(&server, &play_of).await;
            plays += 1;
        }
    }
    println!("{name}: {count} cases, played {plays} times");
}

#[tokio::test]
async fn framing() {
    group("1 framing", 16, framing::framing()).await;
}

#[tokio::test]
async fn pings_and_pongs() {
    group("2 pings and pongs", 11, framing::pings()).await;
}

#[tokio::test]
async fn reserved_bits() {
    group("3 reserved bits", 7, framing::reserved_bits()).await;
}

#[tokio::test]
async fn opcodes() {
    group("4 opcodes", 10, framing::opcodes()).await;
}

#[tokio::test]
async fn fragmentation() {
    group("5 fragmentation", 20, framing::fragmentation()).await;
}

#[tokio::test]
async fn utf_8() {
    group("6 UTF-8", 145, texts::cases()).await;
}

#[tokio::test]
async fn close_handling() {
    group("7 close handling", 37, close::cases()).await;
}

#[tokio::test]
async fn limits() {
    limits::large().await;
    limits::round_trips().await;
}

#[tokio::test]
async fn fragments_of_its_own() {
    group("10 auto-fragmentation", 1, limits::misc()).await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_called_too_big() {
    limits::beyond().await;
}
