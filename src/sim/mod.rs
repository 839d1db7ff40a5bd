//! A network of nodes on virtual time, out of one seed: for tests of the mesh, and of what runs on it.
//!
//! A [`Simulation`] runs the very core that runs in a relay and in a browser tab, joined by links with a latency instead of
//! sockets. A year passes as fast as its events can be computed, whatever can go wrong goes wrong on demand, and the same
//! [`Options`] with the same calls give the same run, byte for byte, natively and as wasm: what failed once can be
//! looked at again.
//!
//! ```
//! use core::time::Duration;
//! use rs2p::sim::{NodeOptions, Options, Simulation};
//!
//! // 1. Two relays that know each other, and two tabs.
//! let mut simulation = Simulation::new(Options::seeded(7));
//! let first = simulation.add(NodeOptions::relay());
//! let second = simulation.add(NodeOptions::relay().seed(first));
//! let here = simulation.add(NodeOptions::tab().seed(first));
//! let there = simulation.add(NodeOptions::tab().seed(first).seed(second));
//! simulation.run_until(|s| s.components().len() == 1, Duration::from_secs(5))?;
//!
//! // 2. A relay dies...
//! simulation.kill(first);
//! simulation.run_for(Duration::from_secs(1));
//! simulation.restart(first);
//! simulation.run_until(|s| s.components().len() == 1, Duration::from_secs(30))?;
//!
//! // 3. ...and what is said afterwards is heard.
//! let hello = simulation.broadcast(here, "hello")?;
//! simulation.run_for(Duration::from_secs(1));
//! assert_eq!(simulation.figures().arrival(hello, there).delivered, 1);
//! simulation.assert_sound();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every step is checked against the rules of the mesh ([`Rule`]); the first breach ends the run, and says how to have it
//! again. Users test what they build with an [`Application`] on each node.
//!
//! It refuses to have a clock, a thread or chance of its own, and to model what lies below a stream: no packets are lost or
//! reordered within a link, as TCP and WebSocket do not either.

mod agenda;
mod application;
mod cable;
mod dice;
mod faults;
mod figures;
mod host;
mod invariants;
mod legacy;
mod liveness;
mod marks;
mod network;
mod node;
mod options;
mod puppet;
mod running;
pub mod scenario;
mod simulation;
mod storm;
mod strangers;
mod sybil;
mod trace;
mod verdict;

pub use application::{Application, Context};
pub use dice::Dice;
pub use faults::Notice;
pub use figures::{Arrival, Figures, Followed, Totals};
pub use node::{Manner, NodeOptions, Place, Relative, SUBNET};
pub use options::{Chunks, InvalidOptions, Options};
pub use simulation::Simulation;
pub use storm::Storm;
pub use verdict::{Rule, Stopped, Violation};
