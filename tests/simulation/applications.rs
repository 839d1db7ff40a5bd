//! Users test what they build on the mesh.

use core::time::Duration;

use rs2p::mesh::Event;
use rs2p::sim::{Application, Context, NodeOptions, Options, Simulation};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::worlds::seconds;

/// Says a number every second, and counts what it hears.
#[derive(Default)]
struct Clock {
    said: u64,
}

impl Application for Clock {
    fn handle_start(&mut self, context: &mut Context<'_>) {
        context.wake_after(Duration::from_secs(1));
    }

    fn handle_wake(&mut self, context: &mut Context<'_>) {
        self.said += 1;
        // Who has no link yet is heard by nobody.
        let _ = context.broadcast(self.said);
        context.wake_after(Duration::from_secs(1));
    }
}

#[test]
fn an_application_wakes_when_it_asked_to_and_its_broadcasts_are_followed() {
    let mut simulation = Simulation::new(Options::seeded(1));
    let relay = simulation.add(NodeOptions::relay().application(Clock::default()));
    let tab = simulation.add(NodeOptions::tab().seed(relay));
    simulation.run_for(Duration::from_millis(10_500));
    let messages = simulation.take_events(tab);
    let heard = messages
        .iter()
        .filter(|event| matches!(event, Event::Message { .. }));
    assert_eq!(heard.count(), 10);
    assert_eq!(simulation.figures().broadcasts().count(), 10);
}

#[test]
fn an_application_goes_on_after_a_restart_and_not_while_it_is_frozen() {
    let mut simulation = Simulation::new(Options::seeded(2));
    let relay = simulation.add(NodeOptions::relay().application(Clock::default()));
    simulation.add(NodeOptions::tab().seed(relay));
    let said = |s: &Simulation| s.figures().broadcasts().count();
    simulation.run_for(Duration::from_millis(3_500));
    simulation.freeze(relay);
    simulation.run_for(seconds(10));
    assert_eq!(said(&simulation), 3);
    simulation.thaw(relay);
    simulation.run_for(seconds(1));
    assert!(said(&simulation) > 3);
    simulation.restart(relay);
    simulation.run_for(seconds(10));
    assert!(said(&simulation) > 6);
    simulation.assert_sound();
}
