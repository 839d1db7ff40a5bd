//! A second link to one peer, played by hand: when it is held, who decides, what ends it.

use core::cmp::Ordering;
use core::time::Duration;

use rs2p::mesh::{CloseReason, Command, Config};
use rs2p::wire::{IdForm, Kind, Signal};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard, heard_texts};
use crate::world::World;

const DOOR: u16 = 200;

fn alone(scheme: Scheme, configure: impl FnOnce(&mut Config)) -> World {
    let mut world = World::new(scheme);
    world.add(|config| {
        config.outgoing = 0;
        configure(config);
    });
    world
}

/// Node 0 dials a door.
fn dial(world: &mut World, scheme: Scheme, port: u16, number: u8) -> Legacy {
    world.doors.insert(port);
    let address = Address::new(scheme, "node", port).expect("a host");
    let command = Command::Connect {
        address,
        expected: None,
        persist: true,
    };
    world.command(0, command).expect("accepted");
    world.run_for(Duration::from_millis(10));
    let &(_, link, _) = world.knocks.last().expect("a dial");
    Legacy::on(link, number, IdForm::Bytes)
}

fn call(world: &mut World, host: &str, number: u8) -> Legacy {
    let link = world.open_from(0, host);
    Legacy::on(link, number, IdForm::Bytes)
}

fn js2p(world: &mut World) -> Legacy {
    let mut js2p = Legacy::knocking(world, 200, IdForm::Text);
    js2p.greet(world, Scheme::Ws, None);
    world.run_for(Duration::from_millis(10));
    js2p
}

fn greetings(world: &mut World, peer: &mut Legacy) -> usize {
    let is_greeting =
        |message: &&rs2p::wire::Message| matches!(Signal::parse(message), Ok(Signal::Handshake(_)));
    heard(world, peer).iter().filter(is_greeting).count()
}

#[test]
fn a_second_link_on_which_the_node_spoke_first_is_a_peers_at_once() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let first = Legacy::join_as(&mut world, 200);
    let mut second = Legacy::join_as(&mut world, 200);
    second.broadcast(&mut world, "by the second");
    assert_eq!(world.received(0), ["by the second"]);
    world.broadcast(0, "to both").expect("joined");
    world.run_for(Duration::from_millis(50));
    for mut link in [first, second] {
        assert_eq!(heard_texts(&mut world, &mut link), ["to both"]);
    }
}

#[test]
fn a_dead_link_of_a_relative_is_replaced_in_two_seconds_whoever_has_the_greater_id() {
    for number in 1..20 {
        let mut world = alone(Scheme::Tcp, |_| {});
        Legacy::join_as(&mut world, number);
        Legacy::join_as(&mut world, number);
        world.run_for(Duration::from_millis(2_100));
        assert_eq!(world.closed_with(0), [&CloseReason::Replaced], "{number}");
    }
}

#[test]
fn a_second_link_of_ours_is_greeted_at_once() {
    let mut world = alone(Scheme::Ws, |_| {});
    for _ in 0..2 {
        let mut link = Legacy::knocking(&mut world, 200, IdForm::Text);
        link.greet_as_ours(&mut world, Scheme::Ws);
        assert_eq!(greetings(&mut world, &mut link), 1);
    }
}

#[test]
fn a_third_link_of_ours_is_one_too_many_whoever_decides() {
    for number in 1..20 {
        let mut world = alone(Scheme::Ws, |_| {});
        for _ in 0..3 {
            let mut link = Legacy::knocking(&mut world, number, IdForm::Text);
            link.greet_as_ours(&mut world, Scheme::Ws);
        }
        assert_eq!(world.closed_with(0), [&CloseReason::Duplicate], "{number}");
        assert_eq!(world.nodes[0].mesh.links(), 2);
    }
}

#[test]
fn what_may_have_been_on_its_way_shows_not_that_a_link_of_ours_lives() {
    for number in 1..20 {
        let mut world = alone(Scheme::Ws, |_| {});
        world.run(1);
        let mut first = Legacy::knocking(&mut world, number, IdForm::Text);
        first.greet_as_ours(&mut world, Scheme::Ws);
        heard(&mut world, &mut first);
        // It has read what it was told.
        world.run(11);
        let mut second = Legacy::knocking(&mut world, number, IdForm::Text);
        second.greet_as_ours(&mut world, Scheme::Ws);
        // Who has the smaller id waits for the other to decide first.
        let mut decided = 0;
        for tick in 0..80 {
            // Sent before the question: it may have been on its way since the link died.
            let is_on_its_way = tick < 9;
            for signal in [Signal::Pong(0), Signal::Peers(Vec::new())] {
                if is_on_its_way {
                    first.say(&mut world, Kind::Whisper, &signal.payload());
                }
            }
            if world.closes.is_empty() {
                decided = tick;
            }
            world.run_for(Duration::from_millis(100));
        }
        assert_eq!(world.closed_with(0), [&CloseReason::Replaced], "{number}");
        let decides = world.id(0).numeric_cmp(&first.node) == Ordering::Greater;
        assert_eq!(decided < 25, decides, "decided after {decided}");
    }
}

#[test]
fn who_decides_closes_the_newer_link_when_the_older_answers() {
    for number in 1..20 {
        let mut world = alone(Scheme::Ws, |_| {});
        let mut first = Legacy::knocking(&mut world, number, IdForm::Text);
        first.greet_as_ours(&mut world, Scheme::Ws);
        let mut second = Legacy::knocking(&mut world, number, IdForm::Text);
        second.greet_as_ours(&mut world, Scheme::Ws);
        for _ in 0..30 {
            for message in heard(&mut world, &mut first) {
                if let Ok(Signal::Ping(asked)) = Signal::parse(&message) {
                    first.say(&mut world, Kind::Whisper, &Signal::Pong(asked).payload());
                }
            }
            world.run_for(Duration::from_millis(100));
        }
        assert_eq!(world.closed_with(0), [&CloseReason::Duplicate], "{number}");
        first.whisper(&mut world, "stays");
        assert_eq!(world.received(0), ["stays"]);
    }
}

#[test]
fn a_held_link_outlives_the_time_for_a_handshake() {
    let mut world = alone(Scheme::Ws, |_| {});
    js2p(&mut world);
    let mut second = Legacy::knocking(&mut world, 200, IdForm::Text);
    world.run_for(Duration::from_millis(4_900));
    second.greet(&mut world, Scheme::Ws, None);
    world.run(3);
    assert_eq!(world.closed_with(0), [&CloseReason::Replaced]);
    assert_eq!(greetings(&mut world, &mut second), 1);
}

#[test]
fn a_held_link_from_the_home_of_py2p_is_shown_nothing_until_the_first_was_asked() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let mut first = dial(&mut world, Scheme::Tcp, DOOR, 200);
    first.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    let mut second = call(&mut world, "node", 200);
    world.run_for(Duration::from_millis(100));
    second.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    assert_eq!(
        greetings(&mut world, &mut second),
        0,
        "it may be the second"
    );
    world.run(2);
    assert_eq!(greetings(&mut world, &mut second), 1);
    assert_eq!(world.closed_with(0), [&CloseReason::Replaced]);
}

#[test]
fn a_caller_from_elsewhere_is_greeted_at_once() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let mut dialled = dial(&mut world, Scheme::Tcp, DOOR, 200);
    dialled.greet(&mut world, Scheme::Tcp, Some(DOOR));
    let mut caller = call(&mut world, "elsewhere", 201);
    assert_eq!(greetings(&mut world, &mut caller), 1);
    let mut at_home = call(&mut world, "node", 202);
    assert_eq!(greetings(&mut world, &mut at_home), 0, "it may be the same");
    world.run(1);
    assert_eq!(greetings(&mut world, &mut at_home), 1, "it waits in vain");
}

#[test]
fn a_held_link_is_taken_when_the_first_ends_and_not_when_another_does() {
    let mut world = alone(Scheme::Ws, |_| {});
    let first = js2p(&mut world);
    let mut other = Legacy::knocking(&mut world, 201, IdForm::Text);
    other.greet(&mut world, Scheme::Ws, None);
    let mut second = Legacy::knocking(&mut world, 200, IdForm::Text);
    second.greet(&mut world, Scheme::Ws, None);
    world.hang_up(0, other.link);
    assert_eq!(greetings(&mut world, &mut second), 0);
    world.hang_up(0, first.link);
    assert_eq!(greetings(&mut world, &mut second), 1);
    assert_eq!(world.nodes[0].mesh.peers().count(), 1);
}

#[test]
fn a_second_link_that_ended_of_itself_keeps_no_later_one_out() {
    let mut world = alone(Scheme::Ws, |_| {});
    js2p(&mut world);
    for _ in 0..3 {
        let second = js2p(&mut world);
        world.hang_up(0, second.link);
    }
    let mut last = js2p(&mut world);
    assert!(world.closes.is_empty(), "{:?}", world.closes);
    world.run(3);
    assert_eq!(greetings(&mut world, &mut last), 1, "the first is dead");
}

#[test]
fn who_floods_a_held_link_is_cut() {
    let mut world = alone(Scheme::Ws, |_| {});
    js2p(&mut world);
    let second = js2p(&mut world);
    for _ in 0..300 {
        world.hand(0, second.link, vec![0; 1_000]);
    }
    assert_eq!(world.closed_with(0), [&CloseReason::NotGreeted]);
}

#[test]
fn js2p_alone_is_greeted_again_after_a_second_link() {
    for (form, again) in [(IdForm::Text, 1), (IdForm::Bytes, 0)] {
        let mut world = alone(Scheme::Tcp, |_| {});
        let mut first = Legacy::knocking(&mut world, 200, form);
        first.greet(&mut world, Scheme::Tcp, None);
        heard(&mut world, &mut first);
        // Ended unseen, as the dialler learns who is there before it speaks.
        let dialled = dial(&mut world, Scheme::Tcp, DOOR, 200);
        let mut second = Legacy::on(dialled.link, 200, form);
        second.greet(&mut world, Scheme::Tcp, Some(DOOR));
        assert_eq!(world.closed_with(0), [&CloseReason::Duplicate]);
        world.run(1);
        assert_eq!(greetings(&mut world, &mut first), again, "{form:?}");
        assert_eq!(greetings(&mut world, &mut second), 0);
    }
}

#[test]
fn js2p_is_greeted_again_on_the_link_that_stays_when_a_seen_one_ends() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let join = |world: &mut World| {
        let mut link = Legacy::knocking(world, 200, IdForm::Text);
        link.greet(world, Scheme::Tcp, None);
        link
    };
    let (mut first, second) = (join(&mut world), join(&mut world));
    heard(&mut world, &mut first);
    world.hang_up(0, second.link);
    world.run(1);
    assert_eq!(greetings(&mut world, &mut first), 1);
    let third = join(&mut world);
    world.hang_up(0, third.link);
    world.hang_up(0, first.link);
    assert_eq!(world.nodes[0].mesh.poll_timeout(), None, "nothing is left");
}

#[test]
fn a_dial_waits_only_for_callers_from_its_host_that_were_greeted_and_said_nothing() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let mut home = dial(&mut world, Scheme::Tcp, DOOR, 200);
    home.greet(&mut world, Scheme::Tcp, Some(DOOR));
    // It waits for the caller's word, and can end that link unseen.
    let silent = call(&mut world, "node", 203);
    let mut dialled = dial(&mut world, Scheme::Tcp, 201, 201);
    dialled.greet(&mut world, Scheme::Tcp, Some(201));
    assert_eq!(greetings(&mut world, &mut dialled), 1, "{:?}", silent.link);
}

#[test]
fn a_dial_waits_for_no_other_dial() {
    let mut world = alone(Scheme::Tcp, |_| {});
    dial(&mut world, Scheme::Tcp, DOOR, 200);
    // Nobody spoke there, so the node did.
    world.run(4);
    let mut other = dial(&mut world, Scheme::Tcp, 201, 201);
    other.greet(&mut world, Scheme::Tcp, Some(201));
    assert_eq!(greetings(&mut world, &mut other), 1);
}

#[test]
fn a_caller_waits_for_no_other_caller() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let silent = call(&mut world, "node", 203);
    let mut home = dial(&mut world, Scheme::Tcp, DOOR, 200);
    home.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    let mut caller = call(&mut world, "node", 202);
    caller.greet(&mut world, Scheme::Tcp, None);
    assert_eq!(greetings(&mut world, &mut caller), 1, "{:?}", silent.link);
}

#[test]
fn a_held_dial_ends_as_soon_as_a_caller_turns_out_to_be_the_same_node() {
    let mut world = alone(Scheme::Tcp, |_| {});
    let mut caller = call(&mut world, "node", 200);
    let silent = call(&mut world, "node", 203);
    let mut dialled = dial(&mut world, Scheme::Tcp, DOOR, 200);
    dialled.greet(&mut world, Scheme::Tcp, Some(DOOR));
    caller.greet(&mut world, Scheme::Tcp, Some(DOOR));
    assert_eq!(
        world.closed_with(0),
        [&CloseReason::Duplicate],
        "{:?}",
        silent.link
    );
}
