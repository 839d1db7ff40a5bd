//! Broadcasts about topics: who narrowed its interest is sent what it wants, at once or as soon as it wants it, and no more.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::mesh::{Command, Event, Receipt};
use rs2p::wire::{Capabilities, IdForm, Interest, Message, Signal, Topic};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{ALL_OF_OURS, Legacy, heard};
use crate::world::World;

const TOPICAL: Capabilities = ALL_OF_OURS.union(Capabilities::TOPICS);

fn interest(topics: &[&str]) -> Interest {
    Interest::topics(topics.iter().map(|name| name.parse().expect("a topic")))
}

/// Nodes that dial whom they are told to, each linked to those named.
fn world_of(count: usize, links: &[(usize, usize)]) -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..count {
        world.add(|config| config.outgoing = 0);
    }
    for &(from, to) in links {
        world.connect(from, to);
    }
    world.run(2);
    world
}

/// A peer of node 0 that says that it wants less than everything, and not yet what.
fn narrowed(world: &mut World) -> Legacy {
    let mut peer = Legacy::knocking(world, 200, IdForm::Text);
    peer.greet_with(world, Scheme::Ws, TOPICAL.union(Capabilities::NARROWED));
    peer
}

fn texts(heard: &[Message]) -> Vec<String> {
    let is_said = |message: &&Message| matches!(Signal::parse(message), Ok(Signal::Application));
    let text = |message: &Message| message.packets()[0].as_str().map(str::to_owned);
    heard.iter().filter(is_said).filter_map(text).collect()
}

/// How many broadcasts each history that was heard names.
fn named(heard: &[Message]) -> Vec<usize> {
    let count = |message: &Message| match Signal::parse(message) {
        Ok(Signal::History(history)) => Some(history.entries.len()),
        _ => None,
    };
    heard.iter().filter_map(count).collect()
}

fn announced(heard: &[Message]) -> usize {
    let is_announce =
        |message: &&Message| matches!(Signal::parse(message), Ok(Signal::Announce(_)));
    heard.iter().filter(is_announce).count()
}

#[test]
fn who_narrowed_is_sent_what_matches_and_neither_payload_nor_id_of_the_rest() {
    let mut world = world_of(2, &[(1, 0)]);
    let mut peer = Legacy::knocking(&mut world, 200, IdForm::Text);
    peer.greet_with(&mut world, Scheme::Ws, TOPICAL);
    peer.signal(&mut world, &Signal::Interest(interest(&["news"])));
    let source = world.id(1);
    peer.signal(&mut world, &Signal::Prune(Some(source)));
    heard(&mut world, &mut peer);
    for (topic, text) in [("news", "one"), ("weather", "rain"), ("news", "two")] {
        world.say_about(0, topic, text).expect("joined");
        world.say_about(1, topic, text).expect("joined");
    }
    world.broadcast(0, "plain").expect("joined");
    world.run(1);
    let heard = heard(&mut world, &mut peer);
    let mut said = texts(&heard);
    said.sort();
    assert_eq!(said, ["one", "one", "two", "two"]);
    assert_eq!(announced(&heard), 0);
    world.whisper(0, &peer.node, "psst").expect("a peer");
    world.run(1);
    assert_eq!(
        texts(&crate::by_hand::heard(&mut world, &mut peer)),
        ["psst"]
    );
}

#[test]
fn a_tab_at_a_relay_hears_its_topics_and_everybody_else_everything() {
    let mut world = world_of(4, &[(1, 0), (2, 0), (3, 0)]);
    world.narrow(1, &["news"]);
    world.narrow(2, &["weather"]);
    world.run(1);
    world.say_about(3, "news", "election").expect("joined");
    world.say_about(1, "weather", "rain").expect("joined");
    world.broadcast(3, "hello").expect("joined");
    world.run(1);
    assert_eq!(world.received(0), ["election", "rain", "hello"]);
    assert_eq!(world.received(1), ["election"]);
    assert_eq!(world.received(2), ["rain"]);
    assert_eq!(world.received(3), ["rain"]);
    let topic = world.nodes[1].events.iter().find_map(|event| match event {
        Event::Message { message, .. } => message.topic().cloned(),
        _ => None,
    });
    assert_eq!(topic.as_ref().map(Topic::as_str), Some("news"));
}

#[test]
fn who_says_what_it_wants_is_named_no_history_before_and_none_of_the_rest() {
    let mut world = world_of(2, &[(1, 0)]);
    world.say_about(1, "news", "one").expect("joined");
    world.say_about(1, "weather", "rain").expect("joined");
    world.run(1);
    let mut peer = narrowed(&mut world);
    world.say_about(1, "news", "two").expect("joined");
    world.run(1);
    let before = heard(&mut world, &mut peer);
    assert!(named(&before).is_empty() && texts(&before).is_empty());
    peer.signal(&mut world, &Signal::Interest(interest(&["news"])));
    world.run(1);
    assert_eq!(named(&heard(&mut world, &mut peer)), [2]);
}

#[test]
fn who_does_not_say_what_it_wants_is_sent_everything_in_the_end() {
    let mut world = world_of(2, &[(1, 0)]);
    world.broadcast(1, "before").expect("joined");
    world.run(1);
    let mut peer = narrowed(&mut world);
    world.run(6);
    assert_eq!(named(&heard(&mut world, &mut peer)), [1]);
    world.broadcast(1, "after").expect("joined");
    world.run(1);
    assert_eq!(texts(&heard(&mut world, &mut peer)), ["after"]);
}

#[test]
fn a_late_subscriber_catches_up_with_the_last_minute_once_and_in_order() {
    let mut world = world_of(3, &[(1, 0), (2, 0)]);
    world.narrow(1, &["news"]);
    world.run(1);
    for number in 0..20 {
        let topic = ["weather", "news"][number % 2];
        world
            .say_about(2, topic, &number.to_string())
            .expect("joined");
    }
    world.run(10);
    world.narrow(1, &["news", "weather"]);
    world.say_about(2, "weather", "live").expect("joined");
    world.run(2);
    let heard = world.received(1);
    let odd = (1..20).step_by(2).map(|n| n.to_string());
    let even = (0..20).step_by(2).map(|n| n.to_string());
    let all: Vec<_> = odd.chain(even).chain(["live".to_owned()]).collect();
    assert_eq!(heard, all);
}

#[test]
fn what_came_and_was_not_wanted_is_heard_when_it_is() {
    let mut world = world_of(2, &[]);
    let mut legacy = Legacy::knocking(&mut world, 200, IdForm::Text);
    legacy.greet(&mut world, Scheme::Ws, None);
    world.narrow(0, &["news"]);
    legacy.broadcast(&mut world, "plain");
    world.run(1);
    assert!(world.received(0).is_empty());
    assert_eq!(world.nodes[0].mesh.stats().unwanted, 1);
    for _ in 0..2 {
        let everything = Command::Interest(Interest::Everything);
        world.command(0, everything).expect("accepted");
        assert_eq!(world.received(0), ["plain"], "once");
        world.narrow(0, &["news"]);
    }
}

#[test]
fn who_joins_again_wants_what_it_wanted() {
    let mut world = world_of(3, &[(1, 0), (2, 0)]);
    world.narrow(1, &["news"]);
    world.run(1);
    world.lose(0, 1);
    world.say_about(2, "weather", "rain").expect("joined");
    world.say_about(2, "news", "one").expect("joined");
    world.run(1);
    world.mend(0, 1);
    assert!(world.run_until(30, |world| world.is_linked(0, 1)));
    world.run(2);
    world.say_about(2, "weather", "sun").expect("joined");
    world.say_about(2, "news", "two").expect("joined");
    world.run(1);
    assert_eq!(world.received(1), ["one", "two"]);
    assert_eq!(world.nodes[1].mesh.stats().unwanted, 0, "not even sent");
}

/// Two ways from 0 to 3: the quick one by 1, which narrowed, the other by 2 and 4.
fn two_ways() -> World {
    let mut world = world_of(5, &[(1, 0), (2, 0), (3, 1), (4, 2), (3, 4)]);
    world.narrow(1, &["news"]);
    world.run(1);
    world
}

#[test]
fn no_tree_leads_through_who_narrowed() {
    let mut world = two_ways();
    let mut said = Vec::new();
    for number in 0..40 {
        let topic = ["news", "weather"][number % 2];
        world
            .say_about(0, topic, &number.to_string())
            .expect("joined");
        said.push(number.to_string());
        world.run_for(Duration::from_millis(100));
        assert_eq!(
            world.received(3),
            said,
            "in order and without being asked for"
        );
    }
    let grafts = |number: usize| world.nodes[number].mesh.stats().grafts;
    assert_eq!((0..5).map(grafts).sum::<u64>(), 0);
    let copies = |number: usize| world.nodes[number].mesh.stats().duplicates;
    assert!(
        (0..5).map(copies).sum::<u64>() < 10,
        "it heeds what it was asked"
    );
}

#[test]
fn what_nobody_here_wants_is_kept_for_who_comes_to_want_it() {
    let mut world = world_of(2, &[(1, 0)]);
    world.narrow(1, &["news"]);
    world.run(1);
    let sent = world.say_about(0, "weather", "rain");
    let Ok(Receipt::Sent {
        ticket, links: 0, ..
    }) = sent
    else {
        panic!("{sent:?}")
    };
    let is_settled = |event: &Event| matches!(event, Event::Settled { ticket: settled, result: Ok(()) } if *settled == ticket);
    assert!(world.nodes[0].events.iter().any(is_settled));
    world.narrow(1, &["weather"]);
    world.run(1);
    assert_eq!(world.received(1), ["rain"]);
}

#[test]
fn who_names_too_many_topics_is_sent_everything_and_nothing_of_it_is_kept() {
    let mut world = world_of(2, &[(1, 0)]);
    let mut peer = narrowed(&mut world);
    let names: Vec<_> = (0..257).map(|n| n.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    peer.signal(&mut world, &Signal::Interest(interest(&names)));
    heard(&mut world, &mut peer);
    world.broadcast(1, "all").expect("joined");
    world.run(1);
    assert_eq!(texts(&heard(&mut world, &mut peer)), ["all"]);
    peer.signal(&mut world, &Signal::Interest(interest(&names[1..])));
    let usage = world.nodes[0]
        .mesh
        .usage()
        .find(|usage| usage.what == "topics");
    assert_eq!(
        usage.map(|usage| (usage.used, usage.limit)),
        Some((256, 256))
    );
}

#[test]
fn who_wants_more_every_moment_is_told_of_it_once_a_second() {
    let mut world = world_of(2, &[(1, 0)]);
    for number in 0..100 {
        world
            .say_about(1, &number.to_string(), "text")
            .expect("joined");
    }
    world.run(1);
    let mut peer = narrowed(&mut world);
    let names: Vec<_> = (0..100).map(|n| n.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for count in 1..=100 {
        peer.signal(&mut world, &Signal::Interest(interest(&names[..count])));
    }
    world.run(3);
    assert_eq!(named(&heard(&mut world, &mut peer)), [1, 99]);
}
