//! What waits to be written to one stream, first come, first served. It writes nothing itself.
//!
//! Most of the time that is one buffer, which leaves as soon as it came: it lies in place, so that a write to each of a thousand
//! links looks for none of them elsewhere in memory, and an idle link holds no list.

use std::collections::VecDeque;

use bytes::Bytes;

/// An empty list that had grown beyond this many buffers gives its memory back.
const KEEP: usize = 64;

/// What bytes are to the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Frames of the mesh, counted when they are written, but for so many bytes before them that the transport has put there.
    Frames { header: usize },
    /// What the transport says by itself, as when the peer asks it to.
    Control,
}

/// One buffer, and what it is.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) bytes: Bytes,
    pub(super) part: Part,
}

/// The queue. Its first comes first in memory, too: beside what a write looks at in [`Queued`](super::queued::Queued).
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Waiting {
    first: Option<Segment>,
    /// Empty where there is no first.
    others: VecDeque<Segment>,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    pub(super) fn push(&mut self, segment: Segment) {
        if self.first.is_none() {
            self.first = Some(segment);
        } else {
            self.others.push_back(segment);
        }
    }

    pub(super) fn first_mut(&mut self) -> Option<&mut Segment> {
        self.first.as_mut()
    }

    /// The first if no other waits.
    pub(super) fn only(&self) -> Option<&Segment> {
        self.first.as_ref().filter(|_| self.others.is_empty())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.first.iter().chain(&self.others)
    }

    pub(super) fn drop_first(&mut self) {
        self.first = self.others.pop_front();
        if self.first.is_none() && self.others.capacity() > KEEP {
            self.others = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_first_is_first_however_many_wait() {
        let segment = |number: u8| Segment {
            bytes: vec![number].into(),
            part: Part::Control,
        };
        let mut waiting = Waiting::default();
        for round in 1..=100_u8 {
            (0..round).for_each(|number| waiting.push(segment(number)));
            assert_eq!(waiting.only().is_some(), round == 1);
            let numbers = waiting.iter().map(|segment| segment.bytes[0]);
            assert!(numbers.eq(0..round));
            for number in 0..round {
                assert_eq!(waiting.len(), usize::from(round - number));
                let first = waiting.first_mut().map(|segment| segment.bytes[0]);
                assert_eq!(first, Some(number));
                waiting.drop_first();
            }
            assert!(waiting.is_empty() && waiting.others.capacity() <= KEEP);
        }
    }
}
