//! [`Promises`]: what must come true, looked at until it has or its time is over.

use core::time::Duration;

use super::crowd::Shape;
use super::measure::{self, millis, place};
use super::runner::Runner;
use super::script::{Aim, Promise};
use super::summary::Goal;
use crate::mesh::{Config, Usage};

/// What a heartbeat makes happen on a link, at most: each end asks, hears the answer, and looks twice at its clock.
const STEPS_A_LINK: u64 = 8;
/// What a node does besides in that time, at most.
const STEPS_A_NODE: u64 = 4;

/// What it takes to dial an address in vain, which a node with fewer links than it wants goes on with.
const STEPS_OF_A_SEARCH: u64 = 3;

/// The promises of a script, and what came of them.
#[derive(Debug, Default)]
pub(super) struct Promises(Vec<Pending>);

#[derive(Debug)]
struct Pending {
    promise: Promise,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It is not decided, and this was seen last.
    Open(String),
    /// It came true after so long.
    Kept(Duration),
    /// Its time is over, and this was seen instead.
    Broken(String),
}

impl Promises {
    pub(super) fn new(promises: &[Promise]) -> Self {
        let pending = |promise: &Promise| Pending {
            promise: promise.clone(),
            state: State::Open("it was not looked at".to_owned()),
        };
        Self(promises.iter().map(pending).collect())
    }

    pub(super) fn are_decided(&self) -> bool {
        self.0
            .iter()
            .all(|pending| !matches!(pending.state, State::Open(_)))
    }

    pub(super) fn look(&mut self, runner: &Runner<'_>, shape: Shape) {
        for pending in &mut self.0 {
            pending.look(runner, shape);
        }
    }

    pub(super) fn goals(self) -> Vec<Goal> {
        self.0.into_iter().map(Pending::goal).collect()
    }
}

impl Pending {
    fn look(&mut self, runner: &Runner<'_>, shape: Shape) {
        let now = runner.now();
        if !matches!(self.state, State::Open(_)) || now < self.promise.from {
            return;
        }
        self.state = match seen(&self.promise, runner, shape) {
            Ok(took) => State::Kept(took),
            Err(instead) if now >= self.promise.from + self.promise.within => {
                State::Broken(instead)
            }
            Err(so_far) => State::Open(so_far),
        };
    }

    fn goal(self) -> Goal {
        let limit = millis(self.promise.within);
        let goal = |took| Goal::new(self.promise.aim.words(), limit, took);
        match self.state {
            State::Kept(took) => goal(Some(millis(took))),
            State::Broken(instead) | State::Open(instead) => goal(None).instead(instead),
        }
    }
}

/// How long after its begin a promise came true; else what is the case instead.
fn seen(promise: &Promise, runner: &Runner<'_>, shape: Shape) -> Result<Duration, String> {
    let past = runner.now() - promise.from;
    match promise.aim {
        Aim::OneMesh if shape.parts <= 1 => Ok(past),
        Aim::OneMesh => Err(format!("{} parts", shape.parts)),
        Aim::NextMessage(share) => next_message(promise, runner, share),
        Aim::AllMessages => all_messages(runner).map(|()| past),
        Aim::Delivered(share) => delivered(runner, share).map(|()| past),
        Aim::Idle => idle(runner).map(|()| past),
    }
}

fn next_message(promise: &Promise, runner: &Runner<'_>, share: u8) -> Result<Duration, String> {
    let next = runner.said.iter().find(|said| said.at >= promise.from);
    let said = next.ok_or("nobody could send one")?;
    let (tracks, nodes) = (runner.simulation.figures(), runner.options.nodes);
    let after = measure::reached(said, tracks, &runner.crowd, nodes, share);
    let missing = || measure::missing(said, tracks, &runner.crowd, nodes);
    let after = after.ok_or_else(|| format!("{} nodes do not have it", missing()))?;
    Ok(said.at + after - promise.from)
}

fn all_messages(runner: &Runner<'_>) -> Result<(), String> {
    let (tracks, nodes) = (runner.simulation.figures(), runner.options.nodes);
    let counted = runner.said.iter().filter(|said| said.counts);
    let missing = counted.map(|said| measure::missing(said, tracks, &runner.crowd, nodes));
    match missing.sum() {
        0 => Ok(()),
        missing => Err(format!("{missing} deliveries are missing")),
    }
}

fn delivered(runner: &Runner<'_>, share: u16) -> Result<(), String> {
    let (reached, due) = runner.deliveries();
    match reached * 1_000 >= due * u64::from(share) {
        true => Ok(()),
        false => Err(format!("{reached} of {due} deliveries")),
    }
}

/// Nothing waits to be sent, and no more happens than heartbeats make happen.
fn idle(runner: &Runner<'_>) -> Result<(), String> {
    let config = Config::default();
    let heartbeat = config.heartbeat;
    let steps = runner.steps_within(heartbeat).ok_or("it has only begun")?;
    let up = runner.crowd.up();
    let seeks = |&&node: &&usize| runner.simulation.peers(place(node)).len() < config.outgoing;
    let seeking = up.iter().filter(seeks).count() as u64;
    let most = STEPS_A_LINK * runner.links_seen() as u64
        + STEPS_A_NODE * up.len() as u64
        + STEPS_OF_A_SEARCH * seeking * config.addresses as u64;
    if steps > most {
        return Err(format!(
            "{steps} steps in {heartbeat:?}, heartbeats make {most}"
        ));
    }
    let waits = |usage: &Usage| usage.what == "queue_frames" && usage.used > 0;
    let is_busy = |&node: &usize| {
        let mesh = runner.simulation.mesh(place(node));
        mesh.is_some_and(|mesh| mesh.usage().any(|usage| waits(&usage)))
    };
    match up.into_iter().find(is_busy) {
        Some(node) => Err(format!("frames wait at node {node}")),
        None => Ok(()),
    }
}

impl Aim {
    fn words(&self) -> String {
        match self {
            Self::OneMesh => "one mesh again".to_owned(),
            Self::NextMessage(100) => "the next message has reached every node".to_owned(),
            Self::NextMessage(share) => {
                format!("the next message has reached {share} % of the nodes")
            }
            Self::AllMessages => "every node has every message".to_owned(),
            Self::Delivered(share) => {
                format!("{} % of all deliveries", f64::from(*share) / 10.0)
            }
            Self::Idle => "nothing but heartbeats".to_owned(),
        }
    }
}
