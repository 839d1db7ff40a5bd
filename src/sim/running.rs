//! Time passing: what is due is done, one thing after the other.

use core::time::Duration;

use super::agenda::{Due, What};
use super::host::{Actor, Armed};
use super::node::Place;
use super::simulation::Simulation;
use super::verdict::{Stopped, Violation};
use crate::mesh::{Event, LinkEvent, Output};
use crate::time::Timestamp;

impl Simulation {
    /// Lets a time pass. It ends early only at the first breach of an invariant: see [`Simulation::verdict`].
    pub fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while self.step(end) {}
        if self.violation.is_none() {
            self.now = end;
        }
    }

    /// Lets time pass until `is_reached`, which is asked whenever something has happened. Says how long it took.
    ///
    /// # Errors
    /// [`Stopped::Timeout`] if it is not reached within `limit`, [`Stopped::Violation`] if an invariant was broken first.
    pub fn run_until(
        &mut self,
        mut is_reached: impl FnMut(&Self) -> bool,
        limit: Duration,
    ) -> Result<Duration, Stopped> {
        let (begun, end) = (self.now, self.now + limit);
        while !is_reached(self) {
            if self.step(end) {
                continue;
            }
            if let Err(violation) = self.verdict() {
                return Err(Stopped::Violation(violation.clone()));
            }
            self.now = end;
            return Err(Stopped::Timeout {
                limit,
                replay: self.options.to_string(),
            });
        }
        Ok(self.now.since(begun))
    }

    /// Whether all was well so far.
    ///
    /// # Errors
    /// The first breach of an invariant. Nothing happens after it.
    pub fn verdict(&self) -> Result<(), &Violation> {
        self.violation.as_deref().map_or(Ok(()), Err)
    }

    /// For tests: all was well so far.
    ///
    /// # Panics
    /// If an invariant was broken, with the line that gives the run again.
    pub fn assert_sound(&self) {
        if let Err(violation) = self.verdict() {
            panic!("{violation}");
        }
    }

    /// Does the next thing that is due by `limit`; false if there is none, or the run is over.
    fn step(&mut self, limit: Timestamp) -> bool {
        if self.violation.is_some() {
            return false;
        }
        let Some(due) = self.agenda.pop_until(limit) else {
            return false;
        };
        self.now = self.now.max(due.at);
        match due.what {
            What::Lane { cable, side } => self.lane_due(cable, side, due.number),
            What::Timer { place } => self.timer_due(place, due),
            What::Wake { place } => self.wake_due(place, due),
            What::Audit => self.audit(),
        }
        true
    }

    fn timer_due(&mut self, place: u32, due: Due) {
        let host = &mut self.hosts[place as usize];
        if host.timer.is_none_or(|armed| armed.number != due.number) {
            return;
        }
        host.timer = None;
        if host.is_frozen {
            return;
        }
        if host.actor.poll_timeout().is_some_and(|at| at <= self.now) {
            self.steps += 1;
            host.deadlines += 1;
            host.actor.handle_timeout(self.now);
            self.drain(place);
        } else {
            self.arm(place);
        }
    }

    fn wake_due(&mut self, place: u32, due: Due) {
        let host = &mut self.hosts[place as usize];
        if host.is_frozen || host.wake.is_none_or(|armed| armed.number != due.number) {
            return;
        }
        host.wake = None;
        self.steps += 1;
        self.with_application(place, |application, context| {
            application.handle_wake(context);
        });
        self.drain(place);
    }

    /// Sets the one deadline of a place. An earlier one that is set already does: it looks again when it is due.
    pub(super) fn arm(&mut self, place: u32) {
        let host = &mut self.hosts[place as usize];
        let Some(at) = host.actor.poll_timeout().filter(|_| !host.is_frozen) else {
            return;
        };
        let at = at.max(self.now);
        if host.timer.is_none_or(|armed| armed.at > at) {
            let number = self.agenda.push(at, What::Timer { place });
            host.timer = Some(Armed { at, number });
        }
    }

    /// Does what a node wants done, until it wants nothing more.
    pub(super) fn drain(&mut self, place: u32) {
        loop {
            while let Some(output) = self.hosts[place as usize].actor.poll_output() {
                self.trace.take(self.now, place, &output);
                self.put_out(place, output);
            }
            if self.written.is_empty() {
                break;
            }
            for (link, bytes) in core::mem::take(&mut self.written) {
                let actor = &mut self.hosts[place as usize].actor;
                actor.handle_link(self.now, LinkEvent::Written { link, bytes });
            }
        }
        self.acted(place);
        self.arm(place);
    }

    fn put_out(&mut self, place: u32, output: Output) {
        match output {
            Output::Transmit { to, frames } => self.transmit(place, &to, &frames),
            Output::Dial { link, address } => self.dial(place, link, &address),
            Output::Ping { link } => self.ping(place, link),
            Output::Pause { link } => self.hold(place, link, true),
            Output::Resume { link } => self.hold(place, link, false),
            Output::Close { link, reason } => self.close(place, link, &reason),
            Output::Event(event) => self.tell(place, event),
        }
    }

    fn tell(&mut self, place: u32, event: Event) {
        self.told(place, &event);
        self.with_application(place, |application, context| {
            application.handle_event(context, &event);
        });
        let host = &mut self.hosts[place as usize];
        if self.options.events && matches!(host.actor, Actor::Core(_)) {
            host.events.push(event);
        }
    }

    /// The line that gives the run again, for messages.
    pub(super) fn replay(&self) -> String {
        self.options.to_string()
    }

    /// Notes the first breach of an invariant.
    pub(super) fn breach(&mut self, rule: super::Rule, place: u32, what: String) {
        if self.violation.is_none() {
            self.violation = Some(Box::new(Violation {
                rule,
                place: Place(place),
                at: self.now,
                what,
                replay: self.replay(),
            }));
        }
    }
}
