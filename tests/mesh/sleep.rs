//! Pages that sleep: told from dead ones, not fed, and given what they missed when they wake.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, Command, Environment, Event, LinkEvent, Reach, Receipt};
use rs2p::wire::{Capabilities, Flag, IdForm, Message, RawPackets, Signal};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{ALL_OF_OURS, Legacy, heard, heard_texts};
use crate::world::World;

/// A relay with a peer that talks, and a page at it.
fn page_at_relay() -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| {
            config.outgoing = 0;
            config.compress_from = None;
        });
    }
    world.connect(1, 0);
    world.connect(2, 0);
    world.run(12);
    world
}

const PAGE: usize = 1;
const TALKER: usize = 2;

fn sleeps(world: &World) -> bool {
    let page = world.id(PAGE);
    world.nodes[0].mesh.sleeps(&page)
}

/// The page is stopped, and knows before.
fn put_to_sleep(world: &mut World) {
    world.environment(PAGE, Environment::Frozen);
    world.run_for(Duration::from_millis(20));
    world.freeze(PAGE);
}

/// What is sent to the page in so many seconds, in which the talker says something each.
fn sent_while_talking(world: &mut World, seconds: u64) -> usize {
    let before = world.sent_to(PAGE);
    for second in 0..seconds {
        world.broadcast(TALKER, second.to_string()).expect("joined");
        world.run(1);
    }
    world.sent_to(PAGE) - before
}

fn numbers(range: core::ops::Range<u64>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn a_page_that_says_so_sleeps_at_once_and_is_not_fed() {
    let mut world = page_at_relay();
    put_to_sleep(&mut world);
    assert!(sleeps(&world));
    assert_eq!(sent_while_talking(&mut world, 50), 0);
    assert!(world.is_linked(0, PAGE));
}

#[test]
fn a_page_that_does_not_say_so_sleeps_after_a_minute() {
    let mut world = page_at_relay();
    world.freeze(PAGE);
    world.run(40);
    assert!(world.is_linked(0, PAGE) && !sleeps(&world));
    world.run(21);
    assert!(world.is_linked(0, PAGE) && sleeps(&world));
    assert_eq!(sent_while_talking(&mut world, 20), 0);
}

#[test]
fn a_page_that_sleeps_is_cut_two_minutes_after_it_was_heard_last() {
    for says_so in [true, false] {
        let mut world = page_at_relay();
        if says_so {
            put_to_sleep(&mut world);
        } else {
            world.freeze(PAGE);
        }
        world.run(105);
        assert!(world.is_linked(0, PAGE), "{says_so}");
        world.run(16);
        assert_eq!(world.closed_with(0), [&CloseReason::AsleepTooLong]);
        assert_eq!(CloseReason::AsleepTooLong.code(), 1001);
    }
}

#[test]
fn ten_seconds_of_sleep_are_nothing_to_the_relay() {
    let mut world = page_at_relay();
    world.freeze(PAGE);
    sent_while_talking(&mut world, 10);
    world.thaw(PAGE);
    world.run(30);
    assert!(world.closes.is_empty());
    assert_eq!(world.received(PAGE), numbers(0..10));
}

#[test]
fn who_answers_by_nothing_is_cut_as_ever() {
    let mut world = page_at_relay();
    world.cut(0, PAGE);
    world.run(36);
    assert!(!world.is_linked(0, PAGE));
    assert!(world.closed_with(0).contains(&&CloseReason::Silent));
}

#[test]
fn a_sleeper_whose_machine_is_gone_is_cut_when_that_answers_no_more() {
    let mut world = page_at_relay();
    put_to_sleep(&mut world);
    world.run(20);
    world.cut(0, PAGE);
    world.run(55);
    assert!(world.closed_with(0).contains(&&CloseReason::Silent));
}

#[test]
fn a_page_that_wakes_on_its_link_is_given_what_it_missed_once_and_in_order() {
    for says_so in [true, false] {
        let mut world = page_at_relay();
        if says_so {
            put_to_sleep(&mut world);
        } else {
            world.freeze(PAGE);
            world.run(62);
            assert!(sleeps(&world));
        }
        sent_while_talking(&mut world, 40);
        world.thaw(PAGE);
        world.run(2);
        assert!(!sleeps(&world) && world.closes.is_empty());
        assert_eq!(world.received(PAGE), numbers(0..40), "{says_so}");
        sent_while_talking(&mut world, 3);
        assert_eq!(world.received(PAGE).len(), 43);
    }
}

#[test]
fn a_page_that_slept_longer_than_its_relay_remembers_is_told_of_the_gap() {
    for says_so in [true, false] {
        let mut world = page_at_relay();
        if says_so {
            put_to_sleep(&mut world);
        } else {
            world.freeze(PAGE);
        }
        world.run(90);
        world.thaw(PAGE);
        world.run(2);
        let gap = world.nodes[PAGE]
            .events
            .iter()
            .find_map(|event| match event {
                Event::Gap { unknown } => Some(*unknown),
                _ => None,
            });
        let gap = gap.expect("a gap");
        assert!(gap > Duration::from_secs(25) && gap < Duration::from_secs(45));
    }
}

#[test]
fn a_page_that_does_not_answer_is_fed_a_mebibyte_at_most() {
    let mut world = page_at_relay();
    world.freeze(PAGE);
    world.run(21);
    let before = world.sent_bytes_to(PAGE);
    for _ in 0..30 {
        world
            .broadcast(TALKER, "z".repeat(100_000))
            .expect("joined");
        world.run(1);
    }
    let fed = world.sent_bytes_to(PAGE) - before;
    assert!((900_000..1_300_000).contains(&fed), "{fed} bytes");
}

#[test]
fn a_whisper_to_a_sleeper_waits_until_it_wakes() {
    let mut world = page_at_relay();
    put_to_sleep(&mut world);
    let page = world.id(PAGE);
    let receipt = world.whisper(0, &page, "for you").expect("a peer");
    let Receipt::Sent { ticket, .. } = receipt else {
        panic!("{receipt:?}")
    };
    let is_settled = |world: &World| {
        let mut events = world.nodes[0].events.iter();
        events.any(
            |event| matches!(event, Event::Settled { ticket: t, result: Ok(()) } if *t == ticket),
        )
    };
    world.run(30);
    assert!(!is_settled(&world));
    world.thaw(PAGE);
    world.run(1);
    assert!(is_settled(&world));
    assert_eq!(world.received(PAGE), ["for you"]);
}

/// A page of the world's own at node 0, which says that it sleeps.
fn sleeping_by_hand(world: &mut World) -> Legacy {
    let mut page = Legacy::knocking(world, 200, IdForm::Text);
    page.greet_with(world, Scheme::Ws, ALL_OF_OURS.union(Capabilities::SLEEP));
    page.signal(world, &Signal::Sleep);
    heard(world, &mut page);
    page
}

#[test]
fn a_sleeper_that_comes_back_by_another_link_has_that_one_when_nobody_answers_on_the_first() {
    let mut world = World::with(Scheme::Ws, 1);
    let page = sleeping_by_hand(&mut world);
    world.whisper(0, &page.node, "for you").expect("a peer");
    world.run(30);
    let mut again = Legacy::knocking(&mut world, 200, IdForm::Text);
    again.greet_with(&mut world, Scheme::Ws, ALL_OF_OURS);
    world.run(3);
    assert_eq!(world.closed_with(0), [&CloseReason::Replaced]);
    assert_eq!(heard_texts(&mut world, &mut again), ["for you"]);
    let downs = world.nodes[0].events.iter();
    let downs = downs.filter(|event| matches!(event, Event::PeerDown { .. }));
    assert_eq!(downs.count(), 0, "it was never gone");
}

#[test]
fn only_who_dialled_over_a_websocket_is_taken_for_asleep() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|_| {});
    let mut peer = Legacy::knocking(&mut world, 200, IdForm::Text);
    peer.greet_with(&mut world, Scheme::Tcp, ALL_OF_OURS);
    let link = peer.link;
    world.run(30);
    world.schedule(0, LinkEvent::Alive { link });
    world.run(6);
    assert_eq!(world.closed_with(0), [&CloseReason::Silent]);
}

#[test]
fn a_page_that_was_not_fed_and_never_slept_has_all_in_the_end() {
    let mut world = page_at_relay();
    world.freeze(PAGE);
    for number in 0..30 {
        let large = format!("{number} {}", "x".repeat(100_000));
        world.broadcast(TALKER, large).expect("joined");
        world.run(1);
    }
    assert!(!sleeps(&world));
    world.thaw(PAGE);
    world.run(10);
    assert!(world.closes.is_empty());
    assert_eq!(world.received(PAGE).len(), 30);
}

#[test]
fn whispers_of_every_kind_wait_for_a_page_that_sleeps() {
    let mut world = page_at_relay();
    // The relay has heard both, so it knows the way.
    world.broadcast(PAGE, "here").expect("joined");
    world.run(1);
    put_to_sleep(&mut world);
    let page = world.id(PAGE);
    world.whisper(0, &page, "near").expect("a peer");
    world.whisper(TALKER, &page, "far").expect("joined");
    let alone = Command::Broadcast {
        reach: Reach::Peer(page),
        flag: Flag::WHISPER,
        packets: RawPackets::from_values(&["over the link".into()]).expect("a packet"),
        topic: None,
    };
    world.command(0, alone).expect("a peer");
    world.run(5);
    assert!(sleeps(&world) && world.received(PAGE).is_empty());
    world.thaw(PAGE);
    world.run(5);
    let mut heard = world.received(PAGE);
    heard.sort();
    assert_eq!(heard, ["far", "near", "over the link"]);
}

#[test]
fn a_broadcast_that_only_a_sleeper_would_hear_is_kept_for_it() {
    let mut world = World::new(Scheme::Ws);
    world.add(|_| {});
    world.add(|_| {});
    world.connect(PAGE, 0);
    world.run(2);
    put_to_sleep(&mut world);
    let Ok(Receipt::Sent { ticket, .. }) = world.broadcast(0, "later") else {
        panic!("a page that sleeps is a peer");
    };
    world.run(1);
    let mut events = world.nodes[0].events.iter();
    assert!(events.any(
        |event| matches!(event, Event::Settled { ticket: of, result: Ok(()) } if *of == ticket)
    ));
    world.thaw(PAGE);
    world.run(2);
    assert_eq!(world.received(PAGE), ["later"]);
}

#[test]
fn who_sleeps_and_wakes_all_the_time_is_named_the_history_once_a_second() {
    let mut world = page_at_relay();
    let mut page = sleeping_by_hand(&mut world);
    let histories = |world: &mut World, page: &mut Legacy| {
        let heard = heard(world, page);
        let is_history =
            |message: &Message| matches!(Signal::parse(message), Ok(Signal::History(_)));
        heard.iter().filter(|message| is_history(message)).count()
    };
    for _ in 0..50 {
        page.signal(&mut world, &Signal::Pong(1));
        page.signal(&mut world, &Signal::Sleep);
    }
    page.signal(&mut world, &Signal::Pong(1));
    world.run(3);
    assert!(histories(&mut world, &mut page) <= 2);
}
