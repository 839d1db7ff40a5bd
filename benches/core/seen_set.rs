//! What the core remembers of what it has seen. Nobody outside can name that, so its own sources are compiled in here.

#[allow(dead_code)]
#[path = "../../src/mesh/flat.rs"]
mod flat;
#[allow(dead_code)]
#[path = "../../src/mesh/seen.rs"]
mod seen;

use std::time::Duration;

use rs2p::id::MessageId;
use rs2p::time::Timestamp;

use seen::Seen;

/// It stays that: what is forgotten is so because of its number.
const NOW: Timestamp = Timestamp::from_millis(5_000);

/// A memory that is as full as it gets, and ids that come and come again when they were long forgotten.
pub struct Memory {
    seen: Seen,
    ids: Vec<MessageId>,
    next: usize,
}

impl Memory {
    /// One that has room for twice so many ids, and has the last ones.
    pub fn full(ids: usize) -> Self {
        let mut memory = Self {
            seen: Seen::new(Duration::from_secs(120), ids, 7),
            ids: (0..ids as u64 * 4).map(id).collect(),
            next: 0,
        };
        for _ in 0..ids * 4 {
            memory.insert();
        }
        memory
    }

    fn turn(&mut self) -> MessageId {
        let id = self.ids[self.next];
        self.next = (self.next + 1) % self.ids.len();
        id
    }

    /// Remembers an id that is new.
    pub fn insert(&mut self) -> bool {
        let id = self.turn();
        self.seen.insert(NOW, id)
    }

    /// Looks for an id: for one of the last quarter, which is known, or of the first, which is not.
    pub fn contains(&mut self, known: bool) -> bool {
        let quarter = self.ids.len() / 4;
        self.next = (self.next + 1) % quarter;
        let from = if known { quarter * 3 } else { 0 };
        self.seen.contains(&self.ids[from + self.next])
    }
}

fn id(number: u64) -> MessageId {
    MessageId::of(&number.to_be_bytes())
}
