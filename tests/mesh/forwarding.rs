//! Whispers to nodes that nobody can dial, handed on by those between.

use rs2p::Scheme;
use rs2p::id::NodeId;
use rs2p::mesh::{Event, Failure};
use rs2p::time::WallSeconds;
use rs2p::wire::{Draft, IdForm, Kind, Message, PeerEntry, Signal, Time, Trailer, Value, sub_flag};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard, wall};
use crate::world::{WALL, World};

/// A line in which nobody can be dialled but by the one before.
fn line(count: usize) -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..count {
        world.add(|config| {
            config.outgoing = 0;
            config.advertise.clear();
        });
    }
    world.line();
    world
}

#[test]
fn a_reply_finds_its_way_back_over_several_nodes() {
    let mut world = line(5);
    world.broadcast(0, "who is there?").expect("joined");
    world.run(1);
    let asker = world.id(0);
    world.whisper(4, &asker, "I am").expect("the way is known");
    world.run(1);
    assert_eq!(world.received(0), ["I am"]);
    for between in 1..4 {
        assert_eq!(
            world.received(between),
            ["who is there?"],
            "node {between} only hands it on"
        );
    }
    let message = world.nodes[0].events.iter().find_map(|event| match event {
        Event::Message { message, via } => Some((message.sender().clone(), via.clone())),
        _ => None,
    });
    assert_eq!(message, Some((world.id(4), world.id(1))));
}

#[test]
fn a_neighbours_neighbour_is_found_before_it_has_spoken() {
    let mut world = line(3);
    // The first greeted when the last was not there yet: it asks anew, as a page does every few seconds.
    world
        .command(0, rs2p::mesh::Command::RequestPeers)
        .expect("accepted");
    world.run(1);
    let silent = world.id(2);
    world
        .whisper(0, &silent, "psst")
        .expect("told by the node between");
    world.run(1);
    assert_eq!(world.received(2), ["psst"]);
}

#[test]
fn a_first_whisper_is_answered_by_who_never_heard_of_its_sender() {
    let mut world = line(3);
    // The first asks who is there; the last never does, and greeted when the first was not there yet.
    world
        .command(0, rs2p::mesh::Command::RequestPeers)
        .expect("accepted");
    world.run(1);
    let (first, last) = (world.id(0), world.id(2));
    world
        .whisper(0, &last, "psst")
        .expect("told by the node between");
    world.run(1);
    assert_eq!(world.received(2), ["psst"]);
    world
        .whisper(2, &first, "yes?")
        .expect("the way that it came");
    world.run(1);
    assert_eq!(world.received(0), ["yes?"]);
}

#[test]
fn a_whisper_arrives_once_though_ways_are_many() {
    let mut world = World::with(Scheme::Ws, 8);
    for number in 1..8 {
        world.connect(number, 0);
    }
    world.run(10);
    world.broadcast(7, "here").expect("joined");
    world.run(1);
    let to = world.id(7);
    for number in 0..50 {
        world
            .whisper(3, &to, &format!("{number}"))
            .expect("accepted");
    }
    world.run(1);
    assert_eq!(world.received(7).len(), 50);
}

#[test]
fn a_whisper_is_settled_when_the_next_node_has_it() {
    let mut world = line(3);
    world.broadcast(0, "here").expect("joined");
    world.run(1);
    let to = world.id(0);
    world.whisper(2, &to, "psst").expect("accepted");
    world.run(1);
    assert!(
        world.nodes[2]
            .events
            .iter()
            .any(|e| matches!(e, Event::Settled { result: Ok(()), .. }))
    );
}

#[test]
fn a_node_that_has_gone_is_looked_up_in_vain() {
    let mut world = line(3);
    world.broadcast(0, "here").expect("joined");
    world.run(1);
    let gone = world.id(0);
    world.kill(0);
    world.kill(1);
    world.run(1);
    world.restart(1);
    world.connect(2, 1);
    world.run(5);
    world.whisper(2, &gone, "psst").expect("accepted");
    world.run(11);
    let failed = |event: &Event| {
        matches!(
            event,
            Event::Settled {
                result: Err(Failure::NoRoute(_)),
                ..
            }
        )
    };
    assert!(world.nodes[2].events.iter().any(failed));
}

/// A node of ours, played by hand, that is a neighbour of node 0.
fn neighbour(world: &mut World, number: u8) -> Legacy {
    let mut neighbour = Legacy::knocking(world, number, IdForm::Text);
    neighbour.greet_as_ours(world, Scheme::Ws);
    heard(world, &mut neighbour);
    neighbour
}

/// A whisper of node `number`, as that one packs it.
fn packed(world: &World, number: u8, change: impl FnOnce(&mut Draft, &mut Trailer)) -> Message {
    let node = NodeId::from_entropy(&[number; 48]);
    let mut trailer = Trailer {
        nonce: Some(7),
        ..Trailer::default()
    };
    let mut draft = Draft::new(Kind::Whisper, &node, WallSeconds(wall(world)));
    change(&mut draft, &mut trailer);
    draft
        .trailer(trailer)
        .encode(&[sub_flag::WHISPER.into(), "psst".into()])
}

/// Node 0 between two nodes of ours.
fn between() -> (World, Legacy, Legacy) {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.outgoing = 0);
    world.run(100);
    let (from, to) = (neighbour(&mut world, 200), neighbour(&mut world, 201));
    (world, from, to)
}

fn forwards(world: &mut World, peer: &mut Legacy) -> usize {
    let is_forward =
        |message: &&Message| matches!(Signal::parse(message), Ok(Signal::Forward { .. }));
    heard(world, peer).iter().filter(is_forward).count()
}

#[test]
fn a_whisper_is_handed_on_once_however_often_it_comes() {
    let (mut world, mut from, mut to) = between();
    let message = packed(&world, 200, |_, _| {});
    for _ in 0..2 {
        from.forward(&mut world, &to.node, &message);
    }
    assert_eq!(forwards(&mut world, &mut to), 1);
    assert_eq!(world.nodes[0].mesh.stats().duplicates, 1);
}

#[test]
fn what_no_node_on_the_way_could_know_again_or_trust_is_not_handed_on() {
    let changes: [fn(&mut Draft, &mut Trailer); 4] = [
        |_, trailer| trailer.nonce = None,
        |draft, _| draft.time = Time::Seconds(WALL.0),
        |draft, _| draft.time = Time::Other(Value::F64(1.5)),
        |draft, _| draft.kind = Kind::Broadcast,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (mut world, mut from, mut to) = between();
        let message = packed(&world, 200, change);
        from.forward(&mut world, &to.node, &message);
        assert_eq!(forwards(&mut world, &mut to), 0, "{number}");
        assert_eq!(world.nodes[0].mesh.stats().malformed, 1, "{number}");
    }
}

#[test]
fn a_whisper_to_its_own_sender_or_of_this_node_is_not_handed_on() {
    let (mut world, mut from, mut to) = between();
    let message = packed(&world, 201, |_, _| {});
    from.forward(&mut world, &to.node, &message);
    let own = world.id(0);
    let trailer = Trailer {
        nonce: Some(9),
        ..Trailer::default()
    };
    let message = Draft::new(Kind::Whisper, &own, WallSeconds(wall(&world)))
        .trailer(trailer)
        .encode(&[sub_flag::WHISPER.into(), "psst".into()]);
    from.forward(&mut world, &to.node, &message);
    assert_eq!(forwards(&mut world, &mut to), 0);
    assert_eq!(world.nodes[0].mesh.stats().malformed, 2);
}

#[test]
fn an_own_whisper_that_comes_back_is_known() {
    let (mut world, mut hop, _) = between();
    let far = Legacy::on(hop.link, 202, IdForm::Text);
    let mut speaks = Legacy::on(hop.link, 202, IdForm::Text);
    speaks.broadcast(&mut world, "here");
    world.whisper(0, &far.node, "psst").expect("heard of");
    let sent = heard(&mut world, &mut hop);
    let packed = sent
        .iter()
        .find_map(|message| match Signal::parse(message) {
            Ok(Signal::Forward { packed, .. }) => Some(packed),
            _ => None,
        });
    let inner = Message::from_packed(&packed.expect("handed on"), &rs2p::wire::Limits::DEFAULT);
    hop.forward(&mut world, &far.node, &inner.expect("a message"));
    world.run(1);
    assert_eq!(forwards(&mut world, &mut hop), 0);
}

#[test]
fn a_whisper_waits_rather_than_go_back_to_who_handed_it_here() {
    let (mut world, mut hop, _) = between();
    let far = Legacy::on(hop.link, 202, IdForm::Text).node;
    Legacy::on(hop.link, 202, IdForm::Text).broadcast(&mut world, "here");
    heard(&mut world, &mut hop);
    let message = packed(&world, 200, |_, _| {});
    hop.forward(&mut world, &far, &message);
    world.run(1);
    // Heard of again, still by the same way.
    Legacy::on(hop.link, 202, IdForm::Text).broadcast(&mut world, "still here");
    world.run(1);
    assert_eq!(forwards(&mut world, &mut hop), 0);
    world.run(10);
    assert_eq!(world.nodes[0].mesh.stats().undeliverable, 1);
}

#[test]
fn a_whisper_that_waits_goes_when_its_node_is_heard_of() {
    let says: [fn(&mut World, &mut Legacy); 3] = [
        // By a broadcast of its own.
        |world, hop| {
            Legacy::on(hop.link, 202, IdForm::Text).broadcast(world, "here");
        },
        // By a neighbour that names it among its peers.
        |world, hop| {
            let peers = Signal::Peers(vec![PeerEntry {
                endpoint: None,
                node: NodeId::from_entropy(&[202; 48]),
                form: IdForm::Text,
            }]);
            hop.say(world, Kind::Whisper, &peers.payload());
        },
        // By a whisper of its own that passes through here.
        |world, hop| {
            let message = packed(world, 202, |_, _| {});
            let to = NodeId::from_entropy(&[201; 48]);
            hop.forward(world, &to, &message);
        },
    ];
    for (number, say) in says.into_iter().enumerate() {
        let (mut world, mut hop, _) = between();
        let far = NodeId::from_entropy(&[202; 48]);
        world.whisper(0, &far, "psst").expect("accepted");
        assert_eq!(forwards(&mut world, &mut hop), 0);
        say(&mut world, &mut hop);
        assert_eq!(forwards(&mut world, &mut hop), 1, "{number}");
    }
}

#[test]
fn a_node_of_ours_is_answered_no_renegotiation() {
    let (mut world, mut peer, _) = between();
    let codes = Signal::Compression(vec![0x13]).payload();
    peer.say(&mut world, Kind::Renegotiate, &codes);
    assert!(heard(&mut world, &mut peer).is_empty());
}

#[test]
fn a_whisper_that_waits_for_room_on_a_link_that_ends_goes_another_way() {
    let (mut world, ends, mut stays) = between();
    let far = NodeId::from_entropy(&[202; 48]);
    world.whisper(0, &far, "psst").expect("accepted");
    while world.broadcast(0, "x".repeat(700)).is_ok() {}
    Legacy::on(ends.link, 202, IdForm::Text).broadcast(&mut world, "by this way");
    let peers = Signal::Peers(vec![PeerEntry {
        endpoint: None,
        node: far,
        form: IdForm::Text,
    }]);
    stays.say(&mut world, Kind::Whisper, &peers.payload());
    world.hang_up(0, ends.link);
    world.run(1);
    assert_eq!(forwards(&mut world, &mut stays), 1);
}

#[test]
fn nobody_turns_whispers_away_by_speaking_in_their_receivers_name() {
    // The receiver is behind number 1; somebody at the relay speaks as it.
    let mut world = World::new(Scheme::Ws);
    for _ in 0..3 {
        world.add(|config| config.outgoing = 0);
    }
    world.connect(1, 0);
    world.connect(2, 1);
    world.run(1);
    let mut liar = Legacy::knocking(&mut world, 200, IdForm::Text);
    liar.greet_as_ours(&mut world, Scheme::Ws);
    world.broadcast(2, "here").expect("joined");
    world.run(1);
    let to = world.id(2);
    for number in 0..20 {
        liar.as_node(to.clone())
            .broadcast(&mut world, &format!("here, {number}"));
        world.run_for(core::time::Duration::from_millis(500));
        world.whisper(0, &to, &format!("{number}")).expect("joined");
        if number % 8 == 0 {
            world.broadcast(2, "still here").expect("joined");
        }
        world.run_for(core::time::Duration::from_millis(500));
    }
    let whispers = world.received(2).len();
    assert_eq!(whispers, 20);
}
