//! Request and response with peers that know nothing else: where a node is, and who is told.

use rs2p::Scheme;
use rs2p::id::LinkId;
use rs2p::mesh::{CloseReason, Event, Failure, LinkEvent, LinkInfo};
use rs2p::wire::{IdForm, Kind, Message, Signal, Value};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, endpoint, heard, heard_texts};
use crate::world::World;

/// Node 0 with a legacy peer that knows where others are.
fn with_an_informant() -> (World, Legacy) {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut legacy = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut legacy);
    (world, legacy)
}

fn requests(messages: &[Message]) -> Vec<(Value, IdForm)> {
    let request = |message: &Message| match Signal::parse(message) {
        Ok(Signal::Request { request, form, .. }) => Some((request, form)),
        _ => None,
    };
    messages.iter().filter_map(request).collect()
}

/// Says that `wanted` is at `port`.
fn respond(world: &mut World, informant: &mut Legacy, request: &Value, wanted: &Legacy, port: u16) {
    let response = Signal::Response {
        request: request.clone(),
        endpoint: Some(endpoint(port)),
        node: wanted.node.clone(),
        form: IdForm::Bytes,
    };
    informant.say(world, Kind::Broadcast, &response.payload());
}

fn asked(world: &mut World, informant: &mut Legacy) -> Value {
    world.run(1);
    let asked = requests(&heard(world, informant));
    asked.first().expect("a request").0.clone()
}

#[test]
fn a_node_is_asked_for_in_both_forms_of_its_id() {
    let (mut world, mut informant) = with_an_informant();
    let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    world.whisper(0, &wanted.node, "psst").expect("accepted");
    world.run(1);
    let asked = requests(&heard(&mut world, &mut informant));
    let forms: Vec<_> = asked.iter().map(|(_, form)| *form).collect();
    assert_eq!(forms, [IdForm::Text, IdForm::Bytes]);
    assert_eq!(asked[0].0, asked[1].0, "one question");
}

#[test]
fn candidates_are_tried_in_turn_until_the_node_itself_has_greeted() {
    let (mut world, mut informant) = with_an_informant();
    world.doors.extend([211, 212]);
    let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    world.whisper(0, &wanted.node, "private").expect("accepted");
    let request = asked(&mut world, &mut informant);
    // Nobody is at the first, somebody else at the second.
    for port in [210, 211, 212] {
        respond(&mut world, &mut informant, &request, &wanted, port);
    }
    world.run(1);
    let [(0, liar, 211)] = world.knocks[..] else {
        panic!("one after the other: {:?}", world.knocks)
    };
    let mut liar = Legacy::on(liar, 202, IdForm::Bytes);
    liar.greet(&mut world, Scheme::Tcp, Some(211));
    world.run(1);
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::OtherNode { .. }]
    ));
    assert!(heard_texts(&mut world, &mut liar).is_empty());
    let (0, link, 212) = world.knocks[1] else {
        panic!("the third: {:?}", world.knocks)
    };
    let mut found = Legacy::on(link, 201, IdForm::Bytes);
    found.greet(&mut world, Scheme::Tcp, Some(212));
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut found), ["private"]);
    assert!(settled(&world, 0).contains(&Ok(())));
}

#[test]
fn an_answer_that_nobody_asked_for_is_not_dialled() {
    let (mut world, mut informant) = with_an_informant();
    world.doors.insert(210);
    let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    respond(&mut world, &mut informant, &"unasked".into(), &wanted, 210);
    world.run(1);
    world.whisper(0, &wanted.node, "psst").expect("accepted");
    world.run(1);
    respond(&mut world, &mut informant, &"unasked".into(), &wanted, 210);
    world.run(1);
    assert!(world.knocks.is_empty());
}

#[test]
fn candidates_that_lead_nowhere_end_in_an_error() {
    let (mut world, mut informant) = with_an_informant();
    let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    world.whisper(0, &wanted.node, "psst").expect("accepted");
    let request = asked(&mut world, &mut informant);
    respond(&mut world, &mut informant, &request, &wanted, 210);
    world.run(11);
    assert_eq!(settled(&world, 0), [Err(Failure::NoRoute(wanted.node))]);
}

#[test]
fn a_whisper_for_a_peer_that_only_the_relay_can_dial_is_looked_up_there() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let tab = world.add(|config| {
        config.outgoing = 0;
        config.advertise.clear();
    });
    world.connect(tab, 0);
    let mut informant = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut informant);
    world.doors.insert(210);
    // The node speaks, two hops from the tab, so that the way to it is known as far as the relay.
    let mut wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    wanted.broadcast(&mut world, "here");
    world.run(1);
    world
        .whisper(tab, &wanted.node.clone(), "psst")
        .expect("heard of");
    let request = asked(&mut world, &mut informant);
    respond(&mut world, &mut informant, &request, &wanted, 210);
    world.run(1);
    let (0, link, 210) = world.knocks[0] else {
        panic!("{:?}", world.knocks)
    };
    let mut peer = Legacy::on(link, 201, IdForm::Bytes);
    peer.greet(&mut world, Scheme::Tcp, Some(210));
    world.run(1);
    // The relay has a link now, and lends another.
    let (0, link, 210) = world.knocks[1] else {
        panic!("{:?}", world.knocks)
    };
    let mut lent = Legacy::on(link, 201, IdForm::Bytes);
    lent.greet(&mut world, Scheme::Tcp, Some(210));
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut lent), ["psst"]);
    lent.whisper(&mut world, "yes?");
    world.run(1);
    assert_eq!(world.received(tab), ["here", "yes?"]);
}

#[test]
fn whispers_of_others_that_find_no_way_are_bounded_and_counted() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| {
        config.outgoing = 0;
        // One link has a quarter of them.
        config.errands = 12;
    });
    let sender = world.add(|config| config.outgoing = 0);
    world.connect(sender, 0);
    let mut informant = Legacy::join(&mut world);
    world.run(1);
    // Nodes of which everybody heard, and to which no way leads any more.
    for number in 100..105 {
        let mut gone = Legacy::on(informant.link, number, IdForm::Bytes);
        gone.broadcast(&mut world, "here");
    }
    world.run(1);
    for number in 100..105 {
        let gone = Legacy::on(informant.link, number, IdForm::Bytes);
        world.whisper(sender, &gone.node, "psst").expect("heard of");
    }
    world.run(1);
    assert_eq!(world.nodes[0].mesh.stats().undeliverable, 2, "three wait");
    assert_eq!(requests(&heard(&mut world, &mut informant)).len(), 6);
    world.run(11);
    assert_eq!(world.nodes[0].mesh.stats().undeliverable, 5);
}

#[test]
fn a_question_is_answered_once_and_with_an_address_of_its_transport() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut asker = Legacy::join(&mut world);
    let wanted = Legacy::join_at(&mut world, 201, 210);
    world.run(1);
    heard(&mut world, &mut asker);
    for packet in ["one", "another"] {
        // Two messages with one question.
        let mut payload = Signal::Request {
            request: "question".into(),
            wanted: wanted.node.clone(),
            form: IdForm::Bytes,
        }
        .payload();
        payload[1] = "question".into();
        let time = rs2p::wire::Time::Seconds(crate::world::WALL.0 + u64::from(packet == "one"));
        asker.say_at(&mut world, Kind::Broadcast, time, &payload);
    }
    world.run(1);
    let answers: Vec<_> = heard(&mut world, &mut asker)
        .iter()
        .filter_map(|message| match Signal::parse(message) {
            Ok(Signal::Response { endpoint, form, .. }) => Some((endpoint, form)),
            _ => None,
        })
        .collect();
    assert_eq!(answers, [(Some(endpoint(210)), IdForm::Bytes)]);
}

#[test]
fn a_relative_is_told_of_nobody_without_an_address_and_js2p_of_nobody() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut asker = Legacy::join(&mut world);
    let tab = Legacy::join_as(&mut world, 201);
    let reachable = Legacy::join_at(&mut world, 202, 210);
    world.run(1);
    heard(&mut world, &mut asker);
    let ask = |wanted: &Legacy, form| {
        let request = format!("{form:?}").into();
        let wanted = wanted.node.clone();
        Signal::Request {
            request,
            wanted,
            form,
        }
        .payload()
    };
    asker.say(&mut world, Kind::Broadcast, &ask(&tab, IdForm::Bytes));
    let mut js2p = Legacy::on(asker.link, 203, IdForm::Text);
    js2p.say(&mut world, Kind::Broadcast, &ask(&reachable, IdForm::Text));
    world.run(1);
    let is_response =
        |message: &Message| matches!(Signal::parse(message), Ok(Signal::Response { .. }));
    assert!(!heard(&mut world, &mut asker).iter().any(is_response));
}

fn settled(world: &World, number: usize) -> Vec<Result<(), Failure>> {
    let settled = world.nodes[number]
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Settled { result, .. } => Some(result.clone()),
            _ => None,
        });
    settled.collect()
}

#[test]
fn all_whispers_to_one_node_share_one_question() {
    let (mut world, mut informant) = with_an_informant();
    let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    for _ in 0..3 {
        world.whisper(0, &wanted.node, "psst").expect("accepted");
    }
    world.run(1);
    assert_eq!(
        requests(&heard(&mut world, &mut informant)).len(),
        2,
        "in two forms"
    );
}

#[test]
fn an_address_of_this_node_is_no_place_to_look() {
    let (mut world, mut informant) = with_an_informant();
    world.doors.insert(1);
    let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
    world.whisper(0, &wanted.node, "psst").expect("accepted");
    let request = asked(&mut world, &mut informant);
    respond(&mut world, &mut informant, &request, &wanted, 1);
    world.run(1);
    assert!(world.knocks.is_empty());
}

#[test]
fn nobody_is_told_an_address_on_another_kind_of_transport() {
    let (mut world, mut asker) = with_an_informant();
    let link = LinkId::accepted(1 << 40);
    let info = LinkInfo {
        scheme: Scheme::Ws,
        remote: None,
        local_host: None,
        proxied: false,
    };
    world.schedule(0, LinkEvent::Opened { link, info });
    world.run(1);
    let mut page = Legacy::on(link, 201, IdForm::Bytes);
    page.greet(&mut world, Scheme::Ws, Some(210));
    let request = Signal::Request {
        request: "question".into(),
        wanted: page.node.clone(),
        form: IdForm::Bytes,
    };
    asker.say(&mut world, Kind::Broadcast, &request.payload());
    asker.say(&mut world, Kind::Whisper, &Signal::RequestPeers.payload());
    world.run(1);
    let said = heard(&mut world, &mut asker);
    let signals: Vec<_> = said.iter().map(Signal::parse).collect();
    assert_eq!(signals, [Ok(Signal::Peers(Vec::new()))]);
    // One of ours is told who is there, and not where.
    let mut ours = Legacy::knocking(&mut world, 202, IdForm::Text);
    ours.greet_as_ours(&mut world, Scheme::Tcp);
    let told =
        heard(&mut world, &mut ours)
            .iter()
            .find_map(|message| match Signal::parse(message) {
                Ok(Signal::Peers(entries)) => Some(entries),
                _ => None,
            });
    let told = told.expect("a list");
    assert!(told.iter().any(|entry| entry.node == page.node));
    assert!(told.iter().all(|entry| entry.endpoint.is_none()));
}

#[test]
fn of_answers_that_say_the_same_one_goes_round() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut asker = Legacy::join(&mut world);
    world.run(1);
    let mut answerers: Vec<_> = (210..220)
        .map(|number| Legacy::join_as(&mut world, number))
        .collect();
    let wanted = Legacy::on(asker.link, 201, IdForm::Bytes);
    let request = "question".into();
    heard(&mut world, &mut asker);
    for answerer in &mut answerers {
        respond(&mut world, answerer, &request, &wanted, 211);
    }
    // The first to come may lie, so who says something else is heard, too.
    for answerer in &mut answerers {
        respond(&mut world, answerer, &request, &wanted, 212);
    }
    world.run(1);
    assert_eq!(ports(&heard(&mut world, &mut asker)), [211, 212]);
}

#[test]
fn what_another_has_answered_is_not_answered_again() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| config.outgoing = 0);
    let mut asker = Legacy::join(&mut world);
    let wanted = Legacy::join_at(&mut world, 201, 210);
    let mut other = Legacy::join_as(&mut world, 202);
    world.run(1);
    heard(&mut world, &mut asker);
    respond(&mut world, &mut other, &"question".into(), &wanted, 210);
    let question = Signal::Request {
        request: "question".into(),
        wanted: wanted.node.clone(),
        form: IdForm::Bytes,
    };
    asker.say(&mut world, Kind::Broadcast, &question.payload());
    world.run(1);
    assert_eq!(ports(&heard(&mut world, &mut asker)), [210]);
}

/// The ports that answers name.
fn ports(messages: &[Message]) -> Vec<u16> {
    let port = |message: &Message| match Signal::parse(message) {
        Ok(Signal::Response { endpoint, .. }) => endpoint.map(|at| at.port),
        _ => None,
    };
    messages.iter().filter_map(port).collect()
}
