//! Peers that know protocol 0.7 and nothing more, played by hand.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::NodeId;
use rs2p::mesh::CloseReason;
use rs2p::wire::{
    Compression, Draft, Handshake, IdForm, Kind, PeerEntry, Signal, Time, Trailer, Value, sub_flag,
};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard};
use crate::world::{WALL, World};

#[test]
fn a_handshake_has_five_items_and_announces_no_compression() {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut legacy = Legacy::join(&mut world);
    let greeting = &heard(&mut world, &mut legacy)[0];
    assert_eq!(greeting.payload_len(), 5);
    assert_eq!(greeting.payload()[4], Value::Array(Vec::new()));
    assert_eq!(greeting.sender_form(), IdForm::Text);
    assert!(greeting.trailer().capabilities.is_some() && greeting.trailer().nonce.is_some());
    assert!(world.nodes[0].mesh.peers().all(|peer| !peer.capable));
}

#[test]
fn frames_to_a_legacy_peer_over_tcp_are_paced() {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut legacy = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut legacy);
    for number in 0..30 {
        world.broadcast(0, format!("{number}")).expect("joined");
    }
    assert_eq!(heard(&mut world, &mut legacy).len(), 1);
    world.run_for(Duration::from_millis(50));
    let by_then = heard(&mut world, &mut legacy).len();
    assert!((14..=16).contains(&by_then), "{by_then} in 50 ms");
    world.run_for(Duration::from_millis(50));
    assert_eq!(by_then + heard(&mut world, &mut legacy).len(), 29);
}

/// How many of a burst of 30 a legacy peer has within 20 ms, after it was given others and gave them back or not.
fn of_a_burst(gives_back: bool) -> usize {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut legacy = Legacy::join(&mut world);
    let mut author = Legacy::join_as(&mut world, 201);
    world.run(1);
    for number in 0..40 {
        author.broadcast(&mut world, &format!("{number}"));
        world.run_for(Duration::from_millis(100));
        for message in heard(&mut world, &mut legacy) {
            if gives_back && message.kind() == Kind::Broadcast {
                legacy.relay(&mut world, &message);
            }
        }
    }
    for number in 40..70 {
        author.broadcast(&mut world, &format!("{number}"));
    }
    world.run_for(Duration::from_millis(20));
    heard(&mut world, &mut legacy).len()
}

#[test]
fn a_legacy_peer_that_gives_nothing_back_is_no_py2p_and_not_paced() {
    assert_eq!(of_a_burst(false), 30);
    let paced = of_a_burst(true);
    assert!((5..=8).contains(&paced), "{paced} in 20 ms");
}

#[test]
fn a_time_that_is_no_whole_second_is_neither_delivered_nor_relayed() {
    let mut world = World::with(Scheme::Tcp, 2);
    world.line();
    let mut legacy = Legacy::join(&mut world);
    for time in [
        Value::F64(f64::NAN),
        Value::F64(WALL.0 as f64 + 0.25),
        Value::F64(f64::INFINITY),
        Value::Nil,
        Value::Int(-1),
    ] {
        legacy.say_at(
            &mut world,
            Kind::Broadcast,
            Time::Other(time),
            &[Value::from(0_u64), "bad".into()],
        );
    }
    for seconds in [0, WALL.0 - 61, WALL.0 + 40, 1 << 40, u64::MAX] {
        legacy.say_at(
            &mut world,
            Kind::Broadcast,
            Time::Seconds(seconds),
            &[Value::from(0_u64), "bad".into()],
        );
    }
    legacy.say(
        &mut world,
        Kind::Broadcast,
        &[Value::from(0_u64), "good".into()],
    );
    world.run(1);
    assert_eq!(
        (world.received(0), world.received(1)),
        (vec!["good".to_owned()], vec!["good".to_owned()])
    );
    assert!(
        world.closes.is_empty(),
        "the relatives relay such things in good faith"
    );
}

#[test]
fn a_relayed_message_keeps_every_bit() {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut first = Legacy::join(&mut world);
    let mut second = Legacy::join_as(&mut world, 201);
    world.run(1);
    heard(&mut world, &mut second);
    let mut draft = Draft::new(Kind::Broadcast, &first.node, WALL).form(IdForm::Text);
    draft.trailer = Trailer {
        nonce: Some(7),
        capabilities: None,
        ..Trailer::default()
    };
    let message = draft.encode(&[
        Value::from(sub_flag::BROADCAST),
        Value::F64(1.0),
        Value::Nil,
    ]);
    world.hand(0, first.link, message.frame().into_bytes());
    world.run(1);
    let relayed = heard(&mut world, &mut second);
    assert_eq!(relayed.len(), 1);
    assert_eq!(relayed[0].packed(), message.packed());
    assert!(
        heard(&mut world, &mut first)
            .iter()
            .all(|m| m.kind() != Kind::Broadcast),
        "never back"
    );
}

#[test]
fn a_peer_is_asked_for_its_peers_instead_of_a_heartbeat() {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut legacy = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut legacy);
    world.run(16);
    let asked = heard(&mut world, &mut legacy);
    assert!(
        asked
            .iter()
            .any(|message| matches!(Signal::parse(message), Ok(Signal::RequestPeers)))
    );
    legacy.say(
        &mut world,
        Kind::Whisper,
        &Signal::Peers(Vec::new()).payload(),
    );
    world.run(30);
    assert!(world.closes.is_empty());
    world.run(10);
    assert!(matches!(world.closed_with(0)[..], [CloseReason::Silent]));
}

#[test]
fn a_renegotiation_is_answered_with_no_compression() {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut legacy = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut legacy);
    legacy.say(
        &mut world,
        Kind::Renegotiate,
        &Signal::Compression(vec![0x13]).payload(),
    );
    world.run(1);
    let answer = heard(&mut world, &mut legacy);
    assert!(
        matches!(Signal::parse(&answer[0]), Ok(Signal::Compression(codes)) if codes.is_empty())
    );
    legacy.say(
        &mut world,
        Kind::Renegotiate,
        &Signal::Compression(Vec::new()).payload(),
    );
    world.run(1);
    assert!(heard(&mut world, &mut legacy).is_empty(), "agreed");
}

#[test]
fn the_last_message_is_sent_again_when_asked_for() {
    let mut world = World::with(Scheme::Tcp, 1);
    let mut legacy = Legacy::join(&mut world);
    world.broadcast(0, "last").expect("joined");
    world.run(1);
    let sent = heard(&mut world, &mut legacy).pop().expect("the broadcast");
    legacy.say(&mut world, Kind::Renegotiate, &Signal::Resend.payload());
    world.run(1);
    assert_eq!(heard(&mut world, &mut legacy)[0].id(), sent.id());
}

#[test]
fn nothing_but_a_handshake_counts_before_the_handshake() {
    let mut world = World::with(Scheme::Tcp, 2);
    world.line();
    let link = world.open_by_hand(0);
    let node = NodeId::from_entropy(&[200; 48]);
    let message =
        Draft::new(Kind::Broadcast, &node, WALL).encode(&[Value::from(0_u64), "early".into()]);
    world.hand(0, link, message.frame().into_bytes());
    world.run(1);
    assert!(world.received(0).is_empty() && world.received(1).is_empty());
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::NotGreeted]
    ));
}

#[test]
fn a_handshake_of_four_or_six_items_is_none() {
    let mut world = World::with(Scheme::Tcp, 1);
    let node = NodeId::from_entropy(&[200; 48]);
    let five = Signal::Handshake(Handshake {
        node: node.clone(),
        form: IdForm::Bytes,
        protocol: Scheme::Tcp.protocol("test").as_str().as_bytes().to_vec(),
        endpoint: None,
        compression: Vec::new(),
    })
    .payload();
    let six: Vec<_> = five.iter().cloned().chain([Value::Nil]).collect();
    for payload in [&five[..4], &six[..]] {
        let link = world.open_by_hand(0);
        let message = Draft::new(Kind::Whisper, &node, WALL).encode(payload);
        world.hand(0, link, message.frame().into_bytes());
    }
    assert_eq!(world.closes.len(), 2);
    assert!(
        world
            .closes
            .iter()
            .all(|(_, reason)| matches!(reason, CloseReason::Undecodable(_)))
    );
}

#[test]
fn peers_without_an_address_are_not_told_to_a_legacy_peer() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    world.add(|config| config.advertise.clear());
    world.add(|config| config.outgoing = 0);
    world.connect(1, 0);
    world.connect(2, 0);
    world.run(1);
    let mut legacy = Legacy::join(&mut world);
    world.run(1);
    let lists: Vec<Vec<PeerEntry>> = heard(&mut world, &mut legacy)
        .iter()
        .filter_map(|message| match Signal::parse(message) {
            Ok(Signal::Peers(entries)) => Some(entries),
            _ => None,
        })
        .collect();
    let nodes: Vec<_> = lists.concat().into_iter().map(|entry| entry.node).collect();
    assert_eq!(nodes, [world.id(2)]);
}

#[test]
fn a_whisper_that_claims_another_sender_is_dropped() {
    let mut world = World::with(Scheme::Tcp, 2);
    world.line();
    let legacy = Legacy::join(&mut world);
    let other = world.id(1);
    let forged = Draft::new(Kind::Whisper, &other, WALL)
        .encode(&[Value::from(sub_flag::WHISPER), "forged".into()]);
    world.hand(0, legacy.link, forged.frame().into_bytes());
    assert!(world.received(0).is_empty());
    assert_eq!(world.nodes[0].mesh.stats().spoofed, 1);
}

#[test]
fn nothing_compressed_is_taken_from_who_was_announced_none() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let legacy = Legacy::join(&mut world);
    let message = Draft::new(Kind::Whisper, &legacy.node, WALL)
        .encode(&[sub_flag::WHISPER.into(), "x".repeat(1_000).into()]);
    let frame = message
        .compressed_frame(Compression::Zlib)
        .expect("shorter");
    world.hand(0, legacy.link, frame.into_bytes());
    assert!(world.received(0).is_empty());
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::Undecodable(_)]
    ));
}

#[test]
fn a_known_message_is_no_handshake_either() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut legacy = Legacy::join(&mut world);
    let known = legacy.broadcast(&mut world, "known");
    let stranger = Legacy::knocking(&mut world, 201, IdForm::Bytes);
    world.hand(0, stranger.link, known.frame().into_bytes());
    assert_eq!(world.closed_with(0), [&CloseReason::NotGreeted]);
}

#[test]
fn a_handshake_that_makes_no_sense_ends_the_link() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut nest = Value::Nil;
    for _ in 0..40 {
        nest = Value::Array(vec![nest]);
    }
    let stranger = Legacy::knocking(&mut world, 201, IdForm::Bytes);
    let message =
        Draft::new(Kind::Whisper, &stranger.node, WALL).encode(&[sub_flag::HANDSHAKE.into(), nest]);
    world.hand(0, stranger.link, message.frame().into_bytes());
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::Undecodable(_)]
    ));
}

#[test]
fn equal_whispers_of_a_relative_are_as_many_as_were_sent() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut legacy = Legacy::join(&mut world);
    for _ in 0..3 {
        legacy.whisper(&mut world, "again");
    }
    assert_eq!(world.received(0), ["again"; 3]);
}
