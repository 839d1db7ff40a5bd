//! What py2p and js2p need of a neighbour: links ended unseen, a quick redial, what they missed sent again.

use core::time::Duration;

use rs2p::Scheme;
use rs2p::id::LinkId;
use rs2p::mesh::{CloseReason, Command, LinkDown, LinkEvent};
use rs2p::time::WallSeconds;
use rs2p::wire::{Draft, IdForm, Kind, Signal, Time, Value};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, endpoint, heard, heard_texts};
use crate::world::{WALL, World};

const DOOR: u16 = 200;

fn alone(scheme: Scheme) -> World {
    let mut world = World::new(scheme);
    world.add(|config| config.outgoing = 0);
    world
}

/// Node 0 dials the door and the peer there greets.
fn dialled(world: &mut World, scheme: Scheme, form: IdForm) -> Legacy {
    world.doors.insert(DOOR);
    let address = rs2p::Address::new(scheme, "node", DOOR).expect("a host");
    let command = Command::Connect {
        address,
        expected: None,
        persist: true,
    };
    world.command(0, command).expect("accepted");
    world.run_for(Duration::from_millis(10));
    answer_at_the_door(world, scheme, form)
}

/// The peer greets on the newest link that came to the door.
fn answer_at_the_door(world: &mut World, scheme: Scheme, form: IdForm) -> Legacy {
    let &(_, link, _) = world.knocks.last().expect("a dial");
    let mut legacy = Legacy::on(link, 200, form);
    legacy.greet(world, scheme, Some(DOOR));
    legacy
}

fn has_greeting(messages: &[rs2p::wire::Message]) -> bool {
    let is_greeting = |message| matches!(Signal::parse(message), Ok(Signal::Handshake(_)));
    messages.iter().any(is_greeting)
}

#[test]
fn a_link_that_py2p_lost_is_dialled_again_within_a_second_as_often_as_it_takes() {
    let mut world = alone(Scheme::Tcp);
    let mut legacy = dialled(&mut world, Scheme::Tcp, IdForm::Bytes);
    for round in 2..=20 {
        world.hang_up(0, legacy.link);
        world.run(1);
        assert_eq!(world.knocks.len(), round, "dialled in time");
        legacy = answer_at_the_door(&mut world, Scheme::Tcp, IdForm::Bytes);
    }
    assert_eq!(world.nodes[0].mesh.peers().count(), 1);
}

#[test]
fn a_py2p_that_dialled_is_dialled_back_though_there_are_links_enough() {
    let mut world = alone(Scheme::Tcp);
    let legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    world.hang_up(0, legacy.link);
    world.run(1);
    assert_eq!(world.knocks.len(), 1);
}

#[test]
fn what_was_said_in_the_last_minute_is_sent_again_byte_for_byte_to_who_comes_back() {
    let mut world = alone(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    world.connect(1, 0);
    let mut legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    world.broadcast(0, "before").expect("joined");
    legacy.broadcast(&mut world, "its own");
    world.run(1);
    let before = heard(&mut world, &mut legacy).pop().expect("the broadcast");
    world.hang_up(0, legacy.link);
    world.broadcast(0, "meanwhile").expect("joined");
    world.broadcast(1, "of another").expect("joined");
    world.run_for(Duration::from_millis(300));
    let mut back = answer_at_the_door(&mut world, Scheme::Tcp, IdForm::Bytes);
    world.run(1);
    let again = heard(&mut world, &mut back);
    assert!(
        again
            .iter()
            .any(|message| message.packed() == before.packed())
    );
    let texts: Vec<_> = again
        .iter()
        .filter(|message| message.kind() == Kind::Broadcast)
        .filter_map(|message| message.packets()[0].as_str().map(str::to_owned))
        .collect();
    assert_eq!(texts, ["before", "meanwhile", "of another"]);
}

#[test]
fn a_newcomer_is_told_nothing_of_the_past() {
    let mut world = alone(Scheme::Tcp);
    let mut first = Legacy::join_as(&mut world, 200);
    world.run(1);
    world.broadcast(0, "past").expect("joined");
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut first), ["past"]);
    let mut second = Legacy::join_as(&mut world, 201);
    world.run(1);
    assert!(heard_texts(&mut world, &mut second).is_empty());
}

#[test]
fn a_process_that_started_anew_at_the_address_is_told_what_was_said_meanwhile() {
    let mut world = alone(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    world.connect(1, 0);
    let legacy = dialled(&mut world, Scheme::Tcp, IdForm::Bytes);
    world.broadcast(0, "before").expect("joined");
    world.run(1);
    world.hang_up(0, legacy.link);
    world.broadcast(0, "meanwhile").expect("joined");
    world.run(1);
    let &(_, link, _) = world.knocks.last().expect("a redial");
    let mut anew = Legacy::on(link, 201, IdForm::Bytes);
    anew.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut anew), ["meanwhile"]);
}

#[test]
fn frames_to_js2p_are_not_paced() {
    let mut world = alone(Scheme::Tcp);
    let mut js2p = Legacy::knocking(&mut world, 200, IdForm::Text);
    js2p.greet(&mut world, Scheme::Tcp, None);
    world.run(1);
    heard(&mut world, &mut js2p);
    for number in 0..30 {
        world.broadcast(0, format!("{number}")).expect("joined");
    }
    assert_eq!(heard(&mut world, &mut js2p).len(), 30);
}

#[test]
fn js2p_over_tcp_is_sent_no_renegotiation() {
    let mut world = alone(Scheme::Tcp);
    let mut js2p = Legacy::knocking(&mut world, 200, IdForm::Text);
    js2p.greet(&mut world, Scheme::Tcp, None);
    world.run(1);
    heard(&mut world, &mut js2p);
    for codes in [vec![], vec![0x13]] {
        js2p.say(
            &mut world,
            Kind::Renegotiate,
            &Signal::Compression(codes).payload(),
        );
    }
    world.run(1);
    assert!(heard(&mut world, &mut js2p).is_empty());
}

/// A link that somebody on `host` has dialled.
fn call_from(world: &mut World, host: &str, form: IdForm) -> Legacy {
    let link = world.open_from(0, host);
    Legacy::on(link, 200, form)
}

#[test]
fn when_both_dial_py2p_sees_the_handshake_on_one_link_only() {
    // Whichever of its two greetings comes first, and whether its call or this node's dial came first.
    for (call_first, called_greets_first) in
        [(true, true), (true, false), (false, true), (false, false)]
    {
        let mut world = alone(Scheme::Tcp);
        world.doors.insert(DOOR);
        let mut caller = call_first.then(|| call_from(&mut world, "node", IdForm::Bytes));
        let address = rs2p::Address::new(Scheme::Tcp, "node", DOOR).expect("a host");
        let command = Command::Connect {
            address,
            expected: None,
            persist: true,
        };
        world.command(0, command).expect("accepted");
        world.run_for(Duration::from_millis(10));
        let mut caller = caller
            .take()
            .unwrap_or_else(|| call_from(&mut world, "node", IdForm::Bytes));
        let mut called = Legacy::on(world.knocks[0].1, 200, IdForm::Bytes);
        let order = if called_greets_first {
            [&mut called, &mut caller]
        } else {
            [&mut caller, &mut called]
        };
        for end in order {
            end.greet(&mut world, Scheme::Tcp, Some(DOOR));
            world.run_for(Duration::from_millis(10));
        }
        world.run(2);
        let seen = [&mut called, &mut caller].map(|end| has_greeting(&heard(&mut world, end)));
        assert_eq!(
            seen.iter().filter(|&&seen| seen).count(),
            1,
            "call first: {call_first}, called greets first: {called_greets_first}: {seen:?}"
        );
        assert_eq!(world.nodes[0].mesh.links(), 1);
        assert_eq!(world.nodes[0].mesh.peers().count(), 1);
    }
}

#[test]
fn a_caller_that_turns_out_to_be_another_node_delays_a_link_and_costs_none() {
    let mut world = alone(Scheme::Tcp);
    world.doors.insert(DOOR);
    let stranger = call_from(&mut world, "node", IdForm::Bytes);
    let mut called = dialled(&mut world, Scheme::Tcp, IdForm::Bytes);
    assert_eq!(world.nodes[0].mesh.peers().count(), 0, "held");
    let mut other = Legacy::on(stranger.link, 201, IdForm::Bytes);
    other.greet(&mut world, Scheme::Tcp, None);
    world.run_for(Duration::from_millis(10));
    assert_eq!(world.nodes[0].mesh.peers().count(), 2);
    called.broadcast(&mut world, "works");
    assert_eq!(world.received(0), ["works"]);
}

#[test]
fn what_follows_a_held_handshake_is_not_lost() {
    let mut world = alone(Scheme::Tcp);
    world.doors.insert(DOOR);
    let silent = call_from(&mut world, "node", IdForm::Bytes);
    let mut called = dialled(&mut world, Scheme::Tcp, IdForm::Bytes);
    called.broadcast(&mut world, "eager");
    assert!(world.received(0).is_empty());
    world.run(1);
    assert_eq!(world.received(0), ["eager"]);
    assert!(
        world.closes.is_empty(),
        "{:?} {:?}",
        world.closes,
        silent.link
    );
}

#[test]
fn a_second_link_of_a_legacy_peer_whose_first_is_dead_takes_over() {
    let mut world = alone(Scheme::Ws);
    let mut first = Legacy::knocking(&mut world, 200, IdForm::Text);
    first.greet(&mut world, Scheme::Ws, None);
    world.run(1);
    heard(&mut world, &mut first);
    let mut second = Legacy::knocking(&mut world, 200, IdForm::Text);
    second.greet(&mut world, Scheme::Ws, None);
    world.run(1);
    assert!(
        !has_greeting(&heard(&mut world, &mut second)),
        "held until the first was asked"
    );
    world.run(2);
    assert!(has_greeting(&heard(&mut world, &mut second)));
    assert_eq!(world.closed_with(0), [&CloseReason::Replaced]);
    world.broadcast(0, "works").expect("joined");
    assert_eq!(heard_texts(&mut world, &mut second), ["works"]);
}

#[test]
fn a_second_link_of_js2p_is_ended_unseen_and_the_first_greeted_again() {
    let mut world = alone(Scheme::Ws);
    let mut first = Legacy::knocking(&mut world, 200, IdForm::Text);
    first.greet(&mut world, Scheme::Ws, None);
    world.run(1);
    heard(&mut world, &mut first);
    let mut second = Legacy::knocking(&mut world, 200, IdForm::Text);
    second.greet(&mut world, Scheme::Ws, None);
    world.run_for(Duration::from_millis(10));
    first.say(
        &mut world,
        Kind::Whisper,
        &Signal::Peers(Vec::new()).payload(),
    );
    world.run(1);
    assert_eq!(world.closed_with(0), [&CloseReason::Duplicate]);
    assert!(heard(&mut world, &mut second).is_empty());
    assert!(
        has_greeting(&heard(&mut world, &mut first)),
        "js2p has forgotten it"
    );
    assert_eq!(world.nodes[0].mesh.links(), 1);
}

#[test]
fn who_hears_a_handshake_and_closes_without_a_word_may_be_in_another_subnet() {
    let mut world = alone(Scheme::Ws);
    world.doors.insert(DOOR);
    let address = rs2p::Address::new(Scheme::Ws, "node", DOOR).expect("a host");
    let command = Command::Connect {
        address,
        expected: None,
        persist: false,
    };
    world.command(0, command).expect("accepted");
    world.run(1);
    let link: LinkId = world.knocks[0].1;
    let down = LinkDown::ClosedByPeer {
        code: None,
        reason: String::new(),
    };
    world.schedule(0, LinkEvent::Closed { link, down });
    world.run(1);
    let told = world.nodes[0].events.iter().any(|event| match event {
        rs2p::mesh::Event::Settled {
            result: Err(failure),
            ..
        } => failure.to_string().contains("subnet \"test\""),
        _ => false,
    });
    assert!(told);
}

#[test]
fn a_peer_is_not_blamed_for_what_others_wrote() {
    let mut world = World::with(Scheme::Tcp, 2);
    world.line();
    let mut legacy = Legacy::join(&mut world);
    let mut nest = Value::Nil;
    for _ in 0..40 {
        nest = Value::Array(vec![nest]);
    }
    let author = Legacy::on(legacy.link, 201, IdForm::Bytes).node;
    let mut draft = Draft::new(Kind::Broadcast, &author, WALL);
    draft.time = Time::Seconds(WALL.0);
    let message = draft.encode(&[Value::from(0_u64), nest]);
    world.hand(0, legacy.link, message.frame().into_bytes());
    legacy.broadcast(&mut world, "sound");
    world.run(1);
    assert_eq!(world.received(1), ["sound"]);
    assert!(world.closes.is_empty());
    assert_eq!(world.nodes[0].mesh.stats().malformed, 1);
}

#[test]
fn a_disconnected_node_is_not_dialled_because_others_tell_of_it() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|_| {});
    let mut legacy = Legacy::join_at(&mut world, 200, DOOR);
    let mut teller = Legacy::join_as(&mut world, 201);
    world.run(1);
    let node = legacy.node.clone();
    world
        .command(0, Command::Disconnect { node: node.clone() })
        .expect("a peer");
    let list = Signal::Peers(vec![rs2p::wire::PeerEntry {
        endpoint: Some(endpoint(DOOR)),
        node: node.clone(),
        form: IdForm::Bytes,
    }]);
    teller.say(&mut world, Kind::Whisper, &list.payload());
    world.run(5);
    assert!(world.knocks.is_empty());
    let address = rs2p::Address::new(Scheme::Tcp, "node", DOOR).expect("a host");
    let command = Command::Connect {
        address,
        expected: Some(node),
        persist: true,
    };
    world.command(0, command).expect("accepted");
    world.run(1);
    assert_eq!(world.knocks.len(), 1, "the user wants it again");
    heard(&mut world, &mut legacy);
}

#[test]
fn a_broadcast_that_left_twice_at_the_turn_of_a_second_is_one() {
    let mut world = World::with(Scheme::Tcp, 2);
    world.line();
    let legacy = Legacy::join(&mut world);
    let other = Legacy::join_as(&mut world, 201);
    world.run(1);
    let say = |world: &mut World, by: &Legacy, time, text: &str| {
        let mut draft = Draft::new(Kind::Broadcast, &legacy.node, WallSeconds(0));
        draft.time = Time::Seconds(time);
        by.relay(world, &draft.encode(&[Value::from(0_u64), text.into()]));
    };
    // The copy comes by way of another peer, as each is sent one: later or earlier.
    say(&mut world, &legacy, WALL.0, "once");
    say(&mut world, &other, WALL.0 + 1, "once");
    say(&mut world, &other, WALL.0 + 1, "else");
    say(&mut world, &legacy, WALL.0, "else");
    world.run_for(Duration::from_millis(900));
    // Said again, as some do every second.
    say(&mut world, &legacy, WALL.0 + 2, "once");
    world.run(1);
    assert_eq!(world.received(1), ["once", "else", "once"]);
    assert_eq!(world.received(0), ["once", "else", "once"]);
}

/// The peers that a list names, of all lists that were said.
fn named(messages: &[rs2p::wire::Message]) -> Vec<rs2p::id::NodeId> {
    let lists = messages
        .iter()
        .filter_map(|message| match Signal::parse(message) {
            Ok(Signal::Peers(entries)) => Some(entries),
            _ => None,
        });
    lists.flatten().map(|entry| entry.node).collect()
}

#[test]
fn js2p_is_told_of_no_peers_and_py2p_of_no_js2p() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    world.add(|config| config.outgoing = 0);
    world.connect(1, 0);
    world.run(1);
    let mut js2p = Legacy::knocking(&mut world, 200, IdForm::Text);
    js2p.greet(&mut world, Scheme::Tcp, Some(DOOR));
    let mut py2p = Legacy::join_at(&mut world, 201, DOOR + 1);
    world.run(1);
    assert!(named(&heard(&mut world, &mut js2p)).is_empty());
    assert_eq!(named(&heard(&mut world, &mut py2p)), [world.id(1)]);
}

#[test]
fn no_question_is_repeated_to_who_comes_back() {
    let mut world = alone(Scheme::Tcp);
    Legacy::join_as(&mut world, 201);
    let legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    world.hang_up(0, legacy.link);
    let nobody = "2nobody".parse().expect("an id");
    world.whisper(0, &nobody, "x").expect("accepted");
    world.run(1);
    let mut back = answer_at_the_door(&mut world, Scheme::Tcp, IdForm::Bytes);
    world.run(1);
    let is_broadcast = |message: &rs2p::wire::Message| message.kind() == Kind::Broadcast;
    assert!(!heard(&mut world, &mut back).iter().any(is_broadcast));
}

#[test]
fn nothing_is_sent_again_to_who_lost_one_of_two_links() {
    let mut world = alone(Scheme::Tcp);
    let mut join = || Legacy::join_at(&mut world, 200, DOOR);
    let (_first, second) = (join(), join());
    world.hang_up(0, second.link);
    world.broadcast(0, "had by the first").expect("joined");
    let mut third = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    assert!(heard_texts(&mut world, &mut third).is_empty());
}

#[test]
fn a_whisper_to_who_comes_back_waits_for_what_it_missed() {
    let mut world = alone(Scheme::Tcp);
    Legacy::join_as(&mut world, 201);
    let legacy = Legacy::join_as(&mut world, 200);
    world.run(1);
    world.hang_up(0, legacy.link);
    for number in 0..1_100 {
        world.broadcast(0, format!("{number}")).expect("joined");
        world.run_for(Duration::from_millis(5));
    }
    world.whisper(0, &legacy.node, "psst").expect("accepted");
    let mut back = Legacy::join_as(&mut world, 200);
    let first = heard_texts(&mut world, &mut back).len();
    assert!(first < 100, "paced: {first}");
    world.run(5);
    let texts = heard_texts(&mut world, &mut back);
    assert!(texts.contains(&"psst".to_owned()), "{}", texts.len());
}

#[test]
fn a_whisper_is_sent_again_when_asked_for() {
    let mut world = alone(Scheme::Tcp);
    let mut legacy = Legacy::join_as(&mut world, 200);
    world
        .whisper(0, &legacy.node.clone(), "psst")
        .expect("a peer");
    legacy.say(&mut world, Kind::Renegotiate, &Signal::Resend.payload());
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut legacy), ["psst", "psst"]);
}

#[test]
fn who_closes_before_it_heard_anything_is_not_said_to_be_in_another_subnet() {
    let mut world = alone(Scheme::Tcp);
    world.doors.insert(DOOR);
    let address = rs2p::Address::new(Scheme::Tcp, "node", DOOR).expect("a host");
    let command = Command::Connect {
        address,
        expected: None,
        persist: false,
    };
    world.command(0, command).expect("accepted");
    world.run(1);
    world.hang_up(0, world.knocks[0].1);
    let said = world.nodes[0].events.iter().any(|event| match event {
        rs2p::mesh::Event::Settled {
            result: Err(failure),
            ..
        } => failure.to_string().contains("subnet"),
        _ => false,
    });
    assert!(!said);
}

#[test]
fn a_node_that_the_user_wants_again_by_its_address_is_dialled_as_others_are() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|_| {});
    let mut teller = Legacy::join_as(&mut world, 201);
    let legacy = Legacy::join_as(&mut world, 200);
    let node = legacy.node.clone();
    world
        .command(0, Command::Disconnect { node: node.clone() })
        .expect("a peer");
    let back = dialled(&mut world, Scheme::Tcp, IdForm::Bytes);
    assert_eq!(back.node, node);
    // It moves.
    world.doors.remove(&DOOR);
    world.doors.insert(210);
    world.hang_up(0, back.link);
    let list = Signal::Peers(vec![rs2p::wire::PeerEntry {
        endpoint: Some(endpoint(210)),
        node,
        form: IdForm::Bytes,
    }]);
    teller.say(&mut world, Kind::Whisper, &list.payload());
    world.run(1);
    assert_eq!(world.knocks.last().map(|&(_, _, port)| port), Some(210));
}

#[test]
fn a_py2p_that_sends_what_no_link_takes_is_dialled_back() {
    let mut world = alone(Scheme::Tcp);
    let legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    world.hand(0, legacy.link, 3_000_000_u32.to_be_bytes().to_vec());
    world.run(1);
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::Undecodable(_)]
    ));
    assert_eq!(world.knocks.len(), 1);
}
