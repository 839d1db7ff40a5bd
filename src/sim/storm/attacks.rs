//! What hostile peers say: too early, too late, again, in another's name, or nothing that makes sense.

use bytes::Bytes;

use crate::address::Scheme;
use crate::id::NodeId;
use crate::sim::dice::Dice;
use crate::sim::figures::Followed;
use crate::sim::node::{Place, SUBNET};
use crate::sim::simulation::Simulation;
use crate::sim::verdict::Rule;
use crate::time::WallSeconds;
use crate::wire::{
    Capabilities, Draft, Handshake, IdForm, Kind, Message, Signal, Time, Trailer, Value, sub_flag,
};

/// The oldest replay, in seconds: older than any node takes.
const REPLAYED: u64 = 95;

/// A puppet attacks a node of ours.
pub(super) fn strike(simulation: &mut Simulation, dice: &mut Dice) {
    let is_puppet = |&place: &Place| !simulation.is_core(place) && !simulation.is_relative(place);
    let Some(puppet) = simulation.places().find(is_puppet) else {
        return;
    };
    if !simulation.is_alive(puppet) {
        simulation.restart(puppet);
    }
    let victims = simulation
        .living()
        .filter(|&place| simulation.is_core(place) && !simulation.addresses(place).is_empty());
    let victims: Vec<_> = victims.collect();
    let Some(&victim) = dice.pick(&victims) else {
        return;
    };
    let scheme = puppet_scheme(simulation, victim);
    let own = simulation.id(puppet).clone();
    let words = match dice.below(6) {
        0 => too_early(simulation, dice),
        1 => at_a_wrong_time(simulation, dice, &own, scheme),
        2 | 3 => again(simulation, dice, &own, scheme),
        4 => in_anothers_name(simulation, dice, victim, scheme),
        _ => without_sense(simulation, dice, &own, scheme),
    };
    simulation.attack(puppet, victim, words);
}

fn puppet_scheme(simulation: &Simulation, victim: Place) -> Scheme {
    let addresses = simulation.addresses(victim);
    let is_tcp = addresses.iter().any(|at| at.scheme() == Scheme::Tcp);
    if is_tcp { Scheme::Tcp } else { Scheme::Ws }
}

/// A broadcast before the handshake: I3.
fn too_early(simulation: &mut Simulation, dice: &mut Dice) -> Vec<Bytes> {
    let sender = NodeId::from_entropy(&dice.bytes());
    let message = broadcast(&sender, Time::Seconds(simulation.wall().0), dice);
    simulation.forbid(message.id(), Rule::GreetedFirst);
    vec![message.frame().into_bytes()]
}

/// A broadcast whose time is none, or outside of every node's window: I6.
fn at_a_wrong_time(
    simulation: &mut Simulation,
    dice: &mut Dice,
    own: &NodeId,
    scheme: Scheme,
) -> Vec<Bytes> {
    let wall = simulation.wall().0;
    let time = match dice.below(5) {
        0 => Time::Seconds(wall - 80),
        // However long it is under way, its time has not come.
        1 => Time::Seconds(wall + 1_000),
        2 => Time::Seconds(1 << 40),
        3 => Time::Other(Value::F64(f64::NAN)),
        _ => Time::Other(Value::F64(wall as f64 + 0.5)),
    };
    let message = broadcast(own, time, dice);
    simulation.forbid(message.id(), Rule::WithinWindow);
    let greeting = greeting(own, scheme, simulation.wall(), None);
    vec![greeting, message.frame().into_bytes()]
}

/// What others said in the last minute and a half, byte for byte: I1 and I7.
fn again(simulation: &Simulation, dice: &mut Dice, own: &NodeId, scheme: Scheme) -> Vec<Bytes> {
    let figures = simulation.figures();
    let is_fit = |&broadcast: &Followed| {
        let age = simulation.now().since(figures.sent(broadcast)).as_secs();
        let origin = figures.origin(broadcast);
        let is_honest = simulation.is_core(origin) || simulation.is_relative(origin);
        is_honest && age < REPLAYED
    };
    let mut fit: Vec<_> = figures.broadcasts().filter(is_fit).collect();
    // Those that are about to be forgotten, or any.
    if dice.happens(0.5) {
        dice.shuffle(&mut fit);
    }
    let frames = fit
        .iter()
        .take(60)
        .map(|&broadcast| figures.frame(broadcast))
        .filter(|frame| !frame.is_empty());
    let greeting = greeting(own, scheme, simulation.wall(), None);
    [greeting].into_iter().chain(frames).collect()
}

/// A handshake in the name of one of the victim's peers: I9.
fn in_anothers_name(
    simulation: &Simulation,
    dice: &mut Dice,
    victim: Place,
    scheme: Scheme,
) -> Vec<Bytes> {
    let peers = simulation.peers(victim);
    let Some(&peer) = dice.pick(&peers) else {
        return Vec::new();
    };
    vec![claim(simulation, dice, peer, scheme)]
}

/// A handshake in the name of a node, as one of ours or as a relative.
pub(in crate::sim) fn claim(
    simulation: &Simulation,
    dice: &mut Dice,
    name: Place,
    scheme: Scheme,
) -> Bytes {
    let capabilities = dice.happens(0.5).then_some(Capabilities::HEARTBEAT);
    let name = simulation.id(name);
    greeting(name, scheme, simulation.wall(), capabilities)
}

/// Bytes that are no frame, or a frame that is no message.
fn without_sense(
    simulation: &Simulation,
    dice: &mut Dice,
    own: &NodeId,
    scheme: Scheme,
) -> Vec<Bytes> {
    let mut words: Vec<Bytes> = Vec::new();
    if dice.happens(0.7) {
        words.push(greeting(own, scheme, simulation.wall(), None));
    }
    let noise: [u8; 64] = dice.bytes();
    let length = match dice.below(3) {
        0 => u32::MAX,
        1 => noise.len() as u32,
        _ => 1 + dice.below(60) as u32,
    };
    words.push([&length.to_be_bytes()[..], &noise].concat().into());
    words
}

fn broadcast(sender: &NodeId, time: Time, dice: &mut Dice) -> Message {
    let mut draft = Draft::new(Kind::Broadcast, sender, WallSeconds(0));
    draft.time = time;
    draft.encode(&[sub_flag::BROADCAST.into(), dice.number().into()])
}

fn greeting(
    node: &NodeId,
    scheme: Scheme,
    wall: WallSeconds,
    capabilities: Option<Capabilities>,
) -> Bytes {
    let handshake = Signal::Handshake(Handshake {
        node: node.clone(),
        form: IdForm::Bytes,
        protocol: scheme.protocol(SUBNET).as_str().as_bytes().to_vec(),
        endpoint: None,
        compression: Vec::new(),
    });
    let trailer = Trailer {
        capabilities,
        ..Trailer::default()
    };
    let message = Draft::new(Kind::Whisper, node, wall)
        .trailer(trailer)
        .encode(&handshake.payload());
    message.frame().into_bytes()
}
