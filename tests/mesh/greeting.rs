//! Handshakes: who is taken for a peer, and what a stranger is told.

use rs2p::mesh::{CloseReason, Command, Event, Failure, LinkDown, LinkEvent};
use rs2p::{Address, Scheme};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

#[test]
fn two_nodes_greet_on_every_kind_of_transport() {
    for scheme in [
        Scheme::Tcp,
        Scheme::Tls,
        Scheme::Ws,
        Scheme::Wss,
        Scheme::Memory,
    ] {
        let mut world = World::with(scheme, 2);
        world.connect(0, 1);
        world.run(1);
        assert!(world.is_linked(0, 1) && world.is_linked(1, 0), "{scheme}");
        let joined = |n: usize| {
            world.nodes[n]
                .events
                .iter()
                .filter(|e| matches!(e, Event::Joined))
                .count()
        };
        assert_eq!((joined(0), joined(1)), (1, 1), "{scheme}");
    }
}

#[test]
fn another_subnet_is_an_error_for_who_dialled() {
    for scheme in [Scheme::Tcp, Scheme::Ws] {
        let mut world = World::new(scheme);
        let one = world.add(|config| config.subnet = "one".to_owned());
        let two = world.add(|config| config.subnet = "two".to_owned());
        world.connect(one, two);
        world.run(1);
        assert!(!world.is_linked(one, two) && !world.is_linked(two, one));
        let settled = world.nodes[one]
            .events
            .iter()
            .find_map(|event| match event {
                Event::Settled {
                    result: Err(failure),
                    ..
                } => Some(failure.clone()),
                _ => None,
            });
        assert_eq!(
            settled,
            Some(Failure::WrongSubnet {
                subnet: "one".to_owned()
            }),
            "{scheme}"
        );
    }
}

#[test]
fn a_node_that_dials_itself_notices() {
    let mut world = World::with(Scheme::Ws, 1);
    world.connect(0, 0);
    world.run(1);
    assert!(world.closed_with(0).contains(&&CloseReason::OwnNode));
    assert!(!world.is_linked(0, 0));
}

#[test]
fn another_node_than_expected_is_refused() {
    let mut world = World::with(Scheme::Tcp, 3);
    let (address, expected) = (world.address(1), Some(world.id(2)));
    world
        .command(
            0,
            Command::Connect {
                address,
                expected,
                persist: false,
            },
        )
        .expect("accepted");
    world.run(1);
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::OtherNode { .. }]
    ));
    assert!(!world.is_linked(1, 0), "it has not even been greeted");
}

#[test]
fn a_peer_that_says_nothing_is_cut() {
    let mut world = World::with(Scheme::Ws, 1);
    world.open_by_hand(0);
    world.run(4);
    assert!(world.closes.is_empty());
    world.run(2);
    assert!(matches!(
        world.closed_with(0)[..],
        [CloseReason::GreetingTimeout]
    ));
}

#[test]
fn a_dial_that_hangs_is_given_up() {
    let mut world = World::with(Scheme::Ws, 1);
    let address = Address::new(Scheme::Ws, "node", 1).expect("a host");
    let receipt = world.nodes[0].mesh.handle_command(
        world.now,
        Command::Connect {
            address,
            expected: None,
            persist: false,
        },
    );
    assert!(receipt.is_ok());
    // The dial is taken and never answered.
    assert!(world.nodes[0].mesh.poll_output().is_some());
    world.run(11);
    let settled = world.nodes[0].events.iter().any(|event| {
        matches!(
            event,
            Event::Settled {
                result: Err(Failure::Unreachable(_)),
                ..
            }
        )
    });
    assert!(settled && world.nodes[0].mesh.links() == 0);
}

#[test]
fn a_dialler_over_tcp_speaks_at_last_if_the_acceptor_does_not() {
    let mut world = World::with(Scheme::Tcp, 1);
    let address = Address::new(Scheme::Tcp, "node", 9).expect("a host");
    world.nodes[0]
        .mesh
        .handle_command(
            world.now,
            Command::Connect {
                address,
                expected: None,
                persist: false,
            },
        )
        .expect("ok");
    let Some(rs2p::mesh::Output::Dial { link, .. }) = world.nodes[0].mesh.poll_output() else {
        panic!("no dial")
    };
    let info = rs2p::mesh::LinkInfo {
        scheme: Scheme::Tcp,
        remote: None,
        local_host: None,
        proxied: false,
    };
    world.schedule(0, LinkEvent::Opened { link, info });
    world.run(2);
    assert_eq!(world.transmissions[0], 0);
    world.run(2);
    assert_eq!(world.transmissions[0], 1);
}

#[test]
fn a_refusal_by_the_peer_is_told_in_its_words() {
    let mut world = World::with(Scheme::Ws, 2);
    world.nodes[1].mesh = {
        let mut config = rs2p::Config::new("test");
        config.links = 1;
        rs2p::mesh::Mesh::new(config, rs2p::mesh::Identity { node: world.id(1) }, [9; 32])
    };
    world.open_by_hand(1);
    world.connect(0, 1);
    world.run(1);
    let refused = world.nodes[0].events.iter().any(|event| {
        matches!(event, Event::DialFailed { failure: Failure::Refused(words), .. } if words.contains("as many links"))
    });
    assert!(refused, "{:?}", world.nodes[0].events);
}

#[test]
fn events_of_unknown_links_are_ignored() {
    let mut world = World::with(Scheme::Ws, 1);
    let ghost = rs2p::id::LinkId::dialled(77);
    world.schedule(
        0,
        LinkEvent::Written {
            link: ghost,
            bytes: 10,
        },
    );
    world.schedule(
        0,
        LinkEvent::Received {
            link: ghost,
            bytes: vec![1, 2, 3].into(),
        },
    );
    world.schedule(
        0,
        LinkEvent::Closed {
            link: ghost,
            down: LinkDown::Failed(String::new()),
        },
    );
    world.run(1);
    assert!(world.nodes[0].events.is_empty());
}
