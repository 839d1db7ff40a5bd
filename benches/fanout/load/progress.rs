//! How far each message has come: which are with every subscriber, in which order, and after how long.

use crate::clock;
use crate::peer::Stamp;

/// Fewest messages that are kept track of at once.
const LEAST_ROOM: usize = 4096;

/// Where a run of messages stands.
pub(crate) struct Progress {
    subscribers: u32,
    /// By the number of a message: how many subscribers have it. Those that all have are forgotten.
    having: Vec<u32>,
    /// Messages that were published.
    pub(crate) sent: u64,
    /// Messages that every subscriber has.
    pub(crate) complete: u64,
    /// Messages that subscribers got, each once for each of them.
    pub(crate) delivered: u64,
    /// Messages that came in another place than they were sent in.
    pub(crate) gaps: u64,
    /// How long messages took, in tenths of a microsecond, if that is asked for.
    delays: Option<Vec<u32>>,
}

impl Progress {
    pub(crate) fn new(subscribers: usize, window: u64) -> Self {
        let room = (window as usize + 2).max(LEAST_ROOM).next_power_of_two();
        Self {
            subscribers: subscribers as u32,
            having: vec![0; room],
            sent: 0,
            complete: 0,
            delivered: 0,
            gaps: 0,
            delays: None,
        }
    }

    /// From now on, how long messages take is written down; of about so many.
    pub(crate) fn measure_delays(&mut self, room: usize) {
        self.delays = Some(Vec::with_capacity(room));
    }

    /// What was written down, sorted.
    pub(crate) fn delays(&mut self) -> Vec<u32> {
        let mut delays = self.delays.take().unwrap_or_default();
        delays.sort_unstable();
        delays
    }

    /// A subscriber that had `before` messages got another one.
    pub(crate) fn handle_message(&mut self, before: u64, stamp: Stamp) {
        let [number, sent_at] = halves(stamp);
        self.delivered += 1;
        self.gaps += u64::from(number != before);
        let place = self.place(before + 1);
        self.having[place] += 1;
        loop {
            let next = self.place(self.complete + 1);
            if self.having[next] != self.subscribers {
                break;
            }
            self.having[next] = 0;
            self.complete += 1;
        }
        if let Some(delays) = &mut self.delays {
            delays.push(((clock::now() - sent_at) / 100) as u32);
        }
    }

    /// The one subscriber elsewhere has so many messages.
    pub(crate) fn acknowledge(&mut self, count: u64) {
        self.delivered = count;
        self.complete = count;
    }

    fn place(&self, number: u64) -> usize {
        number as usize & (self.having.len() - 1)
    }
}

fn halves(stamp: Stamp) -> [u64; 2] {
    let (halves, _) = stamp.as_chunks::<8>();
    [u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(number: u64) -> Stamp {
        let mut stamp = Stamp::default();
        stamp[..8].copy_from_slice(&number.to_le_bytes());
        stamp
    }

    #[test]
    fn a_message_is_complete_when_every_subscriber_has_it() {
        let mut progress = Progress::new(2, 4);
        progress.handle_message(0, stamp(0));
        progress.handle_message(1, stamp(1));
        assert_eq!((progress.complete, progress.delivered), (0, 2));
        progress.handle_message(0, stamp(0));
        assert_eq!((progress.complete, progress.gaps), (1, 0));
    }

    #[test]
    fn a_message_out_of_its_place_is_a_gap() {
        let mut progress = Progress::new(1, 4);
        progress.handle_message(0, stamp(1));
        progress.handle_message(1, stamp(1));
        assert_eq!(progress.gaps, 1);
    }
}
