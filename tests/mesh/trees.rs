//! Broadcasts between nodes of ours: each payload once, by a tree that mends itself.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::{LinkId, MessageId};
use rs2p::wire::{IdForm, Signal};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{ALL_OF_OURS, Legacy, heard, heard_texts};
use crate::world::World;

/// So many nodes, each linked to the three before it and to no others.
fn thicket(count: usize) -> World {
    thicket_over(Scheme::Ws, count)
}

fn thicket_over(scheme: Scheme, count: usize) -> World {
    let mut world = World::new(scheme);
    for number in 0..count {
        world.add(|config| config.outgoing = 0);
        for other in number.saturating_sub(3)..number {
            world.connect(number, other);
        }
    }
    world.run(5);
    world
}

fn duplicates(world: &World) -> u64 {
    let stats = world.nodes.iter().map(|node| node.mesh.stats());
    stats.map(|stats| stats.duplicates).sum()
}

/// Says something and returns how many copies came once too often.
fn say(world: &mut World, from: usize, text: &str) -> u64 {
    let before = duplicates(world);
    world.broadcast(from, text).expect("joined");
    world.run(2);
    for number in (0..world.nodes.len()).filter(|number| *number != from) {
        let heard = world.received(number);
        let times = heard.iter().filter(|heard| *heard == text).count();
        assert_eq!(times, 1, "{text} at {number}");
    }
    duplicates(world) - before
}

/// A peer of node 0 that can all that ours can.
fn able(world: &mut World, number: u8) -> Legacy {
    able_over(world, number, Scheme::Ws)
}

fn able_over(world: &mut World, number: u8, scheme: Scheme) -> Legacy {
    let mut peer = Legacy::knocking(world, number, IdForm::Text);
    peer.greet_with(world, scheme, ALL_OF_OURS);
    world.run(1);
    peer
}

fn signals(world: &mut World, peer: &mut Legacy) -> Vec<Signal> {
    let heard = heard(world, peer);
    let parsed = heard
        .iter()
        .filter_map(|message| Signal::parse(message).ok());
    parsed.collect()
}

#[test]
fn after_its_first_message_each_payload_of_a_source_comes_once() {
    let mut world = thicket(12);
    for from in [0, 11, 5] {
        assert!(say(&mut world, from, &format!("first of {from}")) > 0);
        for round in 0..5 {
            assert_eq!(say(&mut world, from, &format!("{round} of {from}")), 0);
        }
    }
}

#[test]
fn with_no_trees_everything_floods() {
    let mut world = World::new(Scheme::Ws);
    for number in 0..4 {
        world.add(|config| {
            config.outgoing = 0;
            config.trees = 0;
        });
        (0..number).for_each(|other| world.connect(number, other));
    }
    world.run(5);
    for round in 0..3 {
        assert_eq!(say(&mut world, 0, &format!("{round}")), 6);
    }
}

#[test]
fn what_a_dead_link_should_have_brought_is_asked_for_elsewhere() {
    let mut world = thicket(8);
    say(&mut world, 0, "flood");
    say(&mut world, 0, "tree");
    // The links live on, and carry nothing: nobody is told.
    for other in 1..3 {
        world.cut(0, other);
    }
    world.run_for(Duration::from_millis(100));
    say(&mut world, 0, "repaired");
    let grafts: u64 = world
        .nodes
        .iter()
        .map(|node| node.mesh.stats().grafts)
        .sum();
    assert!(grafts > 0);
    assert_eq!(say(&mut world, 0, "along the new tree"), 0);
}

#[test]
fn a_node_that_dies_takes_nobody_with_it() {
    let mut world = thicket(10);
    for from in 0..10 {
        say(&mut world, from, &format!("flood of {from}"));
    }
    world.kill(4);
    world.broadcast(0, "after").expect("joined");
    world.run(3);
    for number in [1, 2, 3, 5, 6, 7, 8, 9] {
        assert_eq!(
            world.received(number).last().map(String::as_str),
            Some("after")
        );
    }
}

#[test]
fn relatives_get_every_payload_whatever_they_have_shown() {
    let mut world = thicket_over(Scheme::Tcp, 2);
    let mut one = Legacy::join_as(&mut world, 200);
    let mut two = Legacy::join_as(&mut world, 201);
    for round in 0..3 {
        let text = format!("{round}");
        let message = one.broadcast(&mut world, &text);
        world.run(1);
        assert_eq!(heard_texts(&mut world, &mut two), [text.as_str()]);
        // As py2p does, which sends a broadcast back to where it came from.
        world.hand(0, two.link, message.frame().into_bytes());
        world.run(1);
        assert_eq!(heard_texts(&mut world, &mut one), [""; 0]);
    }
    say(&mut world, 1, "from a tree");
    assert_eq!(heard_texts(&mut world, &mut one), ["from a tree"]);
}

#[test]
fn each_source_of_a_row_of_copies_is_asked_for_by_its_ids() {
    let mut world = thicket(1);
    let mut sources = [200, 201].map(|number| able(&mut world, number));
    let mut other = able(&mut world, 202);
    let mut row = Vec::new();
    for source in &mut sources {
        let message = source.broadcast(&mut world, "once");
        row.extend_from_slice(&message.frame().into_bytes());
    }
    let unknown = other.unsaid(&world, "new").frame().into_bytes();
    let row = [&row[..], &unknown, &row].concat();
    heard(&mut world, &mut other);
    world.hand(0, other.link, row);
    let copies = duplicates(&world);
    world.run(1);
    assert_eq!(copies, 4);
    assert!(world.received(0).contains(&"new".to_owned()));
    let heard = signals(&mut world, &mut other);
    for source in sources {
        assert!(heard.contains(&Signal::Prune(Some(source.node))));
    }
}

#[test]
fn a_source_that_comes_by_a_relative_is_taken_from_ours_as_well() {
    let mut world = thicket_over(Scheme::Tcp, 1);
    let mut legacy = Legacy::join_as(&mut world, 200);
    let mut ours = able_over(&mut world, 201, Scheme::Tcp);
    let message = legacy.broadcast(&mut world, "first");
    world.run(1);
    heard(&mut world, &mut ours);
    world.hand(0, ours.link, message.frame().into_bytes());
    world.run(1);
    let prunes = signals(&mut world, &mut ours);
    assert_eq!(prunes, [], "py2p loses links of itself");
}

#[test]
fn a_peer_whose_payload_is_one_too_many_is_asked_for_ids_once_a_second() {
    let mut world = thicket(1);
    let mut one = able(&mut world, 200);
    let mut two = able(&mut world, 201);
    heard(&mut world, &mut two);
    let source = one.node.clone();
    for round in 0..3 {
        let message = one.broadcast(&mut world, &format!("{round}"));
        world.run_for(Duration::from_millis(100));
        world.hand(0, two.link, message.frame().into_bytes());
    }
    world.run_for(Duration::from_millis(100));
    let heard = signals(&mut world, &mut two);
    let prunes = heard
        .iter()
        .filter(|signal| **signal == Signal::Prune(Some(source.clone())));
    assert_eq!(prunes.count(), 1);
    world.run(1);
    let message = one.broadcast(&mut world, "again");
    world.hand(0, two.link, message.frame().into_bytes());
    world.run(1);
    assert!(signals(&mut world, &mut two).contains(&Signal::Prune(Some(source))));
}

#[test]
fn who_asked_for_ids_gets_ids_and_may_graft_the_payload() {
    let mut world = thicket(2);
    let mut peer = able(&mut world, 200);
    say(&mut world, 1, "first");
    let source = world.id(1);
    peer.signal(&mut world, &Signal::Prune(Some(source)));
    heard(&mut world, &mut peer);
    say(&mut world, 1, "second");
    let announced = signals(&mut world, &mut peer);
    let [Signal::Announce(ids)] = &announced[..] else {
        panic!("{announced:?}");
    };
    assert_eq!(ids.len(), 1);
    peer.signal(&mut world, &Signal::Graft(ids.clone()));
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut peer), ["second"]);
    say(&mut world, 1, "third");
    assert_eq!(heard_texts(&mut world, &mut peer), ["third"]);
}

#[test]
fn what_is_not_had_is_said_to_be_gone_and_what_came_from_the_asker_stays_here() {
    let mut world = thicket(1);
    let mut peer = able(&mut world, 200);
    let own = peer.broadcast(&mut world, "own");
    heard(&mut world, &mut peer);
    let nobodys = MessageId([7; 32]);
    let ids = vec![own.id(), nobodys];
    for ask in [Signal::Graft(ids.clone()), Signal::Fetch(ids)] {
        peer.signal(&mut world, &ask);
        world.run(1);
        assert_eq!(
            signals(&mut world, &mut peer),
            [Signal::Gone(vec![nobodys])]
        );
    }
}

#[test]
fn each_that_announced_what_is_late_is_asked_in_turn() {
    let mut world = thicket(1);
    let mut one = able(&mut world, 200);
    let mut two = able(&mut world, 201);
    let source = Legacy::on(LinkId::accepted(999), 7, IdForm::Text);
    let late = source.unsaid(&world, "late");
    let announce = Signal::Announce(vec![late.id()]);
    for peer in [&mut one, &mut two] {
        heard(&mut world, peer);
        peer.signal(&mut world, &announce);
    }
    world.run_for(Duration::from_millis(299));
    assert_eq!(signals(&mut world, &mut one), []);
    world.run_for(Duration::from_millis(10));
    let graft = [Signal::Graft(vec![late.id()])];
    assert_eq!(signals(&mut world, &mut one), graft);
    assert_eq!(signals(&mut world, &mut two), []);
    world.run_for(Duration::from_millis(300));
    assert_eq!(signals(&mut world, &mut two), graft);
    world.hand(0, two.link, late.frame().into_bytes());
    world.run(5);
    assert_eq!(world.received(0), ["late"]);
    assert_eq!(
        signals(&mut world, &mut one),
        [],
        "who has it is told nothing"
    );
}

#[test]
fn a_source_that_nobody_would_hear_floods_again() {
    let mut world = thicket(1);
    let mut peer = able(&mut world, 200);
    world.broadcast(0, "first").expect("joined");
    let own = world.id(0);
    peer.signal(&mut world, &Signal::Prune(Some(own)));
    heard(&mut world, &mut peer);
    world.broadcast(0, "second").expect("joined");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut peer), ["second"]);
}

#[test]
fn a_source_that_never_spoke_cannot_be_pruned() {
    let mut world = thicket(2);
    let mut peer = able(&mut world, 200);
    let other = world.id(1);
    peer.signal(&mut world, &Signal::Prune(Some(other)));
    world.run(1);
    heard(&mut world, &mut peer);
    say(&mut world, 1, "first");
    assert_eq!(heard_texts(&mut world, &mut peer), ["first"]);
}

#[test]
fn what_was_said_into_a_link_as_it_died_is_said_again_before_anything_else() {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| config.outgoing = 0);
    }
    for (from, to) in [(0, 1), (0, 2), (1, 2)] {
        world.connect(from, to);
    }
    world.run(5);
    // All that node 2 hears of node 0, it hears from node 1.
    let mut direct = Legacy::on(world.link_between(2, 0), 0, IdForm::Text);
    direct.node = world.id(2);
    world.broadcast(0, "first").expect("joined");
    world.run(1);
    let own = world.id(0);
    direct.signal(&mut world, &Signal::Prune(Some(own)));
    world.cut(0, 1);
    world.broadcast(0, "into the dead link").expect("joined");
    world.run_for(Duration::from_millis(30));
    world.lose(0, 1);
    world.run_for(Duration::from_millis(10));
    world.broadcast(0, "after").expect("joined");
    world.run(2);
    assert_eq!(world.received(2), ["first", "into the dead link", "after"]);
}

#[test]
fn what_was_sent_over_a_link_is_not_said_again_over_it() {
    let mut world = thicket(1);
    let mut one = able(&mut world, 200);
    let two = able(&mut world, 201);
    world.broadcast(0, "sent").expect("joined");
    let own = world.id(0);
    one.signal(&mut world, &Signal::Prune(Some(own)));
    world.hang_up(0, two.link);
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut one), ["sent"]);
}

#[test]
fn a_lazy_link_that_ends_changes_nothing() {
    let mut world = thicket(1);
    let mut one = able(&mut world, 200);
    let mut two = able(&mut world, 201);
    let mut three = able(&mut world, 202);
    world.broadcast(0, "first").expect("joined");
    let own = world.id(0);
    for lazy in [&mut one, &mut two] {
        lazy.signal(&mut world, &Signal::Prune(Some(own.clone())));
        heard(&mut world, lazy);
    }
    world.hang_up(0, two.link);
    world.broadcast(0, "second").expect("joined");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut one), [""; 0]);
    assert_eq!(heard_texts(&mut world, &mut three), ["first", "second"]);
}

#[test]
fn two_links_to_one_peer_are_not_one_too_many_until_it_is_settled() {
    let mut world = thicket(1);
    let mut one = able(&mut world, 200);
    let mut again = able(&mut world, 200);
    let source = Legacy::on(LinkId::accepted(999), 7, IdForm::Text);
    let message = source.unsaid(&world, "twice");
    for link in [&one, &again] {
        world.hand(0, link.link, message.frame().into_bytes());
    }
    let prune = Signal::Prune(Some(source.node));
    assert!(!signals(&mut world, &mut again).contains(&prune));
    assert!(!signals(&mut world, &mut one).contains(&prune));
}

#[test]
fn when_the_parent_is_gone_the_next_to_bring_a_payload_takes_its_place() {
    let mut world = thicket(1);
    let one = able(&mut world, 200);
    let mut two = able(&mut world, 201);
    let source = Legacy::on(LinkId::accepted(999), 7, IdForm::Text);
    let message = source.unsaid(&world, "twice");
    world.hand(0, one.link, message.frame().into_bytes());
    world.hang_up(0, one.link);
    heard(&mut world, &mut two);
    world.hand(0, two.link, message.frame().into_bytes());
    assert_eq!(signals(&mut world, &mut two), []);
}

#[test]
fn nobody_is_given_what_it_brought_or_said_itself() {
    let mut world = thicket(1);
    let mut one = able(&mut world, 200);
    let two = able(&mut world, 201);
    let source = Legacy::on(LinkId::accepted(999), 7, IdForm::Text);
    let brought = source.unsaid(&world, "brought");
    let said = one.unsaid(&world, "said");
    world.hand(0, one.link, brought.frame().into_bytes());
    world.hand(0, two.link, said.frame().into_bytes());
    world.run(1);
    heard(&mut world, &mut one);
    for message in [&brought, &said] {
        one.signal(&mut world, &Signal::Fetch(vec![message.id()]));
    }
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut one), [""; 0]);
}

#[test]
fn what_waits_to_be_announced_is_sent_once_its_source_is_grafted() {
    let mut world = thicket(2);
    let mut peer = able(&mut world, 200);
    say(&mut world, 1, "first");
    let source = world.id(1);
    peer.signal(&mut world, &Signal::Prune(Some(source)));
    say(&mut world, 1, "second");
    let announced = signals(&mut world, &mut peer);
    let Some(Signal::Announce(ids)) = announced.last() else {
        panic!("{announced:?}");
    };
    world.broadcast(1, "third").expect("joined");
    world.run_for(Duration::from_millis(6));
    peer.signal(&mut world, &Signal::Graft(ids.clone()));
    world.broadcast(1, "fourth").expect("joined");
    world.run(1);
    let texts = heard_texts(&mut world, &mut peer);
    assert_eq!(texts, ["second", "third", "fourth"]);
}

#[test]
fn what_was_promised_is_asked_for_at_once_when_a_link_is_lost() {
    let mut world = thicket(1);
    let one = able(&mut world, 200);
    let mut two = able(&mut world, 201);
    let source = Legacy::on(LinkId::accepted(999), 7, IdForm::Text);
    let late = source.unsaid(&world, "late");
    heard(&mut world, &mut two);
    two.signal(&mut world, &Signal::Announce(vec![late.id()]));
    world.hang_up(0, one.link);
    world.run_for(Duration::from_millis(1));
    let asked = signals(&mut world, &mut two);
    assert!(asked.contains(&Signal::Graft(vec![late.id()])), "{asked:?}");
}

#[test]
fn a_payload_that_is_compressed_comes_once_too() {
    let mut world = thicket(12);
    let text = |round: usize| format!("{round} {}", "la ".repeat(1_000));
    assert!(say(&mut world, 0, &text(0)) > 0);
    for round in 1..5 {
        assert_eq!(say(&mut world, 0, &text(round)), 0);
    }
}

#[test]
fn a_link_that_is_hushed_gets_ids_until_something_is_asked_for() {
    let mut world = thicket(2);
    let mut peer = able(&mut world, 200);
    peer.signal(&mut world, &Signal::Prune(None));
    heard(&mut world, &mut peer);
    say(&mut world, 1, "first");
    let announced = signals(&mut world, &mut peer);
    assert!(
        matches!(announced[..], [Signal::Announce(_)]),
        "{announced:?}"
    );
    peer.signal(&mut world, &Signal::Graft(Vec::new()));
    say(&mut world, 1, "second");
    assert_eq!(heard_texts(&mut world, &mut peer), ["second"]);
}

#[test]
fn a_link_that_is_hushed_is_better_than_none() {
    let mut world = thicket(1);
    let mut peer = able(&mut world, 200);
    peer.signal(&mut world, &Signal::Prune(None));
    heard(&mut world, &mut peer);
    world.broadcast(0, "heard").expect("joined");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut peer), ["heard"]);
}
