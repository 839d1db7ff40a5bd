//! Two nodes that dial each other at one moment: whatever the order of events, one link is left, and it works.
#![cfg(not(target_arch = "wasm32"))]

mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod js2p;
    pub(crate) mod node;
    pub(crate) mod py2p;
    pub(crate) mod race;
    pub(crate) mod told;
}

use std::ops::DerefMut;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::join_all;
use rs2p::{Address, MeshSocket, Scheme};
use serde_json::json;
use support::js2p::Js2p;
use support::node::{Node, soon};
use support::py2p::Py2p;
use support::race::{Race, Start};
use support::told::Told;

/// Pairs that dial each other at the same time.
const ABREAST: usize = 8;
/// Rounds of the tests that always run, and of the long ones.
const FEW: usize = 40;
const MANY: usize = 200;

#[tokio::test]
async fn a_few_dials_cross_those_of_py2p() {
    with_py2p(FEW).await;
}

#[tokio::test]
async fn a_few_dials_cross_those_of_js2p_over_tcp() {
    with_js2p(Scheme::Tcp, FEW).await;
}

#[tokio::test]
async fn a_few_dials_cross_those_of_js2p_over_websockets() {
    with_js2p(Scheme::Ws, FEW).await;
}

#[tokio::test]
#[ignore = "long: run by cargo xtask test --long"]
async fn many_dials_cross_those_of_py2p() {
    with_py2p(MANY).await;
}

#[tokio::test]
#[ignore = "long: run by cargo xtask test --long"]
async fn many_dials_cross_those_of_js2p_over_tcp() {
    with_js2p(Scheme::Tcp, MANY).await;
}

#[tokio::test]
#[ignore = "long: run by cargo xtask test --long"]
async fn many_dials_cross_those_of_js2p_over_websockets() {
    with_js2p(Scheme::Ws, MANY).await;
}

async fn with_py2p(rounds: usize) {
    race_all("py2p", Scheme::Tcp, rounds, || Py2p::start("none yet")).await;
}

async fn with_js2p(scheme: Scheme, rounds: usize) {
    race_all("js2p", scheme, rounds, || Js2p::start("none yet", scheme)).await;
}

/// So many rounds, some abreast, each lane with a relative of its own. A round that fails does not keep the next from
/// running: how many fail, and which, says what is wrong.
async fn race_all<R: DerefMut<Target = Told>>(
    name: &str,
    scheme: Scheme,
    rounds: usize,
    start: impl AsyncFn() -> R,
) {
    let lanes = (0..ABREAST).map(async |lane| {
        let mut theirs = start().await;
        let mut outcomes = Vec::new();
        for round in (lane..rounds).step_by(ABREAST) {
            let race = AssertUnwindSafe(race(&mut theirs, scheme, round));
            let connections = race.catch_unwind().await.ok();
            if connections.is_none() {
                theirs = start().await;
            }
            outcomes.push((Start::of(round), connections));
        }
        outcomes
    });
    let outcomes = join_all(lanes).await.concat();
    let failed = outcomes.iter().filter(|(_, outcome)| outcome.is_none());
    let failed: Vec<_> = failed.map(|(start, _)| start).collect();
    let connections: usize = outcomes.iter().filter_map(|(_, outcome)| *outcome).sum();
    let good = outcomes.len() - failed.len();
    println!(
        "{good} of {rounds} crossings with {name} over {scheme} left one link, of {connections} that were made"
    );
    assert!(failed.is_empty(), "{failed:?}");
}

/// A new node of ours and a new one of theirs dial each other. Returns how many connections that took.
async fn race(theirs: &mut Told, scheme: Scheme, round: usize) -> usize {
    let subnet = format!("race {round}");
    let race = Race::new(scheme, Start::of(round)).await;
    let (to_ours, to_theirs) = (race.gate(0), race.gate(1));
    let builder = MeshSocket::builder(&subnet)
        .listen(format!("{scheme}://127.0.0.1:0"))
        .advertise(to_ours.to_string());
    let mut ours = Node::start(builder).await;
    theirs.start_again(&subnet, Some(to_theirs.port())).await;
    race.leads_to(0, ours.address(scheme));
    let their_address = Address::new(scheme, "127.0.0.1", theirs.port());
    race.leads_to(1, their_address.expect("an address"));

    let dials = async { tokio::join!(ours.socket.connect(to_theirs), theirs.connect(to_ours)).0 };
    assert_eq!(soon("both dials", dials).await, Ok(()));
    for text in ["one", "two"] {
        race.leaves_one().await;
        ours.has_peers(&[theirs.id()]).await;
        assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
        ours.say(text).await;
        assert_eq!(theirs.hears().await.text(), text);
        theirs.send(json!([text])).await;
        assert_eq!(ours.hears_text().await, text);
    }
    ours.close().await;
    race.connections()
}
