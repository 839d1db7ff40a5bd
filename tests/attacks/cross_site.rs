//! A page of another site opens a WebSocket to the relay: 403, before anything of the mesh is said.

use rs2p::Scheme;

use crate::figures::Figures;
use crate::pace::{Size, attack};
use crate::relay::{Door, Relay};
use crate::wire::{Caller, request, upgrade};

/// The status of an upgrade with these lines in its head.
async fn status(door: Door, lines: &str) -> u16 {
    let mut stream = Caller::HERE.connect(door.at).await.expect("it listens");
    let answer = upgrade(&mut stream, &request(door, lines)).await;
    answer.expect("it answers").status
}

/// Origins, and what becomes of a page of theirs.
fn cases(door: Door) -> Vec<(String, u16)> {
    let own = format!("http://{}", door.at);
    let refused = [
        "https://evil.example".to_owned(),
        "http://evil.example".to_owned(),
        format!("http://evil.example:{}", door.at.port()),
        // A name that begins like the relay's, and one that ends like it.
        format!("{own}.evil.example"),
        format!("http://evil-{}", door.at),
        // A sandboxed frame, and a page in a file.
        "null".to_owned(),
        "file://".to_owned(),
        "not an origin".to_owned(),
        String::new(),
    ];
    let mut cases: Vec<_> = refused.into_iter().map(|origin| (origin, 403)).collect();
    cases.push((own, 101));
    cases
}

async fn run() {
    let mut figures = Figures::of("cross site", Size::Short);
    let relay = Relay::start();
    let door = relay.door(Scheme::Ws);
    for (origin, expected) in cases(door) {
        let found = status(door, &format!("Origin: {origin}\r\n")).await;
        figures.is(&format!("Origin {origin:?}"), found, expected);
    }
    let own = format!("http://{}", door.at);
    let two = format!("Origin: {own}\r\nOrigin: https://evil.example\r\n");
    // A page cannot send two; who does is not a browser, and gets no more than a refusal.
    figures.note("two origins", status(door, &two).await);
    figures.is(
        "no origin, as programs have none",
        status(door, "").await,
        101,
    );
    figures.finish();
}

#[test]
fn a_page_of_another_site_gets_403() {
    attack(run());
}
