//! Questions and their answers, whatever way they take; and what becomes of those that are not answered.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::NodeId;
use rs2p::mesh::{Command, CommandError, Event, Failure, Receipt, Ticket};
use rs2p::wire::{IdForm, Kind, Message, RawPackets, Time, Trailer, sub_flag};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard, wall};
use crate::world::World;

const PATIENCE: Duration = Duration::from_secs(2);

/// Nodes of which none can be dialled but by who is told to.
fn world_of(count: usize, links: &[(usize, usize)]) -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..count {
        world.add(|config| {
            config.outgoing = 0;
            config.advertise.clear();
        });
    }
    for &(from, to) in links {
        world.connect(from, to);
    }
    world.run(1);
    world
}

fn packets(text: &str) -> RawPackets {
    RawPackets::from_values(&[text.into()]).expect("a packet")
}

fn question(to: Option<&NodeId>, answers: usize) -> Command {
    Command::Ask {
        to: to.cloned(),
        topic: None,
        packets: packets("who?"),
        patience: PATIENCE,
        answers,
    }
}

fn ask(world: &mut World, from: usize, to: Option<&NodeId>, answers: usize) -> Ticket {
    match world.command(from, question(to, answers)) {
        Ok(Receipt::Sent { ticket, .. }) => ticket,
        other => panic!("{other:?}"),
    }
}

/// The last question that a node was told of.
fn heard_question(world: &World, number: usize) -> Message {
    let asked = |event: &Event| match event {
        Event::Message { message, .. } if message.question().is_some() => Some(message.clone()),
        _ => None,
    };
    let mut events = world.nodes[number].events.iter().rev();
    events.find_map(asked).expect("a question")
}

/// Answers the last question that a node was told of.
fn answer(world: &mut World, number: usize, text: &str) {
    let asked = heard_question(world, number);
    let command = Command::Whisper {
        to: asked.sender().clone(),
        packets: packets(text),
        topic: None,
        answer: asked.question(),
    };
    world.command(number, command).expect("a way back");
}

/// The answers that came under a ticket: from whom, and what.
fn answers(world: &World, number: usize, to: Ticket) -> Vec<(NodeId, String)> {
    let answer = |event: &Event| match event {
        Event::Answer {
            ticket, message, ..
        } if *ticket == to => {
            let text = message.packets()[0].as_str().map(str::to_owned);
            Some((message.sender().clone(), text.expect("a text")))
        }
        _ => None,
    };
    world.nodes[number]
        .events
        .iter()
        .filter_map(answer)
        .collect()
}

/// How a ticket settled, each time that it did.
fn ends(world: &World, number: usize, of: Ticket) -> Vec<Result<(), Failure>> {
    let end = |event: &Event| match event {
        Event::Settled { ticket, result } if *ticket == of => Some(result.clone()),
        _ => None,
    };
    world.nodes[number].events.iter().filter_map(end).collect()
}

fn assert_answered(world: &World, asker: usize, answerer: usize, ticket: Ticket) {
    let expected = [(world.id(answerer), "I".to_owned())];
    assert_eq!(answers(world, asker, ticket), expected);
    assert_eq!(ends(world, asker, ticket), [Ok(())]);
    assert!(world.received(asker).is_empty(), "an answer is no message");
}

#[test]
fn a_neighbour_answers() {
    let mut world = world_of(2, &[(1, 0)]);
    let to = world.id(0);
    let ticket = ask(&mut world, 1, Some(&to), 1);
    world.run(1);
    assert!(
        ends(&world, 1, ticket).is_empty(),
        "written is not answered"
    );
    answer(&mut world, 0, "I");
    world.run(1);
    assert_answered(&world, 1, 0, ticket);
}

#[test]
fn a_tab_asks_another_through_two_relays_before_anybody_spoke() {
    let mut world = world_of(4, &[(1, 0), (2, 1), (3, 2)]);
    let to = world.id(3);
    let ticket = ask(&mut world, 0, Some(&to), 1);
    world.run(1);
    for between in 1..3 {
        assert!(world.received(between).is_empty(), "{between} hands it on");
    }
    answer(&mut world, 3, "I");
    world.run(1);
    assert_answered(&world, 0, 3, ticket);
}

#[test]
fn a_question_that_waits_for_a_way_keeps_its_number() {
    let mut world = World::with(Scheme::Ws, 3);
    world.connect(0, 1);
    world.connect(2, 1);
    world.run(1);
    let stranger = NodeId::from_entropy(&[3; 48]);
    let ticket = ask(&mut world, 0, Some(&stranger), 1);
    world.run_for(Duration::from_millis(500));
    let late = world.add(|_| {});
    world.connect(late, 1);
    world.broadcast(late, "here").ok();
    world.run_for(Duration::from_millis(500));
    world.broadcast(late, "here").expect("joined");
    world.run_for(Duration::from_millis(200));
    assert_eq!(heard_question(&world, late).packets(), ["who?".into()]);
    answer(&mut world, late, "I");
    world.run_for(Duration::from_millis(200));
    assert_eq!(answers(&world, 0, ticket).len(), 1);
    assert_eq!(ends(&world, 0, ticket), [Ok(())]);
}

#[test]
fn everybody_answers_a_broadcast_once_each() {
    let mut world = world_of(4, &[(1, 0), (2, 1), (3, 2)]);
    let ticket = ask(&mut world, 0, None, 3);
    world.run(1);
    for number in [1, 1, 3, 2] {
        answer(&mut world, number, "I");
        world.run_for(Duration::from_millis(50));
    }
    let who: Vec<_> = answers(&world, 0, ticket)
        .into_iter()
        .map(|(who, _)| who)
        .collect();
    assert_eq!(who, [world.id(1), world.id(3), world.id(2)]);
    assert_eq!(ends(&world, 0, ticket), [Ok(())]);
    assert_eq!(
        world.nodes[0].mesh.stats().unasked,
        1,
        "the second word of one"
    );
}

#[test]
fn who_was_not_asked_does_not_answer() {
    let mut world = world_of(3, &[(1, 0), (2, 0)]);
    let to = world.id(1);
    let ticket = ask(&mut world, 0, Some(&to), 1);
    world.run(1);
    let number = heard_question(&world, 1).question();
    let command = Command::Whisper {
        to: world.id(0),
        packets: packets("me"),
        topic: None,
        answer: number,
    };
    world.command(2, command).expect("a peer");
    world.run(2);
    assert!(answers(&world, 0, ticket).is_empty() && world.received(0).is_empty());
    let missing = Failure::NoAnswer {
        answers: 0,
        wanted: 1,
    };
    assert_eq!(ends(&world, 0, ticket), [Err(missing)]);
}

#[test]
fn a_question_ends_at_its_time_with_the_count_and_late_answers_are_no_messages() {
    let mut world = world_of(3, &[(1, 0), (2, 0)]);
    let ticket = ask(&mut world, 0, None, 2);
    world.run(1);
    answer(&mut world, 1, "I");
    world.run(2);
    let missing = Failure::NoAnswer {
        answers: 1,
        wanted: 2,
    };
    assert_eq!(ends(&world, 0, ticket), [Err(missing)]);
    answer(&mut world, 2, "late");
    world.run(1);
    assert_eq!(answers(&world, 0, ticket).len(), 1);
    assert!(world.received(0).is_empty());
    assert_eq!(world.nodes[0].mesh.stats().unasked, 1);
}

#[test]
fn what_cannot_be_sent_fails_at_once_and_once() {
    let mut world = world_of(2, &[(1, 0)]);
    world.nodes[0].is_stalled = true;
    let to = world.id(0);
    let ticket = ask(&mut world, 1, Some(&to), 1);
    world.lose(0, 1);
    world.run_for(Duration::from_millis(100));
    assert_eq!(ends(&world, 1, ticket), [Err(Failure::Lost)]);
    world.run(5);
    assert_eq!(ends(&world, 1, ticket).len(), 1);
}

#[test]
fn who_is_not_found_in_time_has_not_answered_and_nothing_waits_for_it() {
    let mut world = world_of(2, &[(1, 0)]);
    let nobody = NodeId::from_entropy(&[99; 48]);
    let ticket = ask(&mut world, 1, Some(&nobody), 1);
    world.run(15);
    let missing = Failure::NoAnswer {
        answers: 0,
        wanted: 1,
    };
    assert_eq!(ends(&world, 1, ticket), [Err(missing)]);
    let mut usage = world.nodes[1].mesh.usage();
    assert!(usage.all(|usage| !["lookups", "questions"].contains(&usage.what) || usage.used == 0));
}

#[test]
fn questions_are_bounded_and_forgetting_one_makes_room() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| (config.questions, config.replies) = (1, 3));
    world.add(|_| {});
    world.line();
    let too_many = |what, limit| Err(CommandError::TooMany { what, limit });
    let everybody = |answers| question(None, answers);
    let ticket = ask(&mut world, 0, None, 4);
    assert_eq!(world.command(0, everybody(3)), too_many("questions", 1));
    world.command(0, Command::Forget { ticket }).expect("known");
    let missing = Failure::NoAnswer {
        answers: 0,
        wanted: 3,
    };
    assert_eq!(ends(&world, 0, ticket), [Err(missing)]);
    ask(&mut world, 0, None, 3);
}

#[test]
fn a_question_that_is_refused_leaves_nothing_behind() {
    let mut world = World::with(Scheme::Ws, 1);
    assert_eq!(
        world.command(0, question(None, 1)),
        Err(CommandError::NotJoined)
    );
    let own = world.id(0);
    let to_self = question(Some(&own), 1);
    assert_eq!(world.command(0, to_self), Err(CommandError::ToSelf));
    let mut usage = world.nodes[0].mesh.usage();
    assert!(usage.all(|usage| usage.what != "questions" || usage.used == 0));
}

#[test]
fn a_node_that_closes_awaits_no_answers() {
    let mut world = world_of(2, &[(1, 0)]);
    let ticket = ask(&mut world, 0, None, 1);
    world.command(0, Command::Close).expect("accepted");
    world.run(5);
    assert_eq!(ends(&world, 0, ticket), [Err(Failure::Closed)]);
}

#[test]
fn a_legacy_peer_is_told_an_ordinary_message() {
    let mut world = world_of(1, &[]);
    let mut legacy = Legacy::knocking(&mut world, 200, IdForm::Text);
    legacy.greet(&mut world, Scheme::Ws, None);
    let to = legacy.node.clone();
    let ticket = ask(&mut world, 0, Some(&to), 1);
    world.run(1);
    let heard = heard(&mut world, &mut legacy);
    let told = heard.last().expect("a whisper");
    assert_eq!(told.payload(), [sub_flag::WHISPER.into(), "who?".into()]);
    legacy.whisper(&mut world, "I");
    world.run(2);
    assert_eq!(world.received(0), ["I"], "its word is a message as any");
    let missing = Failure::NoAnswer {
        answers: 0,
        wanted: 1,
    };
    assert_eq!(ends(&world, 0, ticket), [Err(missing)]);
}

#[test]
fn a_broadcast_answers_nothing() {
    let mut world = world_of(1, &[]);
    let mut peer = Legacy::knocking(&mut world, 200, IdForm::Text);
    peer.greet_as_ours(&mut world, Scheme::Ws);
    let to = peer.node.clone();
    let ticket = ask(&mut world, 0, Some(&to), 1);
    world.run_for(Duration::from_millis(100));
    let number = heard(&mut world, &mut peer)
        .last()
        .and_then(Message::question);
    let trailer = Trailer {
        nonce: Some(7),
        answer: number,
        ..Trailer::default()
    };
    let (time, payload) = (
        Time::Seconds(wall(&world)),
        [sub_flag::BROADCAST.into(), "I".into()],
    );
    peer.say_with(&mut world, Kind::Broadcast, time, &payload, trailer);
    assert!(answers(&world, 0, ticket).is_empty());
    assert_eq!(world.received(0), ["I"]);
}
