//! Who brings more than it may is read from more slowly: nothing of it is lost, and nobody else waits for it.

use core::time::Duration;

use rs2p::mesh::{CloseReason, Limit, Rate, Trusted};
use rs2p::wire::{IdForm, Kind, Signal, Time, Trailer, Value, sub_flag};
use rs2p::{NodeId, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard, wall};
use crate::world::World;

/// A node that listens, and its user's own address book is empty.
fn world() -> World {
    World::with(Scheme::Tcp, 1)
}

fn flood(world: &mut World, peer: &mut Legacy, count: usize) {
    for number in 0..count {
        peer.broadcast(world, &format!("flood {number}"));
    }
}

/// Says something in the name of `author`, as a node that hands it on.
fn carry(world: &mut World, peer: &mut Legacy, author: &NodeId, text: &str) {
    let link = peer.link;
    let mut named = peer.as_node(author.clone());
    named.link = link;
    named.broadcast(world, text);
}

fn author(number: u32) -> NodeId {
    let mut entropy = [7; 48];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    NodeId::from_entropy(&entropy)
}

#[test]
fn a_flood_is_read_slowly_and_wholly_and_in_order() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    flood(&mut world, &mut peer, 2_000);
    let at_once = world.received(0).len();
    assert!((400..=402).contains(&at_once), "{at_once} at once");
    world.run(4);
    let after = world.received(0).len();
    assert!((1_150..=1_220).contains(&after), "{after} after 4 s");
    world.run(5);
    let all: Vec<_> = (0..2_000).map(|number| format!("flood {number}")).collect();
    assert_eq!(world.received(0), all);
    assert!(world.nodes[0].mesh.stats().struck.of(Limit::MessageRate) > 0);
    // And it is not slow for ever.
    world.run(3);
    peer.broadcast(&mut world, "later");
    assert_eq!(world.received(0).len(), 2_001);
}

#[test]
fn nobody_else_waits_for_a_flood() {
    let mut world = world();
    let mut loud = Legacy::join_as(&mut world, 200);
    let mut quiet = Legacy::join_as(&mut world, 201);
    flood(&mut world, &mut loud, 3_000);
    for second in 0..5 {
        quiet.broadcast(&mut world, &format!("quiet {second}"));
        let received = world.received(0);
        assert_eq!(received.last(), Some(&format!("quiet {second}")));
        world.run(1);
    }
}

#[test]
fn bytes_are_counted_as_messages_are() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    let text = "x".repeat(1 << 18);
    for number in 0..40 {
        peer.broadcast(&mut world, &format!("{number} {text}"));
    }
    let at_once = world.received(0).len();
    assert!((16..=17).contains(&at_once), "{at_once} at once, 4 MiB");
    world.run(1);
    let after = world.received(0).len();
    assert!((24..=26).contains(&after), "{after} after a second");
    world.run(3);
    assert_eq!(world.received(0).len(), 40);
}

#[test]
fn a_link_that_carries_many_is_judged_by_each_of_them() {
    let mut world = world();
    let mut relay = Legacy::join(&mut world);
    for number in 0..6_000 {
        carry(
            &mut world,
            &mut relay,
            &author(number % 30),
            &format!("{number}"),
        );
    }
    assert_eq!(world.received(0).len(), 6_000, "200 of each of 30");
    for number in 0..1_000 {
        carry(
            &mut world,
            &mut relay,
            &author(5),
            &format!("loud {number}"),
        );
    }
    let loud = world.received(0).len() - 6_000;
    assert!((200..=202).contains(&loud), "{loud} more of one of them");
}

#[test]
fn names_that_are_made_up_do_not_help() {
    let mut world = world();
    let mut liar = Legacy::join(&mut world);
    for number in 0..4_000 {
        carry(&mut world, &mut liar, &author(number), &format!("{number}"));
    }
    let at_once = world.received(0).len();
    assert!((1_024..=1_026).contains(&at_once), "{at_once} at once");
    world.run(5);
    let after = world.received(0).len() - at_once;
    assert!((90..=105).contains(&after), "{after} in 5 s");
}

#[test]
fn copies_are_counted_too() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    let message = peer.broadcast(&mut world, "once");
    let copies = 20_000;
    for _ in 0..copies {
        world.hand(0, peer.link, message.frame().into_bytes());
    }
    let read = world.nodes[0].mesh.stats().duplicates;
    assert!((8_190..=8_194).contains(&read), "{read} of {copies}");
}

#[test]
fn a_row_of_copies_in_one_read_is_held_against_its_link_as_each_of_them_is() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    let message = peer.broadcast(&mut world, "once");
    let copies = 20_000;
    let row = message.frame().into_bytes().repeat(copies);
    world.hand(0, peer.link, row);
    let read = world.nodes[0].mesh.stats().duplicates;
    assert!(
        (8_190..=8_192 + 64).contains(&read),
        "{read} of {copies}, and 64 at most are looked at together"
    );
    let frames = world.nodes[0].mesh.stats().received;
    world.run(1);
    let stats = world.nodes[0].mesh.stats();
    let more = stats.duplicates - read;
    assert!((3_800..=4_200).contains(&more), "{more} in a second");
    assert_eq!(stats.received - frames, more);
}

#[test]
fn who_is_trusted_is_read_as_it_comes() {
    let trusts = [
        Trusted::Node(NodeId::from_entropy(&[200; 48])),
        "192.0.2.5".parse().expect("an address"),
    ];
    for trusted in trusts {
        let mut world = World::new(Scheme::Tcp);
        world.add(|config| config.trusted = vec![trusted]);
        let link = world.open_from(0, "192.0.2.5");
        let mut peer = Legacy::on(link, 200, IdForm::Bytes);
        peer.greet(&mut world, Scheme::Tcp, None);
        flood(&mut world, &mut peer, 3_000);
        assert_eq!(world.received(0).len(), 3_000);
    }
}

#[test]
fn without_a_rate_or_a_listener_nobody_is_slowed() {
    for is_listening in [true, false] {
        let mut world = World::new(Scheme::Tcp);
        world.add(|config| {
            if is_listening {
                config.message_rate = None;
            } else {
                config.advertise.clear();
            }
        });
        let mut peer = Legacy::join(&mut world);
        flood(&mut world, &mut peer, 3_000);
        assert_eq!(world.received(0).len(), 3_000);
    }
}

#[test]
fn the_users_own_addresses_are_read_as_they_come() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.message_rate = None);
    world.add(|_| {});
    world.connect(1, 0);
    world.run(1);
    let mut peer = Legacy::join(&mut world);
    flood(&mut world, &mut peer, 3_000);
    world.run(1);
    assert_eq!(world.received(1).len(), 3_000);
}

#[test]
fn what_a_node_asked_for_is_held_against_nobody() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.message_rate = None);
    world.add(|_| {});
    let mut peer = Legacy::join(&mut world);
    flood(&mut world, &mut peer, 1_500);
    // It comes late, is dialled, and asks for the last minute.
    world.connect(0, 1);
    world.run(1);
    assert_eq!(world.received(1).len(), 1_500);
}

fn ask(world: &mut World, peer: &mut Legacy, number: u32) {
    let request = Signal::Request {
        request: Value::from(format!("request {number}")),
        wanted: author(number),
        form: IdForm::Bytes,
    };
    peer.signal(world, &request);
}

#[test]
fn questions_for_nodes_slow_who_asks_too_many() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    for number in 0..200 {
        ask(&mut world, &mut peer, number);
    }
    peer.broadcast(&mut world, "behind them");
    world.run(16);
    assert!(world.received(0).is_empty());
    world.run(3);
    assert_eq!(world.received(0), ["behind them"]);
}

#[test]
fn who_is_read_slowly_is_not_taken_for_silent() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.request_rate = Rate::per_second(1, 1));
    let mut peer = Legacy::join(&mut world);
    for number in 0..100 {
        ask(&mut world, &mut peer, number);
    }
    // A broadcast would be too old by then.
    peer.whisper(&mut world, "behind them");
    world.run(110);
    assert_eq!(world.received(0), ["behind them"]);
    assert!(world.closed_with(0).is_empty());
}

#[test]
fn who_is_read_slowly_is_not_displaced_by_who_takes_its_name() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    flood(&mut world, &mut peer, 5_000);
    let mut liar = Legacy::join_as(&mut world, 200);
    world.run(10);
    liar.broadcast(&mut world, "I am who I am not");
    assert_eq!(world.closed_with(0), [&CloseReason::Duplicate]);
    world.run(20);
    assert_eq!(world.received(0).len(), 5_000);
}

#[test]
fn a_node_tells_its_peers_as_often_as_it_may() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut peer);
    for _ in 0..50 {
        peer.signal(&mut world, &Signal::RequestPeers);
    }
    let lists = |world: &mut World, peer: &mut Legacy| {
        // py2p is spoken to slowly.
        world.run(1);
        let all = heard(world, peer);
        let is_list = |message: &&rs2p::wire::Message| message.sub_flag() == Some(sub_flag::PEERS);
        all.iter().filter(is_list).count()
    };
    assert_eq!(lists(&mut world, &mut peer), 4);
    // However often it asked: one answer more, as soon as there may be one.
    world.run_for(Duration::from_millis(10_100));
    assert_eq!(lists(&mut world, &mut peer), 1);
    world.run(20);
    assert_eq!(lists(&mut world, &mut peer), 0);
}

#[test]
fn renegotiations_are_answered_three_times_a_minute() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut peer);
    for _ in 0..20 {
        let time = Time::Seconds(wall(&world));
        let payload = [
            sub_flag::COMPRESSION.into(),
            Value::Array(vec![0x13_u64.into()]),
        ];
        peer.say_with(
            &mut world,
            Kind::Renegotiate,
            time,
            &payload,
            Trailer::default(),
        );
    }
    world.run(1);
    let answers = heard(&mut world, &mut peer);
    assert_eq!(answers.len(), 3);
    assert_eq!(
        world.nodes[0]
            .mesh
            .stats()
            .struck
            .of(Limit::RenegotiationRate),
        17
    );
}

/// How many frames of a peer are read at once, of 20,000 like these.
fn read_at_once(world: &mut World, peer: &mut Legacy, kind: Kind, payload: &[Value]) -> u64 {
    let before = world.nodes[0].mesh.stats().received;
    for number in 0..20_000_u64 {
        let mut payload = payload.to_vec();
        payload.push(number.into());
        peer.say(world, kind, &payload);
    }
    world.nodes[0].mesh.stats().received - before
}

#[test]
fn what_looks_like_answers_is_held_against_who_says_it() {
    let mut world = world();
    let mut peer = Legacy::join(&mut world);
    let answer = [sub_flag::RESPONSE.into(), "to nobody".into()];
    let read = read_at_once(&mut world, &mut peer, Kind::Broadcast, &answer);
    assert!((400..=402).contains(&read), "{read}");
    // Its own words are not its answers.
    let mut quiet = Legacy::join_as(&mut world, 201);
    quiet.say(&mut world, Kind::Broadcast, &answer);
    flood(&mut world, &mut quiet, 399);
    assert_eq!(world.received(0).len(), 399);
}

#[test]
fn what_keeps_the_mesh_together_is_held_against_its_link_by_its_length() {
    let list = |length: usize| [sub_flag::PEERS.into(), Value::from("x".repeat(length))];
    for (length, most) in [(8, 8_192), (1 << 10, 1_000), (1 << 14, 64)] {
        let mut world = world();
        let mut peer = Legacy::join(&mut world);
        let read = read_at_once(&mut world, &mut peer, Kind::Whisper, &list(length));
        assert!(
            (most / 2..=most + 2).contains(&read),
            "{read} of {length} bytes"
        );
    }
}

/// A frame that unfolds to almost a mebibyte, of this packed array.
#[cfg(not(target_arch = "wasm32"))]
fn folded(packed: &[u8]) -> Vec<u8> {
    let plain = [&rs2p::id::MessageId::of(packed).0[..], packed].concat();
    let folded = rs2p::wire::Compression::Zlib
        .compress(&plain)
        .expect("it compresses");
    let length = u32::try_from(folded.len()).expect("short").to_be_bytes();
    [&length[..], &folded].concat()
}

#[test]
#[cfg(not(target_arch = "wasm32"))]
fn what_unfolds_costs_what_it_unfolds_to_whether_it_makes_sense_or_not() {
    let senseless = folded(&vec![0xc1; 1_000_000]);
    let mut world = world();
    let mut peer = Legacy::knocking(&mut world, 200, IdForm::Text);
    peer.greet_as_ours(&mut world, Scheme::Tcp);
    let before = world.nodes[0].mesh.stats().malformed;
    for _ in 0..200 {
        world.hand(0, peer.link, senseless.clone());
    }
    let read = world.nodes[0].mesh.stats().malformed - before;
    assert!((8..=18).contains(&read), "{read}");
    assert!(world.closed_with(0).is_empty());
}
