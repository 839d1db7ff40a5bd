//! What happens around the node: the page is hidden, frozen, left or shown again; the network goes and comes.
//!
//! A page cannot trust its links when it comes back: they are asked, with a short deadline, and what waits is dialled at once.

use super::Mesh;
use super::WallClock;
use super::error::CloseReason;
use super::event::Environment;
use super::link::{Link, Phase};
use super::member::MemberState;
use super::targets::Origin;
use super::timers::Timer;
use crate::id::LinkId;
use crate::time::{Timestamp, WallSeconds};

/// What is known of the page and of the network around it.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// The page is not seen, so its timers come late.
    pub(super) is_hidden: bool,
    /// The page was left: nothing is dialled until it is shown again.
    pub(super) has_left: bool,
    /// Until when an address that is lost is dialled without a wait: what was up before the return is known to be dead then.
    pub(super) hurries_until: Timestamp,
}

impl Mesh {
    pub(super) fn environment_changed(&mut self, now: Timestamp, environment: Environment) {
        self.condition.is_stale = true;
        match environment {
            Environment::WallClock(said) => self.set_clock(now, said),
            Environment::Offline => self.offline = true,
            Environment::Online => {
                self.condition.proof_after = self.offline.then_some(now);
                self.offline = false;
                self.come_back(now);
            }
            Environment::Visible => {
                self.surroundings.is_hidden = false;
                self.come_back(now);
            }
            Environment::Resumed => self.come_back(now),
            Environment::Hidden => {
                self.surroundings.is_hidden = true;
                self.show_state(now, MemberState::Hidden);
            }
            Environment::Frozen => {
                self.show_state(now, MemberState::Asleep);
                self.fall_asleep(now);
            }
            Environment::Leaving => self.leave(now),
        }
    }

    fn set_clock(&mut self, now: Timestamp, said: WallSeconds) {
        let before = self.wall(now);
        self.wall = WallClock { said, at: now };
        self.clock_changed(now, before);
    }

    /// Finds out at once which links are dead, and dials what waits.
    fn come_back(&mut self, now: Timestamp) {
        if self.closing.is_some() {
            return;
        }
        self.surroundings.has_left = false;
        self.show_state(now, self.awake());
        self.surroundings.hurries_until = now + 2 * self.config.probe_timeout;
        self.note_sleep(now);
        self.give_up_old_dials(now);
        self.probe_all(now);
        self.forget_failures();
        self.redial_all(now);
    }

    /// How this node, which runs, is shown to others.
    fn awake(&self) -> MemberState {
        if self.surroundings.is_hidden {
            MemberState::Hidden
        } else {
            MemberState::Awake
        }
    }

    /// Dials that hang since before may never be answered, as what they sent may be lost.
    fn give_up_old_dials(&mut self, now: Timestamp) {
        let is_old = |(_, link): &(&LinkId, &Link)| {
            let is_dialled = matches!(link.phase, Phase::Dialled);
            is_dialled && now.since(link.heard) >= self.config.probe_timeout
        };
        let old: Vec<_> = self
            .links
            .iter()
            .filter(is_old)
            .map(|(&id, _)| id)
            .collect();
        for id in old {
            if let Some(target) = self.links.get(&id).and_then(|link| link.target) {
                self.targets.held(target);
            }
            self.close_link(now, id, CloseReason::DialTimeout);
        }
    }

    /// What failed without a network, or while nothing ran, says nothing of what is there: neither of what waits, nor of what
    /// is linked and may turn out to be dead.
    fn forget_failures(&mut self) {
        let given = self
            .targets
            .iter()
            .filter(|(_, target)| target.origin == Origin::User);
        let given: Vec<_> = given.map(|(id, _)| id).collect();
        for id in given {
            self.targets.held(id);
        }
    }

    /// Says goodbye on every link at once, and waits for nothing: the page may be gone in a moment.
    fn leave(&mut self, now: Timestamp) {
        self.surroundings.has_left = true;
        self.timers.stop(Timer::Standby);
        self.say_goodbye(now);
        self.close_all(now);
    }
}
