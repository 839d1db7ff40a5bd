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
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use rs2p::{Address, MeshSocket, Scheme};
use serde_json::json;
use support::js2p::Js2p;
use support::node::{Node, soon};
use support::py2p::Py2p;
use support::race::{Race, Start};
use support::told::Told;

/// Rounds of each test.
const ROUNDS: usize = 200;
/// Pairs that dial each other at the same time.
const ABREAST: usize = 8;
/// Longer than anything that a node of ours waits for before it closes one of two links.
const AFTERMATH: Duration = Duration::from_secs(4);

#[tokio::test]
async fn dials_that_cross_those_of_py2p_leave_one_link() {
    race_all("py2p", Scheme::Tcp, || Py2p::start("none yet")).await;
}

#[tokio::test]
async fn dials_that_cross_those_of_js2p_over_tcp_leave_one_link() {
    let scheme = Scheme::Tcp;
    race_all("js2p", scheme, || Js2p::start("none yet", scheme)).await;
}

#[tokio::test]
async fn dials_that_cross_those_of_js2p_over_websockets_leave_one_link() {
    let scheme = Scheme::Ws;
    race_all("js2p", scheme, || Js2p::start("none yet", scheme)).await;
}

/// Rounds, some abreast, each lane with a relative of its own. A round that fails does not keep the next from running: how
/// many fail, and which, says what is wrong. The last of each lane is looked at again after a while.
async fn race_all<R: DerefMut<Target = Told>>(
    name: &str,
    scheme: Scheme,
    start: impl AsyncFn() -> R,
) {
    let lanes = (0..ABREAST).map(async |lane| {
        let mut theirs = start().await;
        let mut outcomes = Vec::new();
        for round in (lane..ROUNDS).step_by(ABREAST) {
            let is_last = round + ABREAST >= ROUNDS;
            let race = AssertUnwindSafe(race(&mut theirs, scheme, round, is_last));
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
        "{good} of {ROUNDS} crossings with {name} over {scheme} left one link, of {connections} that were made"
    );
    assert!(failed.is_empty(), "{failed:?}");
}

/// A new node of ours and a new one of theirs dial each other. Returns how many connections that took.
async fn race(theirs: &mut Told, scheme: Scheme, round: usize, is_watched: bool) -> usize {
    let subnet = format!("race {round}");
    let race = Race::new(scheme, Start::of(round)).await;
    let (to_ours, to_theirs) = (race.gate(0), race.gate(1));
    let builder = MeshSocket::builder(&subnet)
        .hearsay(rs2p::Hearsay::Any)
        .listen(format!("{scheme}://127.0.0.1:0"))
        .advertise(to_ours.to_string());
    let mut ours = Node::start(builder).await;
    theirs.start_again(&subnet, Some(to_theirs.port())).await;
    race.leads_to(0, ours.address(scheme));
    let their_address = Address::new(scheme, "127.0.0.1", theirs.port());
    race.leads_to(1, their_address.expect("an address"));

    let dials = async { tokio::join!(ours.socket.connect(to_theirs), theirs.connect(to_ours)).0 };
    assert_eq!(soon("both dials", dials).await, Ok(()));
    are_linked_once(&race, &mut ours, theirs, "one").await;
    if is_watched {
        tokio::time::sleep(AFTERMATH).await;
    }
    are_linked_once(&race, &mut ours, theirs, "two").await;
    assert_eq!(theirs.complaints().await, json!([]));
    ours.close().await;
    race.connections()
}

/// One link is left, both know of it, and it carries what each says.
async fn are_linked_once(race: &Race, ours: &mut Node, theirs: &mut Told, text: &str) {
    race.leaves_one().await;
    ours.has_peers(&[theirs.id()]).await;
    assert_eq!(theirs.has_peers(1).await, [ours.id().clone()]);
    ours.say(text).await;
    assert_eq!(theirs.hears().await.text(), text);
    theirs.send(json!([text])).await;
    assert_eq!(ours.hears_text().await, text);
}
