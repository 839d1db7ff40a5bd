//! [`Application`]: what a user runs on a node, and what it may do there.

use super::node::Place;
use crate::id::NodeId;
use crate::mesh::{Command, CommandError, Event, Mesh, Reach, Receipt};
use crate::time::Timestamp;
use crate::wire::{EncodeError, Flag, RawPackets, Value};
use core::time::Duration;

/// What runs on a node: it is told what the node's user would be told, and answers with commands.
///
/// It is to have no clock and no chance of its own, or a run cannot be had again. It outlives a restart of its node, as
/// what a program stores does; [`handle_start`](Self::handle_start) tells of each start.
///
/// ```
/// use core::time::Duration;
/// use rs2p::mesh::Event;
/// use rs2p::sim::{Application, Context, NodeOptions, Options, Simulation};
///
/// /// Answers every broadcast of others with a whisper.
/// struct Echo;
///
/// impl Application for Echo {
///     fn handle_event(&mut self, context: &mut Context<'_>, event: &Event) {
///         if let Event::Message { message, .. } = event && message.packets() == ["who is there?".into()] {
///             context.whisper(message.sender(), "I am").expect("there is a way to who has just spoken");
///         }
///     }
/// }
///
/// let mut simulation = Simulation::new(Options::seeded(7));
/// let relay = simulation.add(NodeOptions::relay().application(Echo));
/// let tab = simulation.add(NodeOptions::tab().seed(relay));
/// simulation.run_for(Duration::from_secs(1));
/// simulation.broadcast(tab, "who is there?").expect("the tab is linked");
/// simulation.run_for(Duration::from_secs(1));
/// let events = simulation.take_events(tab);
/// assert!(events.iter().any(|event| matches!(event, Event::Message { .. })));
/// simulation.assert_sound();
/// ```
pub trait Application {
    /// The node has started, for the first time or again.
    fn handle_start(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }

    /// The node tells something.
    fn handle_event(&mut self, context: &mut Context<'_>, event: &Event) {
        let _ = (context, event);
    }

    /// The time has come that was asked for by [`Context::wake_after`].
    fn handle_wake(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }
}

/// The node on which an application runs, while it is told something.
pub struct Context<'a> {
    pub(super) now: Timestamp,
    pub(super) place: Place,
    pub(super) mesh: &'a mut Mesh,
    /// What was accepted, and whether the figures follow it.
    pub(super) receipts: &'a mut Vec<(Receipt, bool)>,
    pub(super) wake: &'a mut Option<Timestamp>,
}

impl Context<'_> {
    /// The virtual time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Which node of the simulation this is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The node's id.
    pub fn node(&self) -> &NodeId {
        self.mesh.node()
    }

    /// The node itself, to be read.
    pub fn mesh(&self) -> &Mesh {
        self.mesh
    }

    /// Asks the node for something.
    ///
    /// # Errors
    /// As [`Mesh::handle_command`].
    pub fn command(&mut self, command: Command) -> Result<Receipt, CommandError> {
        let is_followed = is_followed(&command);
        let receipt = self.mesh.handle_command(self.now, command)?;
        self.receipts.push((receipt, is_followed));
        Ok(receipt)
    }

    /// Sends one packet to every node.
    ///
    /// # Errors
    /// As [`Mesh::handle_command`].
    pub fn broadcast(&mut self, packet: impl Into<Value>) -> Result<Receipt, CommandError> {
        self.command(broadcast(packet.into()))
    }

    /// Sends one packet to one node.
    ///
    /// # Errors
    /// As [`Mesh::handle_command`].
    pub fn whisper(
        &mut self,
        to: &NodeId,
        packet: impl Into<Value>,
    ) -> Result<Receipt, CommandError> {
        self.command(Command::Whisper {
            to: to.clone(),
            packets: packets(packet.into()),
            topic: None,
            answer: None,
        })
    }

    /// Asks for [`Application::handle_wake`] after `wait`, instead of when it was asked for before.
    pub fn wake_after(&mut self, wait: Duration) {
        *self.wake = Some(self.now + wait);
    }
}

pub(super) fn broadcast(packet: Value) -> Command {
    Command::Broadcast {
        reach: Reach::Mesh,
        flag: Flag::BROADCAST,
        packets: packets(packet),
        topic: None,
    }
}

/// Whether the figures follow what a command sends.
pub(super) fn is_followed(command: &Command) -> bool {
    matches!(
        command,
        Command::Broadcast {
            reach: Reach::Mesh,
            ..
        }
    )
}

/// One packet. A value that no message can hold becomes none, which its sender notices.
pub(super) fn packets(packet: Value) -> RawPackets {
    let packets: Result<_, EncodeError> = RawPackets::from_values(&[packet]);
    packets.unwrap_or_default()
}
