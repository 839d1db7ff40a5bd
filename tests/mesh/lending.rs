//! Nodes that cannot be dialled, and peers that reply only to neighbours: the node between lends a link.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::{LinkId, NodeId};
use rs2p::mesh::{CloseReason, Command, CommandError, Environment, Event, Receipt};
use rs2p::wire::{Endpoint, IdForm, Kind, PeerEntry, RawPackets, Signal, Time, Trailer, sub_flag};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, endpoint, heard, heard_texts, wall};
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
    assert_eq!(said[0].trailer().capabilities, None, "as plain as the peer");
    let Ok(Signal::Handshake(handshake)) = Signal::parse(&said[0]) else {
        panic!("a handshake")
    };
    assert_eq!(handshake.endpoint, None, "it cannot be dialled");
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
fn an_answer_comes_over_a_lent_link_too() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    heard(&mut world, &mut lent);
    let question = Command::Ask {
        to: Some(legacy.node.clone()),
        topic: None,
        packets: RawPackets::from_values(&["who?".into()]).expect("a packet"),
        patience: Duration::from_secs(2),
        answers: 1,
    };
    let Ok(Receipt::Sent { ticket, .. }) = world.command(1, question) else {
        panic!("a way there is");
    };
    world.run(1);
    let asked = heard(&mut world, &mut lent).pop().expect("the question");
    assert_eq!(asked.packets(), ["who?".into()]);
    let trailer = Trailer {
        nonce: Some(7),
        answer: asked.question(),
        ..Trailer::default()
    };
    let payload = [sub_flag::WHISPER.into(), "I".into()];
    let time = Time::Seconds(wall(&world));
    lent.say_with(&mut world, Kind::Whisper, time, &payload, trailer);
    world.run_for(Duration::from_millis(500));
    let events = &world.nodes[1].events;
    let is_answer = |event: &&Event| matches!(event, Event::Answer { ticket: of, message, .. } if *of == ticket && *message.sender() == legacy.node);
    assert_eq!(events.iter().filter(is_answer).count(), 1);
    let is_end = |event: &Event| matches!(event, Event::Settled { ticket: of, result: Ok(()) } if *of == ticket);
    assert!(events.iter().any(is_end));
    assert_eq!(world.received(1), ["here"], "an answer is no message");
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

/// Both ends of the legacy peer live: they answer when they are asked for their peers.
fn live(world: &mut World, links: [LinkId; 2], seconds: u64) {
    for _ in 0..seconds / 10 {
        world.run(10);
        for link in links {
            let mut peer = Legacy::on(link, 200, IdForm::Bytes);
            let peers = Signal::Peers(Vec::new()).payload();
            peer.say(world, Kind::Whisper, &peers);
        }
    }
}

#[test]
fn a_lent_link_that_either_side_uses_is_kept() {
    for by_the_borrower in [false, true] {
        let (mut world, legacy) = relay_between();
        let mut lent = lent_link(&mut world, &legacy);
        let links = [legacy.link, lent.link];
        for _ in 0..3 {
            live(&mut world, links, 400);
            if by_the_borrower {
                let to = legacy.node.clone();
                world.whisper(1, &to, "psst").expect("heard of");
                world.run(1);
            } else {
                lent.whisper(&mut world, "psst");
            }
        }
        assert!(world.closes.is_empty(), "{:?}", world.closes);
        live(&mut world, links, 610);
        assert_eq!(world.closed_with(0), [&CloseReason::Disconnected]);
    }
}

#[test]
fn a_lent_link_answers_with_no_peers_and_asks_for_none() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    heard(&mut world, &mut lent);
    lent.say(&mut world, Kind::Whisper, &Signal::RequestPeers.payload());
    world.run_for(core::time::Duration::from_millis(50));
    let said = heard(&mut world, &mut lent);
    assert_eq!(said.len(), 1);
    assert_eq!(Signal::parse(&said[0]), Ok(Signal::Peers(Vec::new())));
    world.command(0, Command::RequestPeers).expect("accepted");
    world.run_for(core::time::Duration::from_millis(50));
    assert!(heard(&mut world, &mut lent).is_empty());
}

#[test]
fn no_more_than_a_few_whispers_wait_for_a_lent_link() {
    let (mut world, legacy) = relay_between();
    let to = legacy.node.clone();
    for _ in 0..20 {
        world.whisper(1, &to, "psst").expect("heard of");
    }
    world.run(1);
    assert_eq!(world.nodes[0].mesh.stats().undeliverable, 4);
}

#[test]
fn a_peer_in_another_subnet_is_lent_no_link() {
    let (mut world, legacy) = relay_between();
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    let mut there = Legacy::on(world.knocks[0].1, 200, IdForm::Bytes);
    there.greet(&mut world, Scheme::Ws, Some(DOOR));
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::WrongSubnet { .. }]
    ));
}

/// What a relay dials, whose config and peer are given, when a node behind it whispers.
fn dials(
    configure: impl FnOnce(&mut rs2p::Config),
    endpoint: Endpoint,
    prepare: impl FnOnce(&mut World),
) -> usize {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| {
        config.outgoing = 0;
        configure(config);
    });
    world.add(tab);
    world.connect(1, 0);
    world.doors.extend([1, DOOR]);
    let mut legacy = Legacy::knocking(&mut world, 200, IdForm::Bytes);
    legacy.greet_at(&mut world, Scheme::Tcp, endpoint);
    world.run(1);
    legacy.broadcast(&mut world, "here");
    world.run(1);
    prepare(&mut world);
    world.whisper(1, &legacy.node, "psst").expect("heard of");
    world.run_for(core::time::Duration::from_millis(500));
    world.knocks.iter().filter(|(from, ..)| *from == 0).count()
}

#[test]
fn a_link_is_lent_only_where_a_dial_may_go() {
    let there = || endpoint(DOOR);
    assert_eq!(dials(|_| {}, there(), |_| {}), 1);
    assert_eq!(dials(|config| config.links = 2, there(), |_| {}), 0, "full");
    assert_eq!(dials(|_| {}, endpoint(1), |_| {}), 0, "the relay itself");
    let offline = |world: &mut World| world.environment(0, Environment::Offline);
    assert_eq!(dials(|_| {}, there(), offline), 0, "out of reach");
    let close = |world: &mut World| {
        // Both links are up as long as their queues are not written.
        world.nodes[1].is_stalled = true;
        for number in 0..300 {
            world.broadcast(0, format!("{number}")).expect("joined");
        }
        world.command(0, Command::Close).expect("accepted");
    };
    assert_eq!(dials(|_| {}, there(), close), 0, "closing");
}

#[test]
fn a_lent_link_outlives_the_peers_own_and_carries_on() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    heard(&mut world, &mut lent);
    world.doors.clear();
    world.hang_up(0, legacy.link);
    world.run(1);
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut lent), ["psst"]);
}

#[test]
fn a_lent_link_has_no_room_for_what_is_for_all() {
    let (mut world, legacy) = relay_between();
    let lent = lent_link(&mut world, &legacy);
    world.doors.clear();
    world.hang_up(0, legacy.link);
    world.nodes[1].is_stalled = true;
    let text = "x".repeat(700);
    let results: Vec<_> = (0..2_000)
        .map(|number: u32| world.broadcast(0, format!("{number}{text}")))
        .collect();
    assert_eq!(
        results.last(),
        Some(&Err(CommandError::Busy)),
        "{:?}",
        lent.link
    );
}

#[test]
fn what_a_lent_link_floods_shows_no_way() {
    let (mut world, legacy) = relay_between();
    let far = world.add(tab);
    world.connect(far, 1);
    world.run(1);
    world.broadcast(far, "far").expect("joined");
    world.run(1);
    let lent = lent_link(&mut world, &legacy);
    let mut author = lent.as_node(world.id(far));
    author.broadcast(&mut world, "came by another way first");
    world.run(1);
    let to = world.id(far);
    let receipt = world.whisper(0, &to, "psst").expect("heard of");
    assert!(
        matches!(receipt, Receipt::Sent { id: Some(_), .. }),
        "no search: {receipt:?}"
    );
    world.run(1);
    assert!(world.received(far).contains(&"psst".to_owned()));
}

#[test]
fn what_came_by_a_lent_link_is_known_when_it_comes_back() {
    let (mut world, legacy) = relay_between();
    let mut lent = lent_link(&mut world, &legacy);
    let mut hop = Legacy::knocking(&mut world, 201, IdForm::Text);
    hop.greet_as_ours(&mut world, Scheme::Tcp);
    lent.whisper(&mut world, "reply");
    let delivered = world.nodes[1].mesh.stats().delivered;
    world.run(1);
    let message = world.nodes[1]
        .events
        .iter()
        .rev()
        .find_map(|event| match event {
            Event::Message { message, .. } => Some(message.clone()),
            _ => None,
        });
    let to = world.id(1);
    hop.forward(&mut world, &to, &message.expect("the reply"));
    world.run(1);
    assert_eq!(world.nodes[1].mesh.stats().delivered, delivered + 1);
    assert_eq!(world.nodes[1].mesh.stats().duplicates, 0, "stopped before");
}

#[test]
fn nothing_of_a_lent_link_is_left_when_the_node_closes() {
    let (mut world, legacy) = relay_between();
    lent_link(&mut world, &legacy);
    world.command(0, Command::Close).expect("accepted");
    world.run(3);
    assert_eq!(world.nodes[0].mesh.poll_timeout(), None);
}

#[test]
fn no_link_is_lent_to_a_node_to_which_the_peer_has_one() {
    let (mut world, mut legacy) = relay_between();
    let entry = PeerEntry {
        endpoint: None,
        node: world.id(1),
        form: IdForm::Text,
    };
    legacy.signal(&mut world, &Signal::Peers(vec![entry]));
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    assert!(world.knocks.is_empty());
    assert_eq!(heard_texts(&mut world, &mut legacy), ["psst"]);
}
