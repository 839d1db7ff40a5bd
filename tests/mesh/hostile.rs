//! What no peer can make a node do: give up a link that lives, dial for others without end, tell secrets, keep without bound.

use core::time::Duration;

use rs2p::mesh::{CloseReason, Command, Event, Reach};
use rs2p::wire::{Flag, IdForm, Kind, PeerEntry, RawPackets, Signal, Value};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, endpoint, heard, heard_texts};
use crate::world::World;

const DOOR: u16 = 200;

fn alone(scheme: Scheme) -> World {
    let mut world = World::new(scheme);
    world.add(|config| config.outgoing = 0);
    world
}

fn peers_list(peer: &mut Legacy, world: &mut World) {
    peer.say(world, Kind::Whisper, &Signal::Peers(Vec::new()).payload());
}

fn disconnect(world: &mut World, peer: &Legacy) {
    let node = peer.node.clone();
    world
        .command(0, Command::Disconnect { node })
        .expect("a peer");
}

#[test]
fn no_claims_to_an_id_displace_a_link_that_lives_however_many_come_at_once() {
    let mut world = alone(Scheme::Ws);
    let mut first = Legacy::knocking(&mut world, 200, IdForm::Text);
    first.greet(&mut world, Scheme::Ws, None);
    world.run(1);
    for _ in 0..3 {
        let mut claim = Legacy::knocking(&mut world, 200, IdForm::Text);
        claim.greet(&mut world, Scheme::Ws, None);
    }
    world.run_for(Duration::from_millis(100));
    // It lives: it answers when it is asked.
    peers_list(&mut first, &mut world);
    world.run(5);
    assert_eq!(world.closed_with(0), [&CloseReason::Duplicate; 3]);
    first.whisper(&mut world, "still here");
    assert_eq!(world.received(0), ["still here"]);
}

#[test]
fn a_whisper_to_one_peer_is_sent_again_to_nobody() {
    let mut world = alone(Scheme::Tcp);
    let friend = Legacy::join_as(&mut world, 201);
    let legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    let secret = |reach, packet: &str| Command::Broadcast {
        reach,
        flag: Flag::BROADCAST,
        packets: RawPackets::from_values(&[packet.into()]).expect("a packet"),
        topic: None,
    };
    let to_friend = Reach::Peer(friend.node.clone());
    world
        .command(0, secret(to_friend.clone(), "before"))
        .expect("a peer");
    world.hang_up(0, legacy.link);
    world
        .command(0, secret(to_friend, "after"))
        .expect("a peer");
    world
        .command(0, secret(Reach::Mesh, "to all"))
        .expect("joined");
    world.run(1);
    let &(_, link, _) = world.knocks.last().expect("a redial");
    let mut back = Legacy::on(link, 200, IdForm::Bytes);
    back.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    assert_eq!(heard_texts(&mut world, &mut back), ["to all"]);
}

/// A relay, number 0, with a legacy peer at the door, and number 1 behind it.
fn relay_between() -> (World, Legacy) {
    let mut world = alone(Scheme::Tcp);
    world.add(|config| {
        config.outgoing = 0;
        config.advertise.clear();
    });
    world.connect(1, 0);
    let mut legacy = Legacy::join_at(&mut world, 200, DOOR);
    world.run(1);
    legacy.broadcast(&mut world, "here");
    world.run(1);
    heard(&mut world, &mut legacy);
    (world, legacy)
}

#[test]
fn who_is_disconnected_keeps_no_lent_link_either() {
    let (mut world, legacy) = relay_between();
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    let mut lent = Legacy::on(world.knocks[0].1, 200, IdForm::Bytes);
    lent.greet(&mut world, Scheme::Tcp, Some(DOOR));
    world.run(1);
    disconnect(&mut world, &legacy);
    assert_eq!(world.nodes[0].mesh.links(), 1, "that to number 1");
}

#[test]
fn an_address_that_leads_nowhere_is_not_dialled_for_each_whisper() {
    let (mut world, mut legacy) = relay_between();
    // Somebody else answers there, or nobody: the peer named an address that is not its own.
    let to = legacy.node.clone();
    for _ in 0..20 {
        world.whisper(1, &to, "psst").expect("heard of");
        world.run_for(Duration::from_millis(20));
        if let Some(&(_, link, _)) = world.knocks.last() {
            let mut other = Legacy::on(link, 201, IdForm::Bytes);
            other.greet(&mut world, Scheme::Tcp, Some(DOOR));
        }
    }
    assert_eq!(world.knocks.len(), 1);
    assert_eq!(heard_texts(&mut world, &mut legacy).len(), 20);
    world.run(120);
    world.whisper(1, &to, "psst").expect("heard of");
    world.run(1);
    assert_eq!(world.knocks.len(), 2, "tried again when time has passed");
}

#[test]
fn what_waits_for_a_lent_link_is_bounded_in_bytes() {
    let (mut world, legacy) = relay_between();
    let to = legacy.node.clone();
    for _ in 0..8 {
        world
            .whisper(1, &to, &"x".repeat(500_000))
            .expect("heard of");
        world.run_for(Duration::from_millis(100));
    }
    assert_eq!(world.nodes[0].mesh.stats().undeliverable, 6, "1 MiB waits");
}

#[test]
fn an_address_at_which_another_node_is_does_not_hold_up_the_search() {
    // One that was told as another node's and is being dialled, whose node is found there; then one whose node is linked.
    for is_linked in [false, true] {
        let mut world = World::new(Scheme::Tcp);
        world.add(|config| config.outgoing = 1);
        let mut informant = Legacy::join(&mut world);
        world.run(1);
        world.doors.extend([211, 212]);
        let other = Legacy::on(informant.link, 202, IdForm::Bytes);
        if is_linked {
            Legacy::join_as(&mut world, 202);
        }
        let list = Signal::Peers(vec![PeerEntry {
            endpoint: Some(endpoint(211)),
            node: Legacy::on(informant.link, 203, IdForm::Bytes).node,
            form: IdForm::Bytes,
        }]);
        informant.say(&mut world, Kind::Whisper, &list.payload());
        world.run_for(Duration::from_millis(10));
        assert_eq!(world.knocks.len(), 1);
        heard(&mut world, &mut informant);
        let wanted = Legacy::on(informant.link, 201, IdForm::Bytes);
        world.whisper(0, &wanted.node, "psst").expect("accepted");
        world.run_for(Duration::from_millis(10));
        let request = heard(&mut world, &mut informant)
            .iter()
            .find_map(|message| match Signal::parse(message) {
                Ok(Signal::Request { request, .. }) => Some(request),
                _ => None,
            })
            .expect("a request");
        for port in [211, 212] {
            let response = Signal::Response {
                request: request.clone(),
                endpoint: Some(endpoint(port)),
                node: wanted.node.clone(),
                form: IdForm::Bytes,
            };
            informant.say(&mut world, Kind::Broadcast, &response.payload());
        }
        let mut there = Legacy::on(world.knocks[0].1, 202, IdForm::Bytes);
        assert_eq!(there.node, other.node);
        there.greet(&mut world, Scheme::Tcp, Some(211));
        world.run(1);
        let ports: Vec<_> = world.knocks.iter().map(|&(_, _, port)| port).collect();
        assert!(ports.contains(&212), "linked: {is_linked}: {ports:?}");
    }
}

#[test]
fn a_closing_node_begins_no_search_for_others() {
    let mut world = World::new(Scheme::Tcp);
    for _ in 0..2 {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    let mut legacy = Legacy::join(&mut world);
    let mut gone = Legacy::on(legacy.link, 201, IdForm::Bytes);
    gone.broadcast(&mut world, "here");
    world.run(1);
    heard(&mut world, &mut legacy);
    world.nodes[1].is_stalled = true;
    world.broadcast(0, "holds the link").expect("joined");
    world.command(0, Command::Close).expect("accepted");
    world.whisper(1, &gone.node, "psst").expect("heard of");
    world.run(3);
    let events = &world.nodes[0].events;
    assert!(matches!(events.last(), Some(Event::Closed)), "{events:?}");
    assert_eq!(world.nodes[0].mesh.poll_timeout(), None);
}

/// The relay is asked by number 1 to find `wanted`, and told that it is at the door.
fn sent_to_the_door(world: &mut World, informant: &mut Legacy, wanted: &Legacy) {
    world.run(1);
    let messages = heard(world, informant);
    let request = messages
        .iter()
        .find_map(|message| match Signal::parse(message) {
            Ok(Signal::Request { request, .. }) => Some(request),
            _ => None,
        });
    let response = Signal::Response {
        request: request.expect("a request"),
        endpoint: Some(endpoint(DOOR)),
        node: wanted.node.clone(),
        form: IdForm::Bytes,
    };
    informant.say(world, Kind::Broadcast, &response.payload());
    world.run(1);
}

#[test]
fn a_disconnected_node_is_dialled_for_the_users_own_whisper_and_for_nobody_elses() {
    let (mut world, legacy) = relay_between();
    let mut informant = Legacy::join_as(&mut world, 202);
    world.run(1);
    disconnect(&mut world, &legacy);
    let to = legacy.node.clone();
    world.whisper(1, &to, "psst").expect("heard of");
    sent_to_the_door(&mut world, &mut informant, &legacy);
    assert!(world.knocks.is_empty());
    world.run(11);
    heard(&mut world, &mut informant);
    world.whisper(0, &to, "psst").expect("accepted");
    sent_to_the_door(&mut world, &mut informant, &legacy);
    assert_eq!(world.knocks.len(), 1);
}

#[test]
fn an_address_on_another_machine_than_the_caller_is_dialled_once_and_not_for_a_minute() {
    for (host, is_its_own) in [("elsewhere", false), ("node", true)] {
        let mut world = World::new(Scheme::Tcp);
        world.add(|_| {});
        // Without a peer every address is dialled for ever.
        let mut friend = Legacy::join_as(&mut world, 201);
        let link = world.open_from(0, host);
        let mut caller = Legacy::on(link, 200, IdForm::Bytes);
        // Nobody listens there.
        caller.greet(&mut world, Scheme::Tcp, Some(DOOR));
        world.run(1);
        world.hang_up(0, caller.link);
        for _ in 0..5 {
            world.run(10);
            peers_list(&mut friend, &mut world);
        }
        let dials = world.nodes[0]
            .events
            .iter()
            .filter(|event| matches!(event, Event::DialFailed { .. }))
            .count();
        assert_eq!(dials > 20, is_its_own, "{dials} dials");
    }
}

#[test]
fn one_question_for_two_nodes_is_two_questions() {
    let mut world = alone(Scheme::Tcp);
    let mut asker = Legacy::join(&mut world);
    let others = [201, 202].map(|number| Legacy::join_at(&mut world, number, u16::from(number)));
    world.run(1);
    heard(&mut world, &mut asker);
    for other in &others {
        let request = Signal::Request {
            request: "question".into(),
            wanted: other.node.clone(),
            form: IdForm::Bytes,
        };
        asker.say(&mut world, Kind::Broadcast, &request.payload());
    }
    world.run(1);
    assert_eq!(answers(&mut world, &mut asker), 2);
}

#[test]
fn a_question_with_a_huge_number_is_not_repeated_to_everybody() {
    let mut world = alone(Scheme::Tcp);
    let mut asker = Legacy::join(&mut world);
    let wanted = Legacy::join_at(&mut world, 201, DOOR);
    world.run(1);
    heard(&mut world, &mut asker);
    for (size, answered) in [(100, 1), (1_000, 0)] {
        let request = Signal::Request {
            request: Value::from("x".repeat(size)),
            wanted: wanted.node.clone(),
            form: IdForm::Bytes,
        };
        asker.say(&mut world, Kind::Broadcast, &request.payload());
        world.run(1);
        assert_eq!(answers(&mut world, &mut asker), answered, "{size} bytes");
    }
}

fn answers(world: &mut World, asker: &mut Legacy) -> usize {
    let heard = heard(world, asker);
    let is_answer = |message: &&rs2p::wire::Message| {
        matches!(Signal::parse(message), Ok(Signal::Response { .. }))
    };
    heard.iter().filter(is_answer).count()
}

#[test]
fn a_link_that_ends_while_another_stays_is_nothing_to_dial_for() {
    let mut world = alone(Scheme::Tcp);
    world.doors.insert(DOOR);
    let first = Legacy::join_at(&mut world, 200, DOOR);
    let second = Legacy::join_at(&mut world, 200, DOOR);
    let address = Address::new(Scheme::Tcp, "node", DOOR).expect("a host");
    world.hang_up(0, second.link);
    world.run(1);
    assert!(world.knocks.is_empty(), "{address}");
    assert_eq!(world.nodes[0].mesh.peers().count(), 1);
    world.hang_up(0, first.link);
    world.run(1);
    assert_eq!(world.knocks.len(), 1);
}
