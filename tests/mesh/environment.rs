//! What happens around a page: it is left and shown again, its network goes and comes.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{CloseReason, Doubt, Environment, Event, Status};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

/// A relay, and a page at it for a while.
fn page_at_relay() -> World {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    world.run(12);
    world.transmissions = vec![0; 2];
    world
}

fn joins(world: &World, number: usize) -> usize {
    let events = world.nodes[number].events.iter();
    events
        .filter(|event| matches!(event, Event::Joined))
        .count()
}

#[test]
fn a_page_that_is_left_says_goodbye_at_once_and_dials_nobody() {
    let mut world = page_at_relay();
    world.environment(1, Environment::Leaving);
    assert_eq!(world.closed_with(1), [&CloseReason::Shutdown]);
    let offline = Status::Offline { next_attempt: None };
    assert_eq!(world.nodes[1].mesh.status(), offline);
    world.run(120);
    assert!(!world.is_linked(0, 1) && !world.is_linked(1, 0));
    assert_eq!(world.nodes[1].mesh.status(), offline);
}

#[test]
fn a_page_that_is_left_does_not_wait_for_what_it_has_yet_to_write() {
    let mut world = page_at_relay();
    world.nodes[0].is_stalled = true;
    for _ in 0..3 {
        world.broadcast(1, "z".repeat(200_000)).expect("joined");
    }
    world.environment(1, Environment::Leaving);
    assert_eq!(world.nodes[1].mesh.links(), 0);
}

#[test]
fn a_page_that_was_left_is_back_when_it_is_shown_again() {
    for back in [Environment::Resumed, Environment::Visible] {
        let mut world = page_at_relay();
        world.environment(1, Environment::Leaving);
        world.run(30);
        world.environment(1, back);
        world.run_for(Duration::from_millis(100));
        assert!(world.is_linked(0, 1) && world.is_linked(1, 0), "{back:?}");
    }
}

#[test]
fn five_seconds_without_a_network_leave_the_link_as_it_is_and_lose_nothing() {
    let mut world = page_at_relay();
    world.environment(1, Environment::Offline);
    world.run(5);
    world.broadcast(0, "meanwhile").expect("joined");
    world.environment(1, Environment::Online);
    world.run(60);
    assert!(world.closes.is_empty());
    assert_eq!(
        (joins(&world, 1), world.received(1)),
        (1, vec!["meanwhile".to_owned()])
    );
}

#[test]
fn after_forty_seconds_without_a_network_the_relay_has_cut_and_the_page_is_back_at_once() {
    let mut world = page_at_relay();
    world.cut(0, 1);
    world.environment(1, Environment::Offline);
    world.run(40);
    assert!(world.closed_with(0).contains(&&CloseReason::Silent));
    world.broadcast(0, "lost").expect_err("nobody is there");
    world.mend(0, 1);
    world.environment(1, Environment::Online);
    world.run_for(Duration::from_millis(100));
    assert!(world.is_linked(0, 1) && world.is_linked(1, 0));
}

#[test]
fn a_dead_link_is_found_two_seconds_after_the_page_is_back_and_dialled_at_once() {
    for back in [
        Environment::Online,
        Environment::Visible,
        Environment::Resumed,
    ] {
        let mut world = page_at_relay();
        // The relay forgets the page; the page is not told.
        world.cut(0, 1);
        world.environment(1, Environment::Offline);
        world.environment(1, Environment::Hidden);
        world.run(10);
        world.kill(0);
        world.mend(0, 1);
        world.restart(0);
        world.environment(1, Environment::Online);
        world.environment(1, back);
        world.run_for(Duration::from_millis(1_900));
        assert!(world.is_linked(1, 0), "{back:?}: it has two seconds");
        world.run_for(Duration::from_millis(200));
        assert!(world.closed_with(1).contains(&&CloseReason::Silent));
        assert!(world.is_linked(0, 1) && world.is_linked(1, 0), "{back:?}");
    }
}

#[test]
fn a_dial_that_hangs_since_before_is_begun_anew() {
    let mut world = World::with(Scheme::Ws, 2);
    world.is_silent = true;
    world.cut(0, 1);
    world.connect(1, 0);
    world.run(5);
    world.mend(0, 1);
    world.environment(1, Environment::Online);
    world.run_for(Duration::from_millis(100));
    assert!(world.is_linked(0, 1));
}

#[test]
fn waits_that_had_grown_are_short_again_when_the_network_comes() {
    for seconds in 300..310 {
        let mut world = page_at_relay();
        world.kill(0);
        world.run(seconds);
        world.environment(1, Environment::Online);
        // It dials at once, and finds nobody; its waits begin anew, under half a second each.
        world.run_for(Duration::from_millis(50));
        world.restart(0);
        world.run(1);
        assert!(world.is_linked(1, 0), "after {seconds} s");
    }
}

#[test]
fn a_page_that_hears_its_relay_needs_no_timer_more_than_once_a_minute() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    // Until it has looked around, and found nobody.
    world.run(600);
    let before = world.nodes[1].deadlines;
    world.run(600);
    let came = world.nodes[1].deadlines - before;
    assert!(came <= 10, "{came} in ten minutes");
    assert!(world.is_linked(1, 0) && world.closes.is_empty());
}

#[test]
fn a_page_that_talks_and_hears_nothing_else_hears_its_relay_all_the_same() {
    let mut world = page_at_relay();
    for _ in 0..120 {
        world.broadcast(1, "listen").expect("joined");
        world.run(1);
        assert_eq!(world.nodes[1].mesh.status(), Status::Joined);
    }
}

#[test]
fn the_timers_of_a_hidden_page_come_late_and_it_finds_its_relay_dead_all_the_same() {
    let mut world = page_at_relay();
    world.environment(1, Environment::Hidden);
    world.cut(0, 1);
    // Timers once a minute.
    let mut minute = || {
        world.freeze(1);
        world.run(60);
        world.go_on(1);
        world.run_for(Duration::ZERO);
        world.nodes[1].mesh.status()
    };
    let why = Doubt::Silence;
    assert_eq!(minute(), Status::Degraded { why });
    assert!(matches!(minute(), Status::Offline { .. }));
}

#[test]
fn a_link_that_had_just_come_up_and_is_lost_as_the_network_comes_is_dialled_at_once() {
    for seconds in 300..305 {
        let mut world = page_at_relay();
        world.kill(0);
        world.run(seconds);
        world.restart(0);
        let is_back = world.run_until(30, |world| world.is_linked(1, 0));
        assert!(is_back, "after {seconds} s");
        world.environment(1, Environment::Online);
        world.kill(0);
        world.restart(0);
        world.run_for(Duration::from_millis(100));
        assert!(world.is_linked(1, 0), "after {seconds} s");
    }
}
