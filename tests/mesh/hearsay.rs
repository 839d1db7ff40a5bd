//! Which addresses out of gossip a node dials, keeps and tells on: those that lead nowhere a stranger could not go himself.

use rs2p::mesh::Hearsay;
use rs2p::wire::{
    Addresses, Capabilities, Endpoint, IdForm, Kind, KnownAddress, Message, PeerEntry, Signal,
};
use rs2p::{Address, NodeId, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::by_hand::{Legacy, heard};
use crate::world::World;

const DOOR: u16 = 2_000;
const PUBLIC: &str = "8.8.8.8";
/// Hosts at which nobody is to be dialled because a stranger says so.
const FORBIDDEN: [&str; 9] = [
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "224.0.0.1",
    "fe80::1",
    "relay.example",
    "2130706433",
];

/// Node 0, which believes what the internet routes.
fn strict(outgoing: usize) -> World {
    let mut world = World::new(Scheme::Tcp);
    world.add(|config| {
        config.hearsay = Hearsay::Public;
        config.outgoing = outgoing;
        config.dials.retain(|scheme| *scheme != Scheme::Memory);
    });
    world
}

fn at(host: &str, port: u16) -> Endpoint {
    let host = host.to_owned();
    Endpoint { host, port }
}

fn node(number: u8) -> NodeId {
    NodeId::from_entropy(&[number; 48])
}

fn entry(endpoint: Endpoint, number: u8) -> PeerEntry {
    PeerEntry {
        endpoint: Some(endpoint),
        node: node(number),
        form: IdForm::Bytes,
    }
}

/// The hosts that are forbidden, and a system's port on one that is not.
fn forbidden() -> Vec<Endpoint> {
    let mut all: Vec<_> = FORBIDDEN.map(|host| at(host, DOOR)).into();
    all.push(at(PUBLIC, 22));
    all
}

fn ports(world: &World) -> Vec<u16> {
    world.knocks.iter().map(|&(_, _, port)| port).collect()
}

#[test]
fn of_a_peer_list_only_public_addresses_are_dialled_and_kept() {
    let mut world = strict(4);
    world.doors.extend([22, DOOR, DOOR + 1]);
    let mut liar = Legacy::join(&mut world);
    let mut entries: Vec<_> = (1..).zip(forbidden()).map(|(n, at)| entry(at, n)).collect();
    entries.push(entry(at(PUBLIC, DOOR + 1), 100));
    liar.signal(&mut world, &Signal::Peers(entries));
    let kept = world.nodes[0].mesh.peers_of(&liar.node).iter();
    let kept: Vec<_> = kept.filter_map(|entry| entry.endpoint.clone()).collect();
    assert_eq!(kept, [at(PUBLIC, DOOR + 1)]);
    world.run(60);
    assert_eq!(ports(&world)[..1], [DOOR + 1]);
    assert!(ports(&world).iter().all(|port| *port == DOOR + 1));
}

#[test]
fn what_the_operator_allows_is_dialled() {
    for (hearsay, host, is_dialled) in [
        (Hearsay::Public, "10.0.0.1", false),
        (Hearsay::Private, "10.0.0.1", true),
        (Hearsay::Private, "relay.example", false),
        (Hearsay::Any, "relay.example", true),
    ] {
        let mut world = World::new(Scheme::Tcp);
        world.add(|config| config.hearsay = hearsay);
        world.doors.insert(DOOR);
        let mut teller = Legacy::join(&mut world);
        let list = Signal::Peers(vec![entry(at(host, DOOR), 1)]);
        teller.signal(&mut world, &list);
        world.run(1);
        assert_eq!(!world.knocks.is_empty(), is_dialled, "{hearsay}: {host}");
    }
}

#[test]
fn of_what_capable_peers_tell_the_same_holds_and_nothing_else_is_told_on() {
    let mut world = strict(4);
    world.doors.extend([22, DOOR]);
    let greet = |world: &mut World, number| {
        let mut peer = Legacy::knocking(world, number, IdForm::Text);
        peer.greet_with(world, Scheme::Tcp, Capabilities::ADDRESSES);
        peer
    };
    let mut liar = greet(&mut world, 200);
    let address = |at: Endpoint| Address::new(Scheme::Tcp, &at.host, at.port).expect("a host");
    let told: Vec<_> = forbidden().into_iter().map(address).collect();
    let known = (1..).zip(&told).map(|(number, address)| KnownAddress {
        address: address.clone(),
        node: node(number),
        age: 0,
    });
    let tale = Addresses {
        ask: false,
        dials: vec![Scheme::Tcp],
        own: told[..4].to_vec(),
        known: known.collect(),
    };
    liar.signal(&mut world, &Signal::Addresses(tale));
    world.run(30);
    assert!(ports(&world).is_empty());
    let mut hearer = greet(&mut world, 201);
    let question = Addresses {
        ask: true,
        dials: vec![Scheme::Tcp],
        own: Vec::new(),
        known: Vec::new(),
    };
    hearer.signal(&mut world, &Signal::Addresses(question));
    world.run(1);
    let told = heard(&mut world, &mut hearer);
    let is_known = |message: &Message| match Signal::parse(message) {
        Ok(Signal::Addresses(told)) => !told.known.is_empty(),
        _ => false,
    };
    assert!(!told.iter().any(is_known));
}

#[test]
fn an_answer_to_a_lookup_leads_to_public_addresses_only() {
    let mut world = strict(0);
    world.doors.extend([22, DOOR, DOOR + 1]);
    let mut liar = Legacy::join(&mut world);
    world.run(1);
    heard(&mut world, &mut liar);
    world.whisper(0, &node(201), "psst").expect("accepted");
    world.run(1);
    let request = heard(&mut world, &mut liar)
        .iter()
        .find_map(|message| match Signal::parse(message) {
            Ok(Signal::Request { request, .. }) => Some(request),
            _ => None,
        })
        .expect("a request");
    for endpoint in forbidden().into_iter().chain([at(PUBLIC, DOOR + 1)]) {
        let response = Signal::Response {
            request: request.clone(),
            endpoint: Some(endpoint),
            node: node(201),
            form: IdForm::Bytes,
        };
        liar.say(&mut world, Kind::Broadcast, &response.payload());
    }
    world.run(1);
    assert_eq!(ports(&world), [DOOR + 1]);
}

/// A py2p that called from `host`, said that it is at `at`, and is gone: the ports that are dialled then.
fn dialled_back(host: &str, at: Endpoint, proxied: bool) -> Vec<u16> {
    let mut world = strict(0);
    world.doors.insert(at.port);
    let link = world.open_by_way_of(0, host, proxied);
    let mut caller = Legacy::on(link, 200, IdForm::Bytes);
    caller.greet_at(&mut world, Scheme::Tcp, at);
    world.run(1);
    world.hang_up(0, link);
    world.run(1);
    ports(&world)
}

#[test]
fn a_relative_is_dialled_back_on_the_machine_from_which_it_called() {
    for host in ["127.0.0.1", "10.0.0.7", "[fd00::1]"] {
        let bare = host.trim_matches(['[', ']']);
        assert_eq!(dialled_back(host, at(bare, DOOR), false), [DOOR], "{host}");
    }
}

#[test]
fn nobody_is_dialled_back_on_another_machine_behind_a_proxy_or_at_a_systems_port() {
    for (host, said, proxied) in [
        ("10.0.0.7", at("10.0.0.8", DOOR), false),
        ("8.8.4.4", at("127.0.0.1", DOOR), false),
        ("127.0.0.1", at("127.0.0.1", DOOR), true),
        ("127.0.0.1", at("127.0.0.1", 22), false),
    ] {
        let dialled = dialled_back(host, said, proxied);
        assert!(dialled.is_empty(), "{host}: {dialled:?}");
    }
}

#[test]
fn a_peers_private_address_is_told_to_nobody() {
    let mut world = strict(0);
    let mut asker = Legacy::join_as(&mut world, 201);
    for (number, host) in [(202, "10.0.0.7"), (203, PUBLIC)] {
        let link = world.open_from(0, host);
        let mut peer = Legacy::on(link, number, IdForm::Bytes);
        peer.greet_at(&mut world, Scheme::Tcp, at(host, DOOR));
    }
    world.run(1);
    heard(&mut world, &mut asker);
    asker.signal(&mut world, &Signal::RequestPeers);
    for number in [202, 203] {
        let request = Signal::Request {
            request: format!("{number}").into(),
            wanted: node(number),
            form: IdForm::Bytes,
        };
        asker.say(&mut world, Kind::Broadcast, &request.payload());
    }
    world.run(1);
    let mut told = Vec::new();
    for message in heard(&mut world, &mut asker) {
        match Signal::parse(&message) {
            Ok(Signal::Peers(entries)) => {
                told.extend(entries.into_iter().filter_map(|entry| entry.endpoint));
            }
            Ok(Signal::Response { endpoint, .. }) => told.extend(endpoint),
            _ => {}
        }
    }
    assert_eq!(told, [at(PUBLIC, DOOR), at(PUBLIC, DOOR)]);
}

#[test]
fn the_one_that_can_be_dialled_is_told_among_many_that_cannot() {
    let mut world = strict(0);
    for number in 1..=100 {
        let host = if number == 50 { PUBLIC } else { "10.0.0.7" };
        let mut peer = Legacy::knocking(&mut world, number, IdForm::Bytes);
        peer.greet_at(&mut world, Scheme::Tcp, at(host, 4_000));
    }
    for asking in 0..20 {
        let mut newcomer = Legacy::knocking(&mut world, 150 + asking, IdForm::Text);
        newcomer.greet_as_ours(&mut world, Scheme::Tcp);
        world.run(1);
        let heard = heard(&mut world, &mut newcomer);
        let told = heard
            .iter()
            .find_map(|message| match Signal::parse(message) {
                Ok(Signal::Peers(entries)) => Some(entries),
                _ => None,
            });
        let told = told.expect("a list");
        assert_eq!((told[0].node.clone(), told.len()), (node(50), 64));
    }
}

#[test]
fn of_one_message_64_entries_are_taken() {
    let mut world = strict(4);
    let mut teller = Legacy::join(&mut world);
    let entries = (0..255).map(|number| entry(at(PUBLIC, 3_000 + u16::from(number)), number));
    teller.signal(&mut world, &Signal::Peers(entries.collect()));
    assert_eq!(world.nodes[0].mesh.peers_of(&teller.node).len(), 64);
}

#[test]
fn no_link_is_lent_to_where_a_peer_only_says_that_it_is() {
    for (called_from, is_lent) in [("10.0.0.7", true), ("10.0.0.8", false)] {
        let mut world = strict(0);
        world.doors.insert(DOOR);
        let tab = world.add(|config| {
            config.outgoing = 0;
            config.advertise.clear();
        });
        world.connect(tab, 0);
        let link = world.open_from(0, called_from);
        let mut relative = Legacy::on(link, 200, IdForm::Bytes);
        relative.greet_at(&mut world, Scheme::Tcp, at("10.0.0.7", DOOR));
        world.run(1);
        relative.broadcast(&mut world, "here");
        world.run(1);
        let to = relative.node.clone();
        world.whisper(tab, &to, "psst").expect("heard of");
        world.run(1);
        assert_eq!(!world.knocks.is_empty(), is_lent, "{called_from}");
    }
}
