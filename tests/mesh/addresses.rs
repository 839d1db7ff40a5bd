//! What capable peers tell each other of where nodes can be dialled, and what is made of it.

use rs2p::id::NodeId;
use rs2p::mesh::{Command, Environment, Event};
use rs2p::wire::{Addresses, Capabilities, IdForm, Kind, KnownAddress, Signal};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard};
use crate::world::World;

fn at(scheme: Scheme, port: usize) -> Address {
    Address::new(scheme, "node", port as u16).expect("a host")
}

fn connect(world: &mut World, from: usize, address: Address) {
    let command = Command::Connect {
        address,
        expected: None,
        persist: true,
    };
    world.command(from, command).expect("accepted");
}

/// A relay that is dialled over TCP by relays and over WebSockets by tabs.
fn relay(world: &mut World) -> usize {
    let port = world.nodes.len() + 1;
    world.add(|config| config.advertise = vec![at(Scheme::Tcp, port), at(Scheme::Ws, port)])
}

/// A tab that wants `outgoing` links.
fn tab(world: &mut World, outgoing: usize) -> usize {
    world.add(|config| {
        config.advertise.clear();
        config.dials = vec![Scheme::Ws, Scheme::Wss];
        config.outgoing = outgoing;
    })
}

/// A peer of ours by hand that tells addresses.
fn teller(world: &mut World, number: u8) -> Legacy {
    let mut peer = Legacy::knocking(world, number, IdForm::Text);
    peer.greet_with(world, Scheme::Ws, Capabilities::ADDRESSES);
    peer
}

fn tell(world: &mut World, peer: &mut Legacy, own: Vec<Address>, known: Vec<KnownAddress>) {
    let signal = Signal::Addresses(Addresses {
        ask: true,
        dials: vec![Scheme::Ws],
        own,
        known,
    });
    peer.say(world, Kind::Whisper, &signal.payload());
}

fn known(address: Address, number: u8) -> KnownAddress {
    KnownAddress {
        address,
        node: NodeId::from_entropy(&[number; 48]),
        age: 0,
    }
}

/// What a peer was told since the last look.
fn told(world: &mut World, peer: &mut Legacy) -> Vec<Addresses> {
    let messages = heard(world, peer).into_iter();
    messages
        .filter_map(|message| match Signal::parse(&message) {
            Ok(Signal::Addresses(addresses)) => Some(addresses),
            _ => None,
        })
        .collect()
}

#[test]
fn a_tab_whose_relay_dies_comes_to_one_that_nobody_named_to_it() {
    let mut world = World::new(Scheme::Ws);
    let (first, second) = (relay(&mut world), relay(&mut world));
    connect(&mut world, second, at(Scheme::Tcp, first + 1));
    world.run(5);
    let tab = tab(&mut world, 1);
    connect(&mut world, tab, at(Scheme::Ws, first + 1));
    world.run(5);
    assert!(world.is_linked(tab, first) && !world.is_linked(tab, second));
    world.is_silent = true;
    world.kill(first);
    assert!(world.run_until(5, |world| world.is_linked(tab, second)));
    world.broadcast(second, "here").expect("joined");
    world.run(1);
    assert_eq!(world.received(tab), ["here"]);
}

#[test]
fn a_tab_keeps_nothing_that_it_cannot_dial() {
    let mut world = World::new(Scheme::Ws);
    let tab = tab(&mut world, 4);
    let mut peer = teller(&mut world, 200);
    let knocked = [Scheme::Tcp, Scheme::Tls, Scheme::Memory, Scheme::Wss];
    for (number, scheme) in knocked.into_iter().enumerate() {
        world.doors.insert(210 + number as u16);
        let address = match scheme {
            Scheme::Memory => Address::memory(210 + number as u16),
            scheme => at(scheme, 210 + number),
        };
        tell(
            &mut world,
            &mut peer,
            vec![],
            vec![known(address, 210 + number as u8)],
        );
    }
    world.run(1);
    assert_eq!(world.knocks.len(), 1, "{tab}: {:?}", world.knocks);
    assert_eq!(world.knocks[0].2, 213);
}

#[test]
fn places_where_nobody_can_be_are_not_kept() {
    let mut world = World::new(Scheme::Ws);
    world.add(|_| {});
    let mut peer = teller(&mut world, 200);
    let host = |host: &str, port| Address::new(Scheme::Ws, host, port).expect("a host");
    world.doors.extend([0, 1, 220]);
    let places = vec![
        known(host("0.0.0.0", 220), 201),
        known(host("::", 220), 202),
        known(host("elsewhere", 0), 203),
        // The node's own.
        known(at(Scheme::Ws, 1), 204),
    ];
    tell(&mut world, &mut peer, vec![host("0.0.0.0", 220)], places);
    world.run(1);
    assert_eq!(world.knocks, []);
}

#[test]
fn a_peer_is_told_of_others_what_it_can_dial_and_no_relative() {
    let mut world = World::new(Scheme::Tcp);
    let first = world.add(|config| {
        config.advertise = vec![at(Scheme::Tcp, 1)];
        config.outgoing = 0;
    });
    let mut relative = Legacy::join_at(&mut world, 220, 220);
    let mut other = teller_on(&mut world, 201, Scheme::Tcp);
    let own = vec![at(Scheme::Tcp, 201), at(Scheme::Ws, 202)];
    let others = vec![
        known(at(Scheme::Tcp, 230), 230),
        known(at(Scheme::Ws, 231), 231),
    ];
    tell(&mut world, &mut other, own, others);
    let mut asker = teller_on(&mut world, 203, Scheme::Tcp);
    world.run(2);
    told(&mut world, &mut asker);
    tell(&mut world, &mut asker, vec![], vec![]);
    world.run(1);
    let told = told(&mut world, &mut asker);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].own, [at(Scheme::Tcp, first + 1)]);
    let age_of_third = told[0].known[1].age;
    assert!((2..=3).contains(&age_of_third), "{age_of_third} s");
    let third = KnownAddress {
        age: age_of_third,
        ..known(at(Scheme::Ws, 231), 231)
    };
    assert_eq!(told[0].known, [known(at(Scheme::Ws, 202), 201), third]);
    heard(&mut world, &mut relative);
}

fn teller_on(world: &mut World, number: u8, scheme: Scheme) -> Legacy {
    let mut peer = Legacy::knocking(world, number, IdForm::Text);
    peer.greet_with(world, scheme, Capabilities::ADDRESSES);
    peer
}

#[test]
fn relatives_are_told_no_addresses() {
    let mut world = World::new(Scheme::Tcp);
    world.add(|_| {});
    let mut relative = Legacy::join(&mut world);
    world.run(60);
    let told = told(&mut world, &mut relative);
    assert_eq!(told, []);
}

#[test]
fn who_asks_without_end_is_answered_once_a_second() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.outgoing = 0);
    let mut peer = teller(&mut world, 200);
    world.run(1);
    told(&mut world, &mut peer);
    for _ in 0..1_000 {
        tell(&mut world, &mut peer, vec![], vec![]);
    }
    world.run(1);
    assert_eq!(told(&mut world, &mut peer).len(), 1);
}

/// Addresses where nobody is, each of another node, as nobody told before.
fn lies(round: usize) -> Vec<KnownAddress> {
    let lie = |n: usize| {
        let mut id = [7; 48];
        id[..8].copy_from_slice(&((round * 32 + n) as u64).to_be_bytes());
        KnownAddress {
            address: at(Scheme::Ws, 1_000 + round * 32 + n),
            node: NodeId::from_entropy(&id),
            age: 0,
        }
    };
    (0..32).map(lie).collect()
}

#[test]
fn lies_of_one_peer_leave_room_for_the_truth() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.addresses = 40);
    let mut liar = teller(&mut world, 200);
    for round in 0..20 {
        tell(&mut world, &mut liar, vec![], lies(round));
    }
    let mut honest = teller(&mut world, 202);
    world.doors.insert(203);
    let truth = known(at(Scheme::Ws, 203), 203);
    tell(&mut world, &mut honest, vec![], vec![truth]);
    for round in 20..40 {
        tell(&mut world, &mut liar, vec![], lies(round));
    }
    world.run(30);
    assert!(!world.knocks.is_empty(), "the truth was dialled");
}

#[test]
fn what_one_peer_told_and_failed_is_dialled_again_however_much_another_tells() {
    let mut world = World::new(Scheme::Ws);
    world.add(|_| {});
    let mut honest = teller(&mut world, 202);
    let truth = known(at(Scheme::Ws, 203), 203);
    tell(&mut world, &mut honest, vec![], vec![truth]);
    let mut liar = teller(&mut world, 200);
    for round in 0..400 {
        if round == 100 {
            assert!(world.knocks.is_empty(), "nobody is there yet");
            world.doors.insert(203);
        }
        tell(&mut world, &mut liar, vec![], lies(round));
        world.run_for(core::time::Duration::from_millis(50));
    }
    assert!(!world.knocks.is_empty(), "there is always a new lie to try");
}

#[test]
fn no_false_name_keeps_a_node_from_where_others_say_somebody_is() {
    let mut world = World::new(Scheme::Ws);
    world.add(|_| {});
    let mut honest = teller(&mut world, 202);
    let mut liar = teller(&mut world, 200);
    world.doors.insert(203);
    world.environment(0, Environment::Offline);
    tell(
        &mut world,
        &mut honest,
        vec![],
        vec![known(at(Scheme::Ws, 203), 203)],
    );
    // That it leads to who is linked.
    let lie = KnownAddress {
        node: liar.node.clone(),
        ..known(at(Scheme::Ws, 203), 0)
    };
    tell(&mut world, &mut liar, vec![], vec![lie]);
    assert!(world.knocks.is_empty());
    world.environment(0, Environment::Online);
    world.run(1);
    assert!(!world.knocks.is_empty());
}

#[test]
fn a_peer_that_names_ever_more_addresses_makes_a_node_dial_eight_a_second() {
    let mut world = World::new(Scheme::Ws);
    world.add(|config| config.addresses = 16);
    let mut liar = teller(&mut world, 200);
    for round in 0..600 {
        tell(&mut world, &mut liar, vec![], lies(round));
        world.run_for(core::time::Duration::from_millis(50));
    }
    let failed = |event: &&rs2p::mesh::Event| matches!(event, rs2p::mesh::Event::DialFailed { .. });
    let dials = world.nodes[0].events.iter().filter(failed).count();
    assert!(
        (100..=16 + 8 * 31).contains(&dials),
        "{dials} in half a minute"
    );
}

#[test]
fn nobody_is_dialled_whom_the_user_disconnected_whatever_others_tell() {
    let mut world = World::with(Scheme::Ws, 3);
    world.connect(0, 1);
    world.connect(2, 1);
    world.run(5);
    world.connect(0, 2);
    world.run(5);
    let node = world.id(2);
    let disconnect = Command::Disconnect { node: node.clone() };
    world.command(0, disconnect).expect("a peer");
    // Node 2 is busy with others, and dials nobody itself.
    world.cut(0, 2);
    let mut peer = teller(&mut world, 200);
    world.doors.insert(3);
    for number in [201, 2] {
        let lie = known(at(Scheme::Ws, 3), number);
        tell(&mut world, &mut peer, vec![], vec![lie]);
    }
    world.run_for(core::time::Duration::from_millis(100));
    let &(_, link, _) = world.knocks.last().expect("dialled under a false name");
    let mut away = Legacy::on(link, 0, IdForm::Text).as_node(node);
    away.greet_with(&mut world, Scheme::Ws, Capabilities::ADDRESSES);
    let knocks = world.knocks.len();
    world.run(600);
    assert!(!world.is_linked(0, 2));
    assert_eq!(world.knocks.len(), knocks, "its name is known now");
}

#[test]
fn every_address_is_dialled_once_before_any_is_dialled_twice() {
    let mut world = World::new(Scheme::Ws);
    world.add(|_| {});
    let mut peer = teller(&mut world, 200);
    tell(&mut world, &mut peer, vec![], lies(0));
    world.run(3);
    let mut failed: Vec<_> = world.nodes[0]
        .events
        .iter()
        .filter_map(|event| match event {
            Event::DialFailed { address, .. } => Some(address.clone()),
            _ => None,
        })
        .collect();
    assert!(failed.len() > 32, "again and again");
    failed.truncate(32);
    failed.sort();
    failed.dedup();
    assert_eq!(failed.len(), 32);
}

#[test]
fn addresses_that_do_not_answer_hold_up_the_rest_for_a_second_at_most() {
    let mut world = World::new(Scheme::Ws);
    world.add(|_| {});
    world.is_silent = true;
    let mut peer = teller(&mut world, 200);
    world.doors.insert(203);
    tell(&mut world, &mut peer, vec![], lies(0));
    tell(
        &mut world,
        &mut peer,
        vec![],
        vec![known(at(Scheme::Ws, 203), 203)],
    );
    // Four a second, and no more than 32 under way, each for ten.
    world.run(11);
    assert!(!world.knocks.is_empty());
    assert!(world.nodes[0].mesh.links() <= 33);
}
