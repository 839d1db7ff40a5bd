//! Frames that go out together: one behind the other in one buffer, which links share.
//!
//! A transport is given the whole; a queue takes them one by one, as each may be dropped alone.

use core::ops::Range;

use bytes::Bytes;

/// At least one frame.
#[derive(Clone, Debug)]
pub(super) struct Train {
    bytes: Bytes,
    /// Where each but the last ends.
    joints: Vec<usize>,
}

impl Train {
    /// One frame, as it is.
    pub(super) fn one(frame: Bytes) -> Self {
        Self {
            bytes: frame,
            joints: Vec::new(),
        }
    }

    /// The bytes of all.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.joints.len() + 1
    }

    /// One after the other; they share the buffer.
    pub(super) fn frames(&self) -> impl Iterator<Item = Bytes> {
        (0..self.count()).map(|nth| self.frame(nth))
    }

    /// One of them, which shares the buffer.
    pub(super) fn frame(&self, nth: usize) -> Bytes {
        self.bytes.slice(self.range(nth))
    }

    /// Where in the buffer one of them lies.
    pub(super) fn range(&self, nth: usize) -> Range<usize> {
        let joint = |nth: usize| self.joints.get(nth).copied();
        let start = nth.checked_sub(1).and_then(joint).unwrap_or(0);
        start..joint(nth).unwrap_or(self.bytes.len())
    }
}

/// A [`Train`] that is put together. The first frame is not copied, unless another follows.
#[derive(Debug)]
pub(super) struct Coupling {
    first: Bytes,
    joined: Vec<u8>,
    joints: Vec<usize>,
    room: usize,
}

impl Coupling {
    /// Begins with a frame; if more follow, there is room for so many bytes.
    pub(super) fn new(first: Bytes, room: usize) -> Self {
        Self {
            first,
            room,
            joined: Vec::new(),
            joints: Vec::new(),
        }
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.joined.len().max(self.first.len())
    }

    pub(super) fn push(&mut self, frame: &[u8]) {
        if self.joined.is_empty() {
            self.joined
                .reserve_exact(self.room.max(self.first.len() + frame.len()));
            self.joined.extend_from_slice(&self.first);
        }
        self.joints.push(self.joined.len());
        self.joined.extend_from_slice(frame);
    }

    pub(super) fn finish(mut self) -> Train {
        // It is kept for a minute: with no more room than it needs, or nearly so.
        if self.joined.capacity() / 2 > self.joined.len() {
            self.joined.shrink_to_fit();
        }
        let bytes = if self.joints.is_empty() {
            self.first
        } else {
            self.joined.into()
        };
        Train {
            bytes,
            joints: self.joints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_is_not_copied() {
        let frame = Bytes::from_static(b"frame");
        let train = Coupling::new(frame.clone(), 100).finish();
        assert_eq!(train.bytes().as_ptr(), frame.as_ptr());
        assert_eq!(train.count(), 1);
        assert!(train.frames().eq([frame]));
    }

    #[test]
    fn frames_are_in_one_buffer_in_their_order() {
        let mut coupling = Coupling::new(Bytes::from_static(b"a"), 2);
        coupling.push(b"bc");
        coupling.push(b"def");
        assert_eq!(coupling.len(), 6);
        let train = coupling.finish();
        assert_eq!((train.bytes().as_ref(), train.count()), (&b"abcdef"[..], 3));
        assert!(train.frames().eq(["a", "bc", "def"].map(Bytes::from)));
    }
}
