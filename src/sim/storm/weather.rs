//! Faults, and the talk that goes on meanwhile.

use core::time::Duration;

use super::skew;
use crate::mesh::{Command, Environment};
use crate::sim::dice::Dice;
use crate::sim::faults::Notice;
use crate::sim::node::Place;
use crate::sim::simulation::Simulation;

/// A message, mostly.
pub(super) fn talk(simulation: &mut Simulation, dice: &mut Dice) {
    let living: Vec<_> = simulation.living().collect();
    let Some(&from) = dice.pick(&living) else {
        return;
    };
    // Who has no link, or no room, says nothing; so does a puppet.
    match dice.below(10) {
        0 => drop(simulation.command(from, Command::RequestPeers)),
        1 | 2 => {
            let Some(&to) = dice.pick(&living).filter(|&&to| to != from) else {
                return;
            };
            drop(simulation.whisper(from, to, dice.number()));
        }
        3 => drop(simulation.broadcast(from, "z".repeat(dice.index(20_000)))),
        4 => {
            // The same again and again, within one second.
            for _ in 0..dice.below(8) {
                drop(simulation.broadcast(from, "again"));
            }
        }
        _ => drop(simulation.broadcast(from, dice.number())),
    }
}

/// Something goes wrong, or right again.
pub(super) fn strike(simulation: &mut Simulation, dice: &mut Dice) {
    let places: Vec<_> = simulation.places().collect();
    let Some(&place) = dice.pick(&places) else {
        return;
    };
    let other = dice.pick(&places).copied().unwrap_or(place);
    if other == place {
        return;
    }
    match dice.below(24) {
        0 | 1 => simulation.kill(place),
        2..5 => revive(simulation, dice),
        5..8 => lose_a_link(simulation, dice, place),
        8 => simulation.cut(place, other),
        9 => simulation.mend(place, other),
        10 => divide(simulation, dice, &places),
        11 | 12 => simulation.heal(),
        13 => simulation.freeze(place),
        14 | 15 => thaw(simulation, dice),
        16 => simulation.stall(place, Some(dice.below(5) * 2_000)),
        17 => simulation.stall(place, None),
        18 => simulation.skew(place, skew(dice)),
        19 => simulation.delay(place, Duration::from_millis(dice.below(1_500))),
        20 => simulation.delay(place, Duration::ZERO),
        21 => drop(simulation.connect(place, other)),
        22 => simulation.environment(place, Environment::Offline),
        _ => simulation.environment(place, Environment::Online),
    }
}

fn revive(simulation: &mut Simulation, dice: &mut Dice) {
    let dead = simulation.places().filter(|&p| !simulation.is_alive(p));
    let dead: Vec<_> = dead.collect();
    if let Some(&place) = dice.pick(&dead) {
        simulation.restart(place);
    }
}

fn thaw(simulation: &mut Simulation, dice: &mut Dice) {
    let frozen = simulation.places().filter(|&p| simulation.is_frozen(p));
    let frozen: Vec<_> = frozen.collect();
    if let Some(&place) = dice.pick(&frozen) {
        simulation.thaw(place);
    }
}

fn lose_a_link(simulation: &mut Simulation, dice: &mut Dice, place: Place) {
    let peers = simulation.peers(place);
    let Some(&peer) = dice.pick(&peers) else {
        return;
    };
    let notice = match dice.below(4) {
        0 => Notice::Only(place),
        1 => Notice::Only(peer),
        _ => Notice::Both,
    };
    simulation.lose_link(place, peer, notice);
}

fn divide(simulation: &mut Simulation, dice: &mut Dice, places: &[Place]) {
    let mut places = places.to_vec();
    dice.shuffle(&mut places);
    let (one, other) = places.split_at(dice.index(places.len() + 1));
    simulation.partition(&[one, other]);
}

/// All that is wrong is put right; puppets go.
pub(super) fn clear(simulation: &mut Simulation) {
    simulation.calm();
    let places: Vec<_> = simulation.places().collect();
    for place in places {
        let is_puppet = !simulation.is_core(place) && !simulation.is_relative(place);
        if is_puppet {
            simulation.kill(place);
        } else if !simulation.is_alive(place) {
            simulation.restart(place);
        }
        simulation.skew(place, 0);
        simulation.environment(place, Environment::Online);
    }
}
