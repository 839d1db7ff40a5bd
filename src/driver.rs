//! Runs a [`Mesh`] over any transport and clock: one future, one loop, on every target.
//!
//! It moves bytes, outputs and deadlines between the core and the platform, and answers the commands that come in through
//! a [`Port`]. It decides nothing about the mesh.

mod answers;
mod inquiries;
mod links;
mod patient;
mod port;
mod ready;
mod slot;
mod slots;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

pub use answers::{Answer, Answered, Answers, answers};
pub use port::{Caller, Job, JobError, Port, Reply, Request, Until, Wait, port};

use crate::id::LinkId;
use crate::mesh::{Command, CommandError, Environment, Event, Mesh, Receipt, Ticket};
use crate::time::{Timestamp, WallSeconds};
use crate::transport::{Clock, Transport};
use patient::{Outcome, Patient};
use port::{REQUESTS, lane};
use ready::Ready;
use slots::Slots;

/// Rounds of work before the executor gets a turn, so that one busy node does not starve its neighbours on one thread.
const ROUNDS: usize = 64;
/// And reads and writes: what they cause is done to its end, so that a message to a thousand links is one turn.
const CALLS: usize = 256;
/// And time: so much of a share as a transport has in each turn, it has two hundred times a second at least.
const TURN: Duration = Duration::from_millis(5);
/// A wall clock that differs from what the core counts by more than this has stepped.
const WALL_STEP: u64 = 1;

/// Is told what happens in a node, within the node's own loop: it must not block.
pub trait Observer {
    /// Something happened; the core is as it is right after.
    fn handle_event(&mut self, mesh: &Mesh, event: Event);
}

/// A running node: a future that ends when the node has closed, or when every [`Caller`] of its [`Port`] is gone and what
/// was sent is written.
///
/// Dropping it ends every link at once, without a word to the peers.
#[must_use = "a node runs only while it is polled"]
pub struct Driver<T: Transport, C, O> {
    mesh: Mesh,
    transport: T,
    clock: C,
    observer: O,
    port: Port,
    /// Messages that wait until a queue has room, at most [`REQUESTS`]. Those for the same receivers wait behind them.
    parked: VecDeque<Job>,
    /// Messages that wait for peers.
    patient: Patient,
    slots: Slots<T>,
    /// Links that end, in the order of their deadlines.
    ending: VecDeque<(Timestamp, LinkId)>,
    /// Frames that no link was given yet, and to which they go: empty where a link was given something since links were written to.
    held: Option<(Vec<LinkId>, Bytes)>,
    /// Links that were given frames and not yet flushed.
    unflushed: Vec<LinkId>,
    /// How many links were written to together, of late.
    written: usize,
    /// Bytes that links were given and that were not written yet, each frame counted once.
    unwritten: usize,
    /// Of each link that was written to, how many bytes: empty but while it is written.
    told: Vec<(LinkId, usize)>,
    /// Reads, and writes of what links were given, in this turn.
    calls: usize,
    /// Rounds of work, in this turn and those before it that were cut short, since deadlines were looked at.
    rounds: usize,
    ready: Arc<Ready>,
    accepted: u64,
    waiting: BTreeMap<Ticket, Vec<(Receipt, Reply)>>,
    /// Where the answers to questions go.
    asking: BTreeMap<Ticket, Answers>,
    wall: Option<(WallSeconds, Timestamp)>,
    closed: bool,
}

impl<T, C, O> Driver<T, C, O>
where
    T: Transport,
    C: Clock,
    O: Observer,
{
    /// A node over `transport`, to be asked through `port`.
    pub fn new(mesh: Mesh, transport: T, clock: C, observer: O, port: Port) -> Self {
        Self {
            mesh,
            transport,
            clock,
            observer,
            port,
            parked: VecDeque::new(),
            patient: Patient::default(),
            slots: Slots::default(),
            ending: VecDeque::new(),
            held: None,
            unflushed: Vec::new(),
            written: 0,
            unwritten: 0,
            told: Vec::new(),
            calls: 0,
            rounds: 0,
            ready: Arc::default(),
            accepted: 0,
            waiting: BTreeMap::new(),
            asking: BTreeMap::new(),
            wall: None,
            closed: false,
        }
    }

    /// One round over everything that may have work. False if nothing had.
    fn work(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.clock.now();
        self.tell_wall_clock(now);
        self.carry_out(now);
        let mut worked = self.take_request(now, cx);
        worked |= self.accept(now, cx) | self.answer_inquiry(now, cx);
        worked |= self.poll_a_link(now);
        self.carry_out(now);
        self.drop_overdue(now);
        worked
    }

    /// Does what is due. Only once nothing waits on the links, or after many rounds: a program that was stopped for a
    /// minute finds bytes and deadlines at once, and a peer that has spoken is not to be cut as silent.
    fn expire(&mut self) -> bool {
        let now = self.clock.now();
        let is_due = self.mesh.poll_timeout().is_some_and(|at| at <= now);
        if is_due {
            self.mesh.handle_timeout(now);
            self.carry_out(now);
        }
        is_due
    }

    fn tell_wall_clock(&mut self, now: Timestamp) {
        let wall = self.clock.wall();
        let counted = self.wall.map(|(said, at)| said.0 + now.since(at).as_secs());
        if counted.is_none_or(|counted| counted.abs_diff(wall.0) > WALL_STEP) {
            self.wall = Some((wall, now));
            self.mesh
                .handle_environment(now, Environment::WallClock(wall));
        }
    }

    fn take_request(&mut self, now: Timestamp, cx: &mut Context<'_>) -> bool {
        let mut worked =
            self.take_control(now, cx) | self.retry_parked(now) | self.retry_patient(now);
        if self.parked.len() < REQUESTS {
            worked |= self.take_message(now, cx);
        }
        worked
    }

    fn take_control(&mut self, now: Timestamp, cx: &mut Context<'_>) -> bool {
        match self.port.poll_control(cx) {
            Poll::Ready(Some(Request::Command(job))) => {
                if matches!(job.command, Command::Close | Command::Drain) {
                    self.take_messages(now, cx);
                    self.transport.refuse_links();
                }
                // Never busy: only messages need room.
                drop(self.run_job(now, job));
            }
            Poll::Ready(Some(Request::Environment(environment))) => {
                self.mesh.handle_environment(now, environment);
            }
            Poll::Ready(Some(Request::Report(reply))) => self.tell_report(now, reply),
            // Nobody can ask anything any more: the node says goodbye.
            Poll::Ready(None) if !self.closed => {
                self.take_messages(now, cx);
                self.closed = true;
                // A close is never refused.
                let _ = self.mesh.handle_command(now, Command::Close);
            }
            Poll::Ready(None) | Poll::Pending => return false,
        }
        true
    }

    /// What was asked before a close comes before it, though it came by another way.
    fn take_messages(&mut self, now: Timestamp, cx: &mut Context<'_>) {
        // Callers on other threads may add to them all the while.
        for _ in 0..=REQUESTS {
            if !self.take_message(now, cx) {
                return;
            }
        }
    }

    fn take_message(&mut self, now: Timestamp, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(Some(job)) = self.port.poll_message(cx) else {
            return false;
        };
        let is_early = self.peers_up_to(job.wait.peers) < job.wait.peers;
        if is_early && !self.closed {
            self.await_peers(now, job);
        } else {
            self.begin(now, job);
        }
        true
    }

    /// Runs a message behind those that wait for the same receivers.
    fn begin(&mut self, now: Timestamp, job: Job) {
        let lane = lane(&job.command);
        let is_waiting = |parked: &Job| port::lane(&parked.command) == lane;
        if self.parked.iter().any(is_waiting) {
            self.parked.push_back(job);
        } else if let Some(job) = self.run_job(now, job) {
            self.parked.push_back(job);
        }
    }

    /// How many peers there are, counted as far as `most`.
    fn peers_up_to(&self, most: usize) -> usize {
        self.mesh.peers().take(most).count()
    }

    fn await_peers(&mut self, now: Timestamp, job: Job) {
        if let Some(job) = self.patient.keep(now, job) {
            let error = CommandError::TooMany {
                what: "sends that wait for a peer",
                limit: REQUESTS,
            };
            drop(job.reply.send(Err(error.into())));
        }
    }

    /// Begins what waited for peers and waits no more.
    fn retry_patient(&mut self, now: Timestamp) -> bool {
        let mut worked = false;
        while !self.patient.is_empty() {
            let peers = self.mesh.peers().count();
            match self.patient.next(now, peers, self.closed) {
                Some(Outcome::Send(job)) => self.begin(now, job),
                Some(Outcome::Refuse(job, error)) => drop(job.reply.send(Err(error.into()))),
                None => break,
            }
            worked = true;
        }
        worked
    }

    /// Tries again what waits, in order for each receiver: one that is slow holds up nobody else.
    fn retry_parked(&mut self, now: Timestamp) -> bool {
        let before = self.parked.len();
        let mut full = Vec::new();
        for job in core::mem::take(&mut self.parked) {
            let lane = lane(&job.command);
            let waits = if full.contains(&lane) {
                Some(job)
            } else {
                self.run_job(now, job)
            };
            if let Some(job) = waits {
                full.push(lane);
                self.parked.push_back(job);
            }
        }
        self.parked.len() < before
    }

    /// Runs a job; gives it back if it has to wait for room.
    fn run_job(&mut self, now: Timestamp, job: Job) -> Option<Job> {
        self.closed |= matches!(job.command, Command::Close);
        match self.mesh.handle_command(now, job.command.clone()) {
            Err(CommandError::Busy) => return Some(job),
            Err(error) => drop(job.reply.send(Err(error.into()))),
            Ok(receipt) => {
                if let (Receipt::Sent { ticket, .. }, Some(answers)) = (receipt, job.answers) {
                    self.asking.insert(ticket, answers);
                }
                match (job.until, receipt) {
                    (Until::Settled, Receipt::Sent { ticket, .. } | Receipt::Pending(ticket)) => {
                        self.waiting
                            .entry(ticket)
                            .or_default()
                            .push((receipt, job.reply));
                    }
                    (Until::Settled | Until::Accepted, _) => drop(job.reply.send(Ok(receipt))),
                }
            }
        }
        None
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Answer {
                ticket,
                ref message,
                ref via,
            } => {
                let (message, via) = (message.clone(), via.clone());
                if let Some(answers) = self.asking.get(&ticket) {
                    answers.give(Answer { message, via });
                }
            }
            Event::Settled { ticket, ref result } => {
                if let (Some(answers), Err(failure)) = (self.asking.remove(&ticket), result) {
                    answers.fail(failure.clone());
                }
                for (receipt, reply) in self.waiting.remove(&ticket).unwrap_or_default() {
                    drop(reply.send(result.clone().map(|()| receipt).map_err(JobError::from)));
                }
            }
            Event::Closed => self.closed = true,
            _ => {}
        }
        self.observer.handle_event(&self.mesh, event);
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let ending = self.ending.front().map(|&(at, _)| at);
        let patient = self.patient.deadline();
        let all = self.mesh.poll_timeout().into_iter().chain(ending);
        all.chain(patient).min()
    }

    fn is_over(&self) -> bool {
        self.closed && self.mesh.links() == 0 && self.slots.is_empty()
    }
}

impl<T, C, O> Future for Driver<T, C, O>
where
    T: Transport + Unpin,
    C: Clock + Unpin,
    O: Observer + Unpin,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.ready.register(cx.waker());
        this.calls = 0;
        this.transport.begin_turn();
        let began = this.clock.now();
        for _ in 0..ROUNDS {
            if this.calls >= CALLS || this.clock.now().since(began) >= TURN {
                break;
            }
            this.rounds += 1;
            let worked = this.work(cx);
            if this.is_over() {
                return Poll::Ready(());
            }
            if worked || this.expire() {
                continue;
            }
            this.rounds = 0;
            match this.next_deadline() {
                None => return Poll::Pending,
                Some(at) if this.clock.poll_until(at, cx).is_pending() => return Poll::Pending,
                Some(_) => {}
            }
        }
        if this.rounds >= ROUNDS {
            this.rounds = 0;
            this.expire();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
