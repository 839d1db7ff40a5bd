//! A new link starts with what was said in the last minute: nothing is lost while a peer is away for less.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::MessageId;
use rs2p::mesh::{Event, Reach};
use rs2p::wire::{Flag, History, IdForm, RawPackets, Signal};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{ALL_OF_OURS, Legacy, heard, open};
use crate::world::World;

/// Two relays, and a tab at the second.
fn tab_at_relays() -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    world.run(12);
    world
}

fn numbers(range: core::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn gaps(world: &World, number: usize) -> Vec<Duration> {
    let events = world.nodes[number].events.iter();
    let gap = |event: &Event| match event {
        Event::Gap { unknown } => Some(*unknown),
        _ => None,
    };
    events.filter_map(gap).collect()
}

/// A peer of node 0 that can all that ours can, and holds these.
fn rich(world: &mut World, entries: Vec<MessageId>) -> Legacy {
    let mut peer = Legacy::knocking(world, 200, IdForm::Text);
    peer.greet_with(world, Scheme::Ws, ALL_OF_OURS);
    let entries = entries.into_iter().map(|id| (Duration::ZERO, id)).collect();
    let reach = Duration::from_secs(60);
    peer.signal(world, &Signal::History(History { reach, entries }));
    heard_signals(world, &mut peer);
    peer
}

fn heard_signals(world: &mut World, peer: &mut Legacy) -> Vec<Signal> {
    let heard = heard(world, peer);
    heard
        .iter()
        .filter_map(|message| Signal::parse(message).ok())
        .collect()
}

#[test]
fn two_thousand_messages_that_passed_while_the_link_was_lost_arrive_once_and_in_order() {
    let mut world = tab_at_relays();
    world.lose(2, 1);
    for number in 0..2_000 {
        world.broadcast(0, number.to_string()).expect("joined");
        world.run_for(Duration::from_millis(10));
    }
    world.mend(1, 2);
    // The tab redials when it will; what is said as it comes back has to wait for what it missed.
    for number in 2_000..4_000 {
        world.broadcast(0, number.to_string()).expect("joined");
        world.run_for(Duration::from_millis(10));
    }
    world.run(10);
    assert_eq!(world.received(2), numbers(0..4_000));
    assert_eq!(world.received(1), numbers(0..4_000));
    assert!(gaps(&world, 2).is_empty());
}

#[test]
fn a_new_node_starts_with_the_last_minute() {
    let mut world = tab_at_relays();
    world.broadcast(0, "too old").expect("joined");
    world.run(50);
    world.broadcast(2, "one").expect("joined");
    world.run(11);
    world.broadcast(0, "two").expect("joined");
    world.run(1);
    let late = world.add(|config| config.outgoing = 0);
    world.connect(late, 1);
    world.run(2);
    assert_eq!(world.received(late), ["one", "two"]);
    assert!(gaps(&world, late).is_empty());
}

#[test]
fn two_halves_of_a_mesh_tell_each_other_what_they_said() {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..6 {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    world.run(12);
    world.lose(3, 2);
    for round in 0..50 {
        world.broadcast(0, format!("left {round}")).expect("joined");
        world
            .broadcast(5, format!("right {round}"))
            .expect("joined");
        world.run_for(Duration::from_millis(200));
    }
    world.mend(2, 3);
    world.run(40);
    for (number, side) in [(0, "right"), (2, "right"), (3, "left"), (5, "left")] {
        let of_side = |text: &String| text.starts_with(side);
        let heard: Vec<_> = world.received(number).into_iter().filter(of_side).collect();
        let expected: Vec<_> = (0..50).map(|round| format!("{side} {round}")).collect();
        assert_eq!(heard, expected, "node {number}");
    }
}

#[test]
fn large_messages_are_fetched_without_filling_the_queue() {
    let mut world = tab_at_relays();
    world.lose(2, 1);
    for number in 0..8 {
        let text = format!("{number}{}", "x".repeat(400_000));
        world.broadcast(0, text).expect("joined");
        world.run(1);
    }
    world.mend(1, 2);
    world.run(30);
    let first: Vec<_> = world
        .received(2)
        .iter()
        .map(|text| text[..1].to_owned())
        .collect();
    assert_eq!(first, numbers(0..8));
    assert_eq!(world.nodes[1].mesh.stats().dropped_slow, 0);
}

#[test]
fn who_was_away_for_longer_than_is_remembered_is_told_of_the_gap() {
    let mut world = tab_at_relays();
    world.lose(2, 1);
    world.run(100);
    world.mend(1, 2);
    world.run(40);
    let gaps = gaps(&world, 2);
    assert!(
        matches!(gaps[..], [gap] if gap >= Duration::from_secs(40) && gap < Duration::from_secs(80)),
        "{gaps:?}"
    );
}

#[test]
fn a_memory_that_was_too_small_is_a_gap_too() {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| {
            config.outgoing = 0;
            config.history = (1 << 20, 10);
        });
    }
    world.line();
    world.run(12);
    world.lose(2, 1);
    for number in 0..20 {
        world.broadcast(0, number.to_string()).expect("joined");
        world.run(1);
    }
    world.mend(1, 2);
    world.run(40);
    assert_eq!(world.received(2), numbers(10..20));
    assert_eq!(gaps(&world, 2).len(), 1);
}

#[test]
fn what_a_link_brings_waits_until_it_has_brought_what_came_before() {
    let mut world = World::with(Scheme::Ws, 1);
    let source = Legacy::on(rs2p::id::LinkId::accepted(999), 7, IdForm::Text);
    let older = [source.unsaid(&world, "1"), source.unsaid(&world, "2")];
    let ids = vec![older[0].id(), older[1].id()];
    let mut peer = Legacy::knocking(&mut world, 200, IdForm::Text);
    peer.greet_with(&mut world, Scheme::Ws, ALL_OF_OURS);
    heard(&mut world, &mut peer);
    let entries = ids.iter().map(|id| (Duration::ZERO, *id)).collect();
    let reach = Duration::from_secs(60);
    peer.signal(&mut world, &Signal::History(History { reach, entries }));
    assert_eq!(heard_signals(&mut world, &mut peer), [Signal::Fetch(ids)]);
    let newer = source.unsaid(&world, "3");
    for message in [&newer, &older[0]] {
        world.hand(0, peer.link, message.frame().into_bytes());
    }
    assert_eq!(world.received(0), ["1"]);
    world.hand(0, peer.link, older[1].frame().into_bytes());
    assert_eq!(world.received(0), ["1", "2", "3"]);
}

#[test]
fn what_waits_goes_back_by_no_other_way() {
    let mut world = World::with(Scheme::Ws, 1);
    let mut one = rich(&mut world, vec![MessageId([7; 32])]);
    let mut two = Legacy::knocking(&mut world, 201, IdForm::Text);
    two.greet_with(&mut world, Scheme::Ws, ALL_OF_OURS);
    heard_signals(&mut world, &mut one);
    let source = Legacy::on(rs2p::id::LinkId::accepted(999), 7, IdForm::Text);
    let message = source.unsaid(&world, "1");
    for peer in [&one, &two] {
        world.hand(0, peer.link, message.frame().into_bytes());
    }
    assert_eq!(world.received(0), ["1"]);
    let heard = heard_signals(&mut world, &mut one);
    assert!(!heard.contains(&Signal::Application), "{heard:?}");
}

#[test]
fn who_names_what_it_does_not_give_is_not_waited_for() {
    let mut world = World::with(Scheme::Ws, 1);
    let mut peer = rich(&mut world, vec![MessageId([7; 32])]);
    peer.broadcast(&mut world, "newer");
    world.run(4);
    assert_eq!(world.received(0), [""; 0]);
    world.run(2);
    assert_eq!(world.received(0), ["newer"]);
}

#[test]
fn who_has_it_no_more_is_not_waited_for_and_another_is_asked() {
    let mut world = World::with(Scheme::Ws, 1);
    let id = MessageId([7; 32]);
    let mut one = rich(&mut world, vec![id]);
    one.broadcast(&mut world, "newer");
    let mut two = Legacy::knocking(&mut world, 201, IdForm::Text);
    two.greet_with(&mut world, Scheme::Ws, ALL_OF_OURS);
    let entries = vec![(Duration::ZERO, id)];
    let reach = Duration::from_secs(60);
    two.signal(&mut world, &Signal::History(History { reach, entries }));
    assert!(!heard_signals(&mut world, &mut two).contains(&Signal::Fetch(vec![id])));
    one.signal(&mut world, &Signal::Gone(vec![id]));
    assert_eq!(world.received(0), ["newer"]);
    assert!(heard_signals(&mut world, &mut two).contains(&Signal::Fetch(vec![id])));
}

#[test]
fn what_a_link_brought_is_not_lost_with_it() {
    let mut world = World::with(Scheme::Ws, 1);
    let mut peer = rich(&mut world, vec![MessageId([7; 32])]);
    peer.broadcast(&mut world, "newer");
    world.hang_up(0, peer.link);
    assert_eq!(world.received(0), ["newer"]);
}

#[test]
fn what_waits_is_bounded_and_late_is_better_than_lost() {
    let mut world = World::with(Scheme::Ws, 1);
    let mut peer = rich(&mut world, vec![MessageId([7; 32])]);
    let text = "x".repeat(600_000);
    peer.broadcast(&mut world, &format!("1{text}"));
    assert_eq!(world.received(0).len(), 0);
    peer.broadcast(&mut world, &format!("2{text}"));
    assert_eq!(world.received(0).len(), 2);
}

#[test]
fn whispers_are_nobodys_to_fetch() {
    let mut world = tab_at_relays();
    let packets = RawPackets::from_values(&["to peers".into()]).expect("a packet");
    let command = rs2p::mesh::Command::Broadcast {
        reach: Reach::Peers,
        flag: Flag::BROADCAST,
        packets,
        topic: None,
    };
    world.command(1, command).expect("joined");
    world.run(1);
    let mut peer = Legacy::knocking(&mut world, 200, IdForm::Text);
    peer.greet_with(&mut world, Scheme::Ws, ALL_OF_OURS);
    world.run(1);
    let frames = world.take_by_hand(peer.link);
    let history = frames.iter().find_map(|frame| {
        let mut reader = rs2p::wire::FrameReader::new(1 << 20);
        reader.push(frame.clone());
        let frame = reader.next_frame().ok()??;
        match Signal::parse(&open(&frame)) {
            Ok(Signal::History(history)) => Some(history),
            _ => None,
        }
    });
    assert_eq!(history.map(|history| history.entries), Some(vec![]));
}

#[test]
fn what_is_being_fetched_is_not_asked_for_by_its_announcement_too() {
    let mut world = World::with(Scheme::Ws, 1);
    let id = MessageId([7; 32]);
    let mut peer = rich(&mut world, vec![id]);
    peer.signal(&mut world, &Signal::Announce(vec![id]));
    world.run(1);
    let asked = heard_signals(&mut world, &mut peer);
    assert!(!asked.contains(&Signal::Graft(vec![id])), "{asked:?}");
}

#[test]
fn a_node_that_was_stopped_is_told_of_the_gap_too() {
    let mut world = tab_at_relays();
    let peer = rich(&mut world, vec![]);
    world.lose(0, 1);
    world.run(1);
    // Nothing runs for a while. Then there are bytes that came long ago, and the end that the peer put to it.
    world.now = world.now + Duration::from_secs(90);
    let source = Legacy::on(rs2p::id::LinkId::accepted(999), 7, IdForm::Text);
    let stale = source.unsaid(&world, "long ago");
    world.hand(0, peer.link, stale.frame().into_bytes());
    world.hang_up(0, peer.link);
    world.mend(0, 1);
    world.run(40);
    assert!(
        matches!(gaps(&world, 0)[..], [gap] if gap >= Duration::from_secs(30)),
        "{:?}",
        gaps(&world, 0)
    );
}
