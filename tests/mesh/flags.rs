//! How far a message goes, and what sort it is: broadcasts and whispers with a flag of the application's own.

use rs2p::Scheme;
use rs2p::mesh::{Command, CommandError, Event, Reach, Receipt};
use rs2p::wire::{Flag, Kind, Message, RawPackets};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::world::World;

fn line(count: usize) -> World {
    let mut world = World::new(Scheme::Ws);
    for _ in 0..count {
        world.add(|config| config.outgoing = 0);
    }
    world.line();
    world
}

fn send(world: &mut World, from: usize, reach: Reach, flag: &Flag) -> Result<usize, CommandError> {
    let packets = RawPackets::from_values(&["a packet".into()]).expect("a packet");
    let command = Command::Broadcast {
        reach,
        flag: flag.clone(),
        packets,
        topic: None,
    };
    let receipt = world.command(from, command)?;
    world.run(1);
    match receipt {
        Receipt::Sent { links, .. } => Ok(links),
        other => panic!("not sent: {other:?}"),
    }
}

fn messages(world: &World, number: usize) -> Vec<&Message> {
    let events = world.nodes[number].events.iter();
    events
        .filter_map(|event| match event {
            Event::Message { message, .. } => Some(message),
            _ => None,
        })
        .collect()
}

fn own_flags() -> [Flag; 4] {
    [
        Flag::try_from(0x30).expect("free"),
        Flag::try_from(u64::MAX).expect("free"),
        Flag::try_from("news").expect("short"),
        Flag::try_from(&b"news"[..]).expect("short"),
    ]
}

#[test]
fn a_broadcast_with_a_flag_of_its_own_reaches_every_application() {
    let mut world = line(4);
    for flag in own_flags() {
        assert_eq!(send(&mut world, 0, Reach::Mesh, &flag), Ok(1));
    }
    for number in 1..4 {
        let heard: Vec<_> = messages(&world, number)
            .into_iter()
            .map(|message| (message.flag(), message.packets()))
            .collect();
        let sent = own_flags().map(|flag| (Some(flag), vec!["a packet".into()]));
        assert_eq!(heard, sent);
    }
}

#[test]
fn a_message_to_the_peers_goes_no_further() {
    let mut world = line(4);
    let mut flags = own_flags().to_vec();
    flags.push(Flag::BROADCAST);
    for flag in &flags {
        assert_eq!(send(&mut world, 1, Reach::Peers, flag), Ok(2));
    }
    for neighbour in [0, 2] {
        let heard = messages(&world, neighbour);
        assert!(heard.iter().all(|message| message.kind() == Kind::Whisper));
        let heard: Vec<_> = heard.iter().map(|message| message.flag()).collect();
        assert_eq!(heard, flags.iter().cloned().map(Some).collect::<Vec<_>>());
    }
    assert!(messages(&world, 3).is_empty());
}

#[test]
fn a_message_to_one_peer_goes_over_its_link_or_not_at_all() {
    let mut world = line(3);
    let (near, far) = (world.id(0), world.id(2));
    let flag = Flag::try_from("for you").expect("short");
    let to_near = Reach::Peer(near);
    assert_eq!(send(&mut world, 1, to_near.clone(), &flag), Ok(1));
    assert_eq!(messages(&world, 0).len(), 1);
    assert!(messages(&world, 2).is_empty());
    assert_eq!(
        send(&mut world, 0, Reach::Peer(far.clone()), &flag),
        Err(CommandError::NotAPeer(far))
    );
    world.kill(0);
    world.run(60);
    assert!(matches!(
        send(&mut world, 1, to_near, &flag),
        Err(CommandError::NotAPeer(_))
    ));
}
