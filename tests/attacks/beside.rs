//! The honest beside strangers who go on for as long as they talk: what they still hear meanwhile, and what the relay spends on it.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, HONEST, Talk};
use crate::figures::{Figures, mebibytes};
use crate::relay::Relay;

/// Honest messages a second in all, and their length in bytes.
const TALK: (u32, usize) = (20, 100);
/// How much later than before the slowest hundredth may be.
const LATER: f64 = 2.0;

/// Honest peers that have talked while nobody disturbed them.
pub(crate) struct Undisturbed<'a> {
    relay: &'a Relay,
    crowd: Crowd,
    before: Talk,
    /// What the relay held then, and how long it had worked.
    memory: u64,
    processor: Duration,
    start: Instant,
}

/// The same, once they have talked beside strangers.
pub(crate) struct Disturbed<'a> {
    honest: Undisturbed<'a>,
    during: Talk,
    processor: Duration,
    /// Seconds for which they talked.
    pub(crate) span: f64,
    missing: u64,
}

impl<'a> Undisturbed<'a> {
    /// Joins them, and has them talk for as long as they will beside strangers: the machine also does what it does now and then by
    /// itself. From then on strangers may come.
    pub(crate) async fn talk(relay: &'a Relay, span: Duration) -> Self {
        let mut crowd = Crowd::join(relay, HONEST, 0).await;
        let before = crowd.talk(0, TALK.0, TALK.1, span).await;
        crowd.settle(&before).await;
        let (memory, processor, start) = (relay.memory(), relay.processor(), Instant::now());
        relay.forget_peak();
        Self {
            relay,
            crowd,
            before,
            memory,
            processor,
            start,
        }
    }

    /// Has them talk beside strangers. Missing is what has not come through while those go on.
    pub(crate) async fn disturbed(mut self, span: Duration) -> Disturbed<'a> {
        let during = self.crowd.talk(0, TALK.0, TALK.1, span).await;
        let span = self.start.elapsed().as_secs_f64();
        let processor = self.relay.processor() - self.processor;
        self.crowd.settle_soon(&during).await;
        let missing = self.crowd.missing(&during);
        Disturbed {
            honest: self,
            during,
            processor,
            span,
            missing,
        }
    }
}

impl Disturbed<'_> {
    /// Reports how they fared, once the strangers have gone. The relay may use so many cores, and grow by so many MiB.
    pub(crate) async fn report(self, figures: &mut Figures, cores: f64, memory: f64) {
        let Undisturbed { relay, crowd, .. } = &self.honest;
        crowd.settle(&self.during).await;
        figures.is("honest deliveries kept up by it", self.missing, 0);
        crowd.compare(figures, &self.honest.before, &self.during, LATER);
        figures.is("honest links lost", crowd.ended(), 0);
        let used = self.processor.as_secs_f64() / self.span;
        figures.timed("cores of the relay's", used, cores);
        let grown = mebibytes(relay.peak().saturating_sub(self.honest.memory));
        figures.at_most("memory up, in MiB", grown, memory);
    }
}
