//! Nodes that cannot be dialled, and peers that reply only to neighbours: the node between lends a link.

use rs2p::Scheme;
use rs2p::id::{LinkId, NodeId};
use rs2p::mesh::{CloseReason, Event};
use rs2p::wire::{IdForm, Signal};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard, heard_texts};
use crate::world::World;

/// The port at which the legacy peer listens.
const DOOR: u16 = 200;

/// A relay, number 0; a node behind it that cannot be dialled, number 1; and a legacy peer of the relay.
fn relay_between() -> (World, Legacy) {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    world.add(tab);
    world.connect(1, 0);
    let mut legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    legacy.broadcast(&mut world, "here");
    world.run(1);
    heard(&mut world, &mut legacy);
    (world, legacy)
}

/// A node that cannot be dialled, and cannot dial where the peer is.
fn tab(config: &mut rs2p::Config) {
    config.advertise.clear();
    config.outgoing = 0;
}

/// The node behind the relay whispers, and the peer greets on the link that comes of it.
fn lent_link(world: &mut World, legacy: &Legacy) -> Legacy {
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    let [(0, link, DOOR)] = world.knocks[..] else {
        panic!("one dial of the relay: {:?}", world.knocks)
    };
    let mut lent = Legacy::on(link, 200, IdForm::Bytes);
    lent.greet(world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    lent
}

fn greeter(message: &rs2p::wire::Message) -> Option<NodeId> {
    match Signal::parse(message) {
        Ok(Signal::Handshake(handshake)) => Some(handshake.node),
        _ => None,
    }
}

#[test]
fn a_legacy_peer_takes_the_sender_for_a_neighbour_and_its_reply_arrives() {
    let (mut world, mut legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    let said = heard(&mut world, &mut lent);
    assert_eq!(greeter(&said[0]), Some(world.id(1)));
    let whisper = said.last().expect("a whisper");
    assert_eq!(*whisper.sender(), world.id(1));
    assert_eq!(whisper.packets(), ["psst".into()]);
    assert!(heard_texts(&mut world, &mut legacy).is_empty(), "once only");

    lent.whisper(&mut world, "yes?");
    lent.whisper(&mut world, "yes?");
    world.run(1);
    assert_eq!(world.received(1), ["here", "yes?", "yes?"]);
    assert_eq!(world.received(0), ["here"], "the relay only hands it on");
    let message = world.nodes[1]
        .events
        .iter()
        .rev()
        .find_map(|event| match event {
            Event::Message { message, .. } => Some(message.sender().clone()),
            _ => None,
        });
    assert_eq!(message, Some(legacy.node));
}

#[test]
fn a_lent_link_is_used_again() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    heard(&mut world, &mut lent);
    world.run(20);
    lent.whisper(&mut world, "still there?");
    let to = legacy.node.clone();
    world.whisper(1, &to, "yes").expect("heard of");
    world.run(1);
    assert_eq!(world.knocks.len(), 1);
    assert_eq!(heard_texts(&mut world, &mut lent), ["yes"]);
}

#[test]
fn no_flood_goes_into_a_lent_link_and_one_out_of_it_is_a_duplicate() {
    let (mut world, mut legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    heard(&mut world, &mut lent);
    world.broadcast(1, "to all").expect("joined");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut legacy), ["to all"]);
    assert!(heard_texts(&mut world, &mut lent).is_empty());
    // py2p floods to every link that it has.
    let message = legacy.broadcast(&mut world, "answer");
    world.hand(0, lent.link, message.frame().into_bytes());
    world.run(1);
    assert_eq!(world.received(1), ["here", "answer"]);
}

#[test]
fn a_lent_link_is_no_peer_and_its_end_parts_nobody() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    assert_eq!(world.nodes[0].mesh.peers().count(), 2);
    world.hang_up(0, lent.link);
    world.run(1);
    assert_eq!(world.nodes[0].mesh.peers().count(), 2);
    heard(&mut world, &mut lent);
    let to = legacy.node.clone();
    world.whisper(1, &to, "again").expect("heard of");
    world.run(1);
    assert_eq!(world.knocks.len(), 2, "lent anew");
}

#[test]
fn a_peer_that_cannot_be_dialled_is_given_the_whisper_all_the_same() {
    let (mut world, mut legacy) = relay_between();
    world.doors.clear();
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut legacy), ["psst"]);
}

#[test]
fn who_else_answers_at_the_address_is_given_nothing() {
    let (mut world, mut legacy) = relay_between();
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    let link: LinkId = world.knocks[0].1;
    let mut other = Legacy::on(link, 201, IdForm::Bytes);
    other.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    assert!(heard_texts(&mut world, &mut other).is_empty());
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::OtherNode { .. }]
    ));
    assert_eq!(heard_texts(&mut world, &mut legacy), ["psst"]);
}

#[test]
fn no_more_links_are_lent_than_configured() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| {
        config.outgoing = 0;
        config.loans = 2;
    });
    for _ in 0..3 {
        let tab = world.add(tab);
        world.connect(tab, 0);
    }
    let mut legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    legacy.broadcast(&mut world, "here");
    world.run(1);
    heard(&mut world, &mut legacy);
    let to = legacy.node.clone();
    for tab in 1..=3 {
        world.whisper(tab, &to, "psst").expect("heard of");
    }
    world.run(1);
    assert_eq!(world.knocks.len(), 2);
    assert_eq!(heard_texts(&mut world, &mut legacy), ["psst"], "the third");
}

#[test]
fn a_lent_link_that_nobody_uses_is_given_back() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    let mut closed = false;
    for _ in 0..70 {
        world.run(10);
        heard(&mut world, &mut lent);
        closed = world.closed_with(0).contains(&&CloseReason::Disconnected);
        if closed {
            break;
        }
        // Both live: they answer when asked for their peers.
        for link in [legacy.link, lent.link] {
            let mut peer = Legacy::on(link, 200, IdForm::Bytes);
            peer.say(
                &mut world,
                rs2p::wire::Kind::Whisper,
                &Signal::Peers(Vec::new()).payload(),
            );
        }
    }
    assert!(closed);
    assert_eq!(world.nodes[0].mesh.peers().count(), 2);
}
