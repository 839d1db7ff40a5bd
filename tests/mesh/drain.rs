//! A node that drains: nobody new, nothing lost, everybody told where else to go, and no herd.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, Command, CommandError, Event, Status};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

const RELAY: usize = 0;
const STEP: Duration = Duration::from_millis(50);

/// A relay, and so many tabs that know nobody else.
fn relay_with_tabs(tabs: usize) -> World {
    let mut world = World::with(Scheme::Ws, 1);
    for _ in 0..tabs {
        add_tab(&mut world);
    }
    world.run(1);
    assert_eq!(peers(&world), tabs);
    world
}

fn add_tab(world: &mut World) -> usize {
    let tab = world.add(|config| config.advertise.clear());
    world.connect(tab, RELAY);
    tab
}

fn peers(world: &World) -> usize {
    world.nodes[RELAY].mesh.peers().count()
}

fn drain(world: &mut World) {
    world.command(RELAY, Command::Drain).expect("accepted");
}

fn is_over(world: &World) -> bool {
    matches!(world.nodes[RELAY].events.last(), Some(Event::Closed))
}

/// Runs to the end; how many peers were left after each step.
fn watch(world: &mut World) -> Vec<usize> {
    let mut left = Vec::new();
    while !is_over(world) {
        assert!(left.len() < 200, "it does not end: {left:?}");
        left.push(peers(world));
        world.run_for(STEP);
    }
    left
}

/// The tabs in the order in which they were closed.
fn order(world: &World) -> Vec<String> {
    let down = |event: &Event| match event {
        Event::PeerDown { node, .. } => Some(node.to_string()),
        _ => None,
    };
    let events = world.nodes[RELAY].events.iter();
    events.filter_map(down).collect()
}

#[test]
fn a_few_links_end_a_quarter_of_a_second_apart() {
    let mut world = relay_with_tabs(4);
    drain(&mut world);
    let left = watch(&mut world);
    // Up to 250 ms all of them, then one less each five steps.
    let expected = [4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1];
    assert_eq!(left[..20], expected, "{left:?}");
    assert!(left.len() <= 21, "{left:?}");
    assert!(
        world
            .closed_with(RELAY)
            .iter()
            .all(|why| **why == CloseReason::Shutdown)
    );
    assert_eq!(world.nodes[RELAY].mesh.poll_timeout(), None);
}

#[test]
fn many_links_share_five_seconds() {
    let mut world = relay_with_tabs(60);
    drain(&mut world);
    let left = watch(&mut world);
    let (length, half) = (left.len(), left[50]);
    assert!((90..=101).contains(&length), "{left:?}");
    assert!((25..=35).contains(&half), "{left:?}");
    let most = left.windows(2).map(|pair| pair[0] - pair[1]).max();
    assert_eq!(most, Some(1), "{left:?}");
}

#[test]
fn the_order_is_of_the_seed_and_not_of_coming() {
    let orders: Vec<_> = (0..2)
        .map(|_| {
            let mut world = relay_with_tabs(12);
            drain(&mut world);
            watch(&mut world);
            order(&world)
        })
        .collect();
    assert_eq!(orders[0].len(), 12);
    assert_eq!(orders[0], orders[1]);
    let world = relay_with_tabs(12);
    let came: Vec<_> = (1..=12).map(|tab| world.id(tab).to_string()).collect();
    assert_ne!(orders[0], came);
}

#[test]
fn a_node_without_links_ends_at_once() {
    let mut world = World::with(Scheme::Ws, 2);
    drain(&mut world);
    assert!(is_over(&world));
    // And so does one that is dialling.
    let mut world = World::with(Scheme::Ws, 1);
    world.doors.insert(200);
    let address = rs2p::Address::new(Scheme::Ws, "node", 200).expect("a host");
    let command = Command::Connect {
        address,
        expected: None,
        persist: true,
    };
    world.command(RELAY, command).expect("accepted");
    drain(&mut world);
    assert!(is_over(&world));
    assert_eq!(world.nodes[RELAY].mesh.poll_timeout(), None);
}

#[test]
fn what_was_said_before_arrives_however_slowly_it_is_written() {
    let mut world = relay_with_tabs(3);
    let last = world.id(3);
    // Longer than a link has until its turn, and more than a transport takes at once.
    world.delays.insert(RELAY, Duration::from_millis(300));
    for number in 0..500 {
        let text = format!("{number} {}", "x".repeat(700));
        world.broadcast(RELAY, text).expect("joined");
    }
    world
        .whisper(RELAY, &last, "for you")
        .expect("it is a peer");
    drain(&mut world);
    watch(&mut world);
    world.run(1);
    for tab in 1..=3 {
        let received = world.received(tab);
        let said = received.iter().filter(|text| text.ends_with("xxx"));
        assert_eq!(said.count(), 500, "{tab}");
    }
    assert!(world.received(3).contains(&"for you".to_owned()));
}

#[test]
fn what_peers_say_meanwhile_goes_to_who_is_there() {
    let mut world = relay_with_tabs(3);
    drain(&mut world);
    // Nobody has been closed yet.
    world.run_for(2 * STEP);
    world.broadcast(1, "meanwhile").expect("joined");
    watch(&mut world);
    assert!((2..=3).all(|tab| world.received(tab) == ["meanwhile"]));
}

#[test]
fn nobody_new_is_taken_and_nothing_more_of_the_users() {
    let mut world = relay_with_tabs(2);
    drain(&mut world);
    let late = add_tab(&mut world);
    world.run_for(2 * STEP);
    assert!(!world.is_linked(late, RELAY));
    assert_eq!(peers(&world), 2);
    assert!(world.nodes[RELAY].mesh.is_draining());
    assert_eq!(world.broadcast(RELAY, "x"), Err(CommandError::Closed));
    // Its peers are its peers still.
    assert_eq!(world.nodes[RELAY].mesh.status(), Status::Joined);
    drain(&mut world);
    watch(&mut world);
}

#[test]
fn tabs_are_told_of_another_relay_and_are_there_before_their_link_ends() {
    let mut world = relay_with_tabs(6);
    // Another relay comes when the tabs were told of relays long ago.
    let other = world.add(|config| config.outgoing = 0);
    world.connect(other, RELAY);
    world.run(1);
    assert!(world.is_linked(other, RELAY) && (1..=6).all(|tab| !world.is_linked(tab, other)));
    drain(&mut world);
    for _ in 0..40 {
        for tab in 1..=6 {
            let is_somewhere = world.is_linked(tab, RELAY) || world.is_linked(tab, other);
            assert!(
                is_somewhere,
                "{tab} fell between the two at {:?}",
                world.now
            );
        }
        world.run_for(STEP);
    }
    assert!(is_over(&world));
    assert!((1..=6).all(|tab| world.is_linked(tab, other)));
    world.broadcast(1, "still here").expect("joined");
    world.run(1);
    assert!((2..=6).all(|tab| world.received(tab) == ["still here"]));
}

#[test]
fn the_other_relay_sees_no_herd() {
    let mut world = relay_with_tabs(40);
    let other = world.add(|config| config.outgoing = 0);
    world.connect(other, RELAY);
    world.run(1);
    let there = |world: &World| world.nodes[other].mesh.peers().count();
    drain(&mut world);
    let mut came = vec![there(&world)];
    for _ in 0..20 {
        world.run_for(5 * STEP);
        came.push(there(&world));
    }
    // Forty in five seconds are two in a quarter of one.
    let most = came
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]))
        .max();
    assert!(most <= Some(4), "{came:?}");
    assert_eq!(came.last(), Some(&40), "{came:?}");
}

#[test]
fn the_other_relay_is_told_of_whoever_had_dialled() {
    for relay_dials in [false, true] {
        let mut world = World::with(Scheme::Ws, 1);
        let tabs: Vec<_> = (0..12)
            .map(|_| {
                let tab = world.add(|config| {
                    config.advertise.clear();
                    config.outgoing = 1;
                });
                world.connect(tab, RELAY);
                tab
            })
            .collect();
        world.run(1);
        let other = world.add(|config| config.outgoing = 0);
        match relay_dials {
            true => world.connect(RELAY, other),
            false => world.connect(other, RELAY),
        }
        world.run(1);
        drain(&mut world);
        watch(&mut world);
        world.run(10);
        let there = tabs.iter().filter(|tab| world.is_linked(**tab, other));
        assert_eq!(there.count(), 12, "the relay dials: {relay_dials}");
    }
}

#[test]
fn who_does_not_read_holds_it_up_for_two_seconds_at_most() {
    let mut world = relay_with_tabs(2);
    world.nodes[1].is_stalled = true;
    world.broadcast(RELAY, "x").expect("joined");
    let began = world.now;
    drain(&mut world);
    watch(&mut world);
    let took = world.now.since(began);
    assert!(
        took >= Duration::from_secs(2) && took <= Duration::from_secs(3),
        "{took:?}"
    );
}

#[test]
fn who_leaves_before_its_turn_is_not_waited_for() {
    let mut world = relay_with_tabs(10);
    drain(&mut world);
    for tab in 1..=10 {
        world.command(tab, Command::Close).expect("open");
    }
    let left = watch(&mut world);
    assert!(left.len() <= 3, "{left:?}");
}

#[test]
fn a_close_ends_it_at_once() {
    let mut world = relay_with_tabs(10);
    drain(&mut world);
    world.command(RELAY, Command::Close).expect("accepted");
    let left = watch(&mut world);
    assert!(left.len() <= 2, "{left:?}");
    let ends = world.nodes[RELAY].events.iter();
    assert_eq!(ends.filter(|end| matches!(end, Event::Closed)).count(), 1);
    drain(&mut world);
}
