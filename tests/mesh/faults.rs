//! What once went wrong: addresses that rested for ever, tickets that never settled, links cut unasked.

use core::time::Duration;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::{WALL, World};
use rs2p::Scheme;
use rs2p::id::{LinkId, NodeId};
use rs2p::mesh::{Command, Event, LinkDown, LinkEvent, LinkInfo, Output, Receipt};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Capabilities, Draft, Endpoint, Handshake, IdForm, Kind, Message, PeerEntry, Signal, Trailer,
};

fn info(scheme: Scheme) -> LinkInfo {
    LinkInfo {
        scheme,
        remote: None,
        local_host: None,
        proxied: false,
    }
}

fn greeting(scheme: Scheme, node: &NodeId, port: Option<u16>) -> Message {
    let hs = Signal::Handshake(Handshake {
        node: node.clone(),
        form: IdForm::Bytes,
        protocol: scheme.protocol("test").as_str().as_bytes().to_vec(),
        endpoint: port.map(|port| Endpoint {
            host: "node".to_owned(),
            port,
        }),
        compression: vec![],
    });
    Draft::new(Kind::Whisper, node, WALL)
        .trailer(Trailer {
            nonce: Some(1),
            capabilities: Some(Capabilities::HEARTBEAT),
            ..Trailer::default()
        })
        .encode(&hs.payload())
}

fn legacy_greeting(scheme: Scheme, node: &NodeId, port: Option<u16>) -> Message {
    let hs = Signal::Handshake(Handshake {
        node: node.clone(),
        form: IdForm::Bytes,
        protocol: scheme.protocol("test").as_str().as_bytes().to_vec(),
        endpoint: port.map(|port| Endpoint {
            host: "node".to_owned(),
            port,
        }),
        compression: vec![],
    });
    Draft::new(Kind::Whisper, node, WALL).encode(&hs.payload())
}

fn whisper(node: &NodeId, signal: &Signal) -> Message {
    Draft::new(signal.kind(), node, WALL)
        .trailer(Trailer {
            nonce: Some(99),
            capabilities: None,
            ..Trailer::default()
        })
        .encode(&signal.payload())
}

/// Takes outputs by hand: (dials, events).
fn outs(world: &mut World, n: usize) -> (Vec<LinkId>, Vec<Event>) {
    let (mut dials, mut events) = (vec![], vec![]);
    while let Some(out) = world.nodes[n].mesh.poll_output() {
        match out {
            Output::Dial { link, .. } => dials.push(link),
            Output::Event(e) => events.push(e),
            _ => {}
        }
    }
    (dials, events)
}

fn dup() -> LinkDown {
    LinkDown::ClosedByPeer {
        code: Some(4004),
        reason: "dup".to_owned(),
    }
}

fn tick(world: &mut World, n: usize, secs: u64) -> Vec<LinkId> {
    let end = world.now + Duration::from_secs(secs);
    let mut dials = vec![];
    while let Some(at) = world.nodes[n].mesh.poll_timeout().filter(|&at| at <= end) {
        world.now = at;
        world.nodes[n].mesh.handle_timeout(at);
        dials.extend(outs(world, n).0);
    }
    world.now = end;
    dials
}

fn connect_raw(world: &mut World, port: u16) -> LinkId {
    let address = rs2p::Address::new(Scheme::Ws, "node", port).expect("as set up");
    let now = world.now;
    world.nodes[0]
        .mesh
        .handle_command(
            now,
            Command::Connect {
                address,
                expected: None,
                persist: true,
            },
        )
        .expect("as set up");
    outs(world, 0).0[0]
}

#[test]
fn user_address_survives_a_4004_before_greeting() {
    let mut world = World::with(Scheme::Ws, 1);
    let first = connect_raw(&mut world, 9);
    let now = world.now;
    // first attempt fails ordinarily: ticket settled
    world.nodes[0].mesh.handle_link(
        now,
        LinkEvent::Closed {
            link: first,
            down: LinkDown::Unreachable("x".into()),
        },
    );
    let second = tick(&mut world, 0, 1)[0];
    let now = world.now;
    world.nodes[0].mesh.handle_link(
        now,
        LinkEvent::Opened {
            link: second,
            info: info(Scheme::Ws),
        },
    );
    world.nodes[0].mesh.handle_link(
        now,
        LinkEvent::Closed {
            link: second,
            down: dup(),
        },
    );
    outs(&mut world, 0);
    let dials = tick(&mut world, 0, 3600);
    assert!(!dials.is_empty(), "never dialled again in an hour");
}

#[test]
fn user_address_survives_a_4004_after_greeting() {
    let mut world = World::with(Scheme::Ws, 1);
    let first = connect_raw(&mut world, 9);
    let node = NodeId::from_entropy(&[77; 48]);
    let now = world.now;
    let mesh = &mut world.nodes[0].mesh;
    mesh.handle_link(
        now,
        LinkEvent::Opened {
            link: first,
            info: info(Scheme::Ws),
        },
    );
    mesh.handle_link(
        now,
        LinkEvent::Received {
            link: first,
            bytes: greeting(Scheme::Ws, &node, None).frame().into_bytes(),
        },
    );
    assert_eq!(mesh.peers().count(), 1);
    mesh.handle_link(
        now,
        LinkEvent::Closed {
            link: first,
            down: dup(),
        },
    );
    assert_eq!(mesh.peers().count(), 0);
    outs(&mut world, 0);
    let dials = tick(&mut world, 0, 3600);
    assert!(
        !dials.is_empty(),
        "no peer, and never dialled again in an hour"
    );
}

#[test]
fn learned_address_that_answers_4004_is_no_hot_loop() {
    let mut world = World::with(Scheme::Ws, 1);
    let evil = NodeId::from_entropy(&[77; 48]);
    let link = LinkId::accepted(1000);
    let now = world.now;
    let mesh = &mut world.nodes[0].mesh;
    mesh.handle_link(
        now,
        LinkEvent::Opened {
            link,
            info: info(Scheme::Ws),
        },
    );
    mesh.handle_link(
        now,
        LinkEvent::Received {
            link,
            bytes: greeting(Scheme::Ws, &evil, None).frame().into_bytes(),
        },
    );
    let list = Signal::Peers(vec![PeerEntry {
        endpoint: Some(Endpoint {
            host: "victim".into(),
            port: 80,
        }),
        node: NodeId::from_entropy(&[78; 48]),
        form: IdForm::Bytes,
    }]);
    mesh.handle_link(
        now,
        LinkEvent::Received {
            link,
            bytes: whisper(&evil, &list).frame().into_bytes(),
        },
    );
    let (mut dials, _) = outs(&mut world, 0);
    let mut count = 0;
    while let Some(link) = dials.pop() {
        count += 1;
        if count > 1000 {
            break;
        }
        let mesh = &mut world.nodes[0].mesh;
        mesh.handle_link(
            now,
            LinkEvent::Opened {
                link,
                info: info(Scheme::Ws),
            },
        );
        mesh.handle_link(now, LinkEvent::Closed { link, down: dup() });
        dials.extend(outs(&mut world, 0).0);
    }
    assert!(count < 10, "{count} dials at one instant");
}

#[test]
fn a_peer_list_does_not_unhook_the_users_address() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(1, 0);
    world.run(1);
    world.connect(0, 1);
    world.run(6);
    assert_eq!(world.links_between(0, 1), 1);
    // A third node says that somebody else lives at the address of node 1.
    let evil = NodeId::from_entropy(&[77; 48]);
    let link = world.open_by_hand(0);
    world.hand(
        0,
        link,
        greeting(Scheme::Ws, &evil, None).frame().into_bytes(),
    );
    let port = world.address(1).port();
    let list = Signal::Peers(vec![PeerEntry {
        endpoint: Some(Endpoint {
            host: "node".into(),
            port,
        }),
        node: NodeId::from_entropy(&[78; 48]),
        form: IdForm::Bytes,
    }]);
    world.hand(0, link, whisper(&evil, &list).frame().into_bytes());
    world.run(1);
    world.kill(1);
    world.run(1);
    world.restart(1);
    world.run(100);
    assert!(
        world.is_linked(0, 1),
        "the user's address is never dialled again"
    );
}

#[test]
fn a_ticket_of_a_disconnected_address_settles() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(1);
    world.kill(1);
    world.run_for(Duration::from_millis(6));
    // its address is known to be node 1's; it dials us meanwhile
    world.restart(1);
    world.connect(1, 0);
    let address = world.address(1);
    let Ok(Receipt::Pending(ticket)) = world.command(
        0,
        Command::Connect {
            address,
            expected: None,
            persist: false,
        },
    ) else {
        panic!()
    };
    let mut steps = 0;
    while !world.is_linked(0, 1) && steps < 100 {
        world.run_for(Duration::from_millis(1));
        steps += 1;
    }
    let settled = |w: &World| {
        w.nodes[0]
            .events
            .iter()
            .any(|e| matches!(e, Event::Settled { ticket: t, .. } if *t == ticket))
    };
    let node = world.id(1);
    world
        .command(0, Command::Disconnect { node })
        .expect("as set up");
    world.run(60);
    assert!(settled(&world), "connect() would wait for ever");
}

#[test]
fn disconnect_settles_tickets_raw() {
    let mut world = World::with(Scheme::Ws, 1);
    let first = connect_raw(&mut world, 9);
    let node = NodeId::from_entropy(&[77; 48]);
    let now = world.now;
    let mesh = &mut world.nodes[0].mesh;
    mesh.handle_link(
        now,
        LinkEvent::Opened {
            link: first,
            info: info(Scheme::Ws),
        },
    );
    mesh.handle_link(
        now,
        LinkEvent::Received {
            link: first,
            bytes: greeting(Scheme::Ws, &node, None).frame().into_bytes(),
        },
    );
    mesh.handle_link(
        now,
        LinkEvent::Closed {
            link: first,
            down: LinkDown::Failed("x".into()),
        },
    );
    outs(&mut world, 0);
    let second = tick(&mut world, 0, 1)[0];
    let now = world.now;
    let mesh = &mut world.nodes[0].mesh;
    // while that redial is under way: the user asks for the address, the node dials in, the user disconnects it
    let address = rs2p::Address::new(Scheme::Ws, "node", 9).expect("as set up");
    let Ok(Receipt::Pending(ticket)) = mesh.handle_command(
        now,
        Command::Connect {
            address,
            expected: None,
            persist: false,
        },
    ) else {
        panic!()
    };
    let link = LinkId::accepted(5);
    mesh.handle_link(
        now,
        LinkEvent::Opened {
            link,
            info: info(Scheme::Ws),
        },
    );
    mesh.handle_link(
        now,
        LinkEvent::Received {
            link,
            bytes: greeting(Scheme::Ws, &node, None).frame().into_bytes(),
        },
    );
    mesh.handle_command(now, Command::Disconnect { node: node.clone() })
        .expect("as set up");
    // the dial comes up all the same
    mesh.handle_link(
        now,
        LinkEvent::Opened {
            link: second,
            info: info(Scheme::Ws),
        },
    );
    mesh.handle_link(
        now,
        LinkEvent::Received {
            link: second,
            bytes: greeting(Scheme::Ws, &node, None).frame().into_bytes(),
        },
    );
    let again = mesh.peers().count();
    let (_, events) = outs(&mut world, 0);
    let settled = events
        .iter()
        .any(|e| matches!(e, Event::Settled { ticket: t, .. } if *t == ticket));
    assert!(settled && again == 0, "settled {settled}, peers {again}");
}

#[test]
fn connect_to_another_node_than_linked_is_refused() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(1);
    let address = world.address(1);
    let receipt = world.command(
        0,
        Command::Connect {
            address,
            expected: Some(NodeId::from_entropy(&[9; 48])),
            persist: false,
        },
    );
    assert!(!matches!(receipt, Ok(Receipt::Done)), "{receipt:?}");
}

#[test]
fn bytes_in_flight_do_not_save_a_dead_link() {
    for (client, relay) in [(0, 1), (1, 0)] {
        let mut world = World::new(Scheme::Ws);
        for _ in 0..2 {
            world.add(|c| c.outgoing = 0);
        }
        world.connect(client, relay);
        world.run(20);
        // The client loses its link; the relay does not know yet, and has bytes of the client still unread.
        world.cut(client, relay);
        let old = LinkId::dialled(0);
        world.schedule(
            client,
            LinkEvent::Closed {
                link: old,
                down: LinkDown::Failed("1006".into()),
            },
        );
        world.run_for(Duration::from_millis(6));
        world.mend(client, relay);
        // redial happens within 250 ms; step until the relay has two links
        let mut n = 0;
        while world.links_between(client, relay) < 2 && n < 1000 {
            world.run_for(Duration::from_millis(1));
            n += 1;
        }
        world.run_for(Duration::from_millis(14));
        let id = world.id(client);
        // leftover bytes of the old link (part of a frame), then its end
        let old_at_relay = world.other_end(client, old);
        world.hand(relay, old_at_relay, vec![0u8, 0, 1]);
        world.run_for(Duration::from_millis(1));
        world.schedule(
            relay,
            LinkEvent::Closed {
                link: old_at_relay,
                down: LinkDown::Failed("reset".into()),
            },
        );
        world.run(120);
        let _ = id;
        assert!(
            world.is_linked(client, relay),
            "client {client}: not linked two minutes later"
        );
    }
}

#[test]
fn the_survivor_of_two_links_tells_its_own_address() {
    let mut world = World::with(Scheme::Ws, 1);
    let node = NodeId::from_entropy(&[77; 48]);
    let one = world.open_by_hand(0);
    world.hand(
        0,
        one,
        greeting(Scheme::Ws, &node, Some(1111)).frame().into_bytes(),
    );
    let two = world.open_by_hand(0);
    world.hand(
        0,
        two,
        greeting(Scheme::Ws, &node, Some(2222)).frame().into_bytes(),
    );
    world.schedule(
        0,
        LinkEvent::Closed {
            link: one,
            down: LinkDown::Failed("x".into()),
        },
    );
    world.run_for(Duration::from_millis(10));
    let peer = world.nodes[0]
        .mesh
        .peers()
        .next()
        .expect("as set up")
        .clone();
    assert_eq!(peer.endpoint.map(|e| e.port), Some(2222));
}

#[test]
fn a_link_is_asked_before_it_is_cut() {
    let mut world = World::with(Scheme::Ws, 2);
    world.connect(0, 1);
    world.run(1);
    // The page's timers were throttled, or the machine slept: one timeout, late.
    let later = world.now + Duration::from_secs(60);
    world.nodes[0].mesh.handle_timeout(later);
    let cut = outs(&mut world, 0)
        .1
        .iter()
        .any(|e| matches!(e, Event::LinkClosed { .. }));
    assert!(!cut, "cut as silent without having been asked");
}

#[test]
fn a_learned_address_outlives_a_short_restart() {
    let mut forgotten = 0;
    for seed in 0..20u64 {
        let mut world = World::with(Scheme::Ws, 3);
        world.run_for(Duration::from_millis(seed * 7));
        // 1 and 2 meet through 0
        world.connect(1, 0);
        world.connect(2, 0);
        world.run(20 + seed);
        if !world.is_linked(1, 2) {
            continue;
        }
        world.kill(0);
        world.kill(2);
        world.run(10);
        world.restart(2);
        world.run(120);
        forgotten += usize::from(!world.is_linked(1, 2));
    }
    assert_eq!(forgotten, 0, "of 20 alone after 10 s of an absent peer");
}

#[test]
fn a_silent_legacy_caller_is_dialled() {
    let mut world = World::with(Scheme::Tcp, 1);
    let node = NodeId::from_entropy(&[77; 48]);
    let link = world.open_by_hand(0);
    world.hand(
        0,
        link,
        legacy_greeting(Scheme::Tcp, &node, Some(9))
            .frame()
            .into_bytes(),
    );
    // address of somebody else who is not there
    world.run(36);
    let tries = world.nodes[0]
        .events
        .iter()
        .filter(|e| matches!(e, Event::DialFailed { .. }))
        .count();
    assert!(
        tries > 0,
        "closes {:?}, next dial {:?}",
        world.closes,
        world.nodes[0].mesh.next_dial()
    );
}

#[test]
fn js2p_is_never_sent_a_renegotiation() {
    let mut world = World::with(Scheme::Ws, 1);
    let node = NodeId::from_entropy(&[77; 48]);
    let link = world.open_by_hand(0);
    world.hand(
        0,
        link,
        legacy_greeting(Scheme::Ws, &node, None)
            .frame()
            .into_bytes(),
    );
    world.run(1);
    world.take_by_hand(link);
    let m = Draft::new(Kind::Renegotiate, &node, WallSeconds(WALL.0))
        .encode(&Signal::Compression(vec![0x13]).payload());
    world.hand(0, link, m.frame().into_bytes());
    assert!(world.take_by_hand(link).is_empty());
}

#[test]
fn deferred_whispers_all_fit_or_wait() {
    let mut world = World::new(Scheme::Tcp);
    for _ in 0..3 {
        world.add(|c| c.outgoing = 0);
    }
    world.line();
    let to = world.id(2);
    let text = "x".repeat(400_000);
    for _ in 0..5 {
        world.whisper(0, &to, &text).expect("as set up");
    }
    world.run(5);
    assert_eq!(world.received(2).len(), 5);
}
