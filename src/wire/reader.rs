//! [`FrameReader`]: frames out of a byte stream, however it was cut.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use super::error::DecodeError;
use super::frame::{Frame, HEADER};
use crate::id::MessageId;

/// Reassembles the frames of one link from its byte stream.
///
/// The messages of a WebSocket are chunks of the stream like any other: a frame may be split over several or share
/// one (protocol 0.7, Frame).
///
/// Push a chunk, then take frames until there is none. A frame that lies whole in a chunk is a slice of it; one that
/// does not is copied together, byte by byte at most once. Between chunks the reader holds less than one frame, and
/// reserves only for bytes that came.
#[derive(Debug)]
pub struct FrameReader {
    max_body: usize,
    /// The beginning of a frame, copied from chunks that ended too early.
    partial: Vec<u8>,
    /// Chunks that were not read yet, none of them empty.
    chunks: VecDeque<Bytes>,
    /// Bytes in `chunks`, counted as they come and go: a peer may send as many chunks as it sends bytes.
    unread: usize,
    refused: Option<DecodeError>,
}

/// What was dropped of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) frames: usize,
    pub(crate) bytes: usize,
    /// The next frame lies whole in the chunk too, and claims what is not known.
    pub(crate) is_next_unknown: bool,
}

/// The id that a whole frame claims, unless it is too short for one.
fn claim(frame: &[u8]) -> Option<MessageId> {
    frame.get(HEADER..)?.first_chunk().map(|id| MessageId(*id))
}

impl FrameReader {
    /// A reader at the start of a stream, for bodies of at most `max_body` bytes.
    pub fn new(max_body: usize) -> Self {
        Self {
            max_body,
            partial: Vec::new(),
            chunks: VecDeque::new(),
            unread: 0,
            refused: None,
        }
    }

    /// Changes the limit, for the next call of [`next_frame`](Self::next_frame) on.
    pub fn set_max_body(&mut self, max_body: usize) {
        self.max_body = max_body;
    }

    /// Takes the next bytes of the stream. They are dropped if the stream was refused before.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() && self.refused.is_none() {
            self.unread += bytes.len();
            self.chunks.push_back(bytes);
        }
    }

    /// The next whole frame, or `None` if it takes more bytes.
    ///
    /// # Errors
    /// [`DecodeError::FrameTooLarge`] as soon as a header announces more than the limit, and from then on for ever:
    /// there is no way to find the next frame.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        self.assemble().inspect_err(|error| self.refuse(error))
    }

    /// Whether the stream stands within a frame. Ask when [`next_frame`](Self::next_frame) gave `None`.
    pub fn is_mid_frame(&self) -> bool {
        self.buffered() > 0
    }

    /// How many bytes were pushed but not yet given out as frames.
    pub fn buffered(&self) -> usize {
        self.partial.len() + self.unread
    }

    /// How many of the next bytes of the stream hold this many whole frames; all of them if they hold fewer, or if that is not to
    /// be told.
    pub(crate) fn portion(&self, bytes: &[u8], frames: usize) -> usize {
        let begun = self.begun().filter(|_| self.unread == 0);
        let Some(mut end) = begun else {
            return bytes.len();
        };
        let begun = usize::from(end > 0);
        for _ in begun..frames {
            let rest = bytes.get(end..).unwrap_or(&[]);
            let Ok(Some(len)) = self.frame_len(rest) else {
                return bytes.len();
            };
            end += len;
        }
        end.min(bytes.len())
    }

    /// How many bytes the frame lacks that has begun; `None` if that is not to be told before more of its header comes.
    fn begun(&self) -> Option<usize> {
        match self.frame_len(&self.partial) {
            Ok(Some(len)) => Some(len - self.partial.len()),
            _ => self.partial.is_empty().then_some(0),
        }
    }

    /// What the frames ahead claim as their ids, as far as they lie whole in the first chunk. Claims are to be had for
    /// nothing: see [`Frame::claimed_id`].
    pub(crate) fn claims_ahead(&self) -> impl Iterator<Item = MessageId> {
        let chunk = self.chunks.front().map_or(&[][..], Bytes::as_ref);
        let mut rest = self
            .begun()
            .and_then(|begun| chunk.get(begun..))
            .unwrap_or(&[]);
        core::iter::from_fn(move || {
            let (frame, behind) = self.split_frame(rest)?;
            rest = behind;
            Some(claim(frame))
        })
        .flatten()
    }

    /// Drops frames that lie whole in the first chunk, at most so many, for as long as what they claim as their ids is `known`: no
    /// frame is made of them. A claim is as good as in [`Frame::claimed_id`].
    pub(crate) fn drop_while(
        &mut self,
        most: usize,
        mut known: impl FnMut(&MessageId) -> bool,
    ) -> Dropped {
        let mut dropped = Dropped::default();
        let Some(chunk) = self.chunks.front().filter(|_| self.partial.is_empty()) else {
            return dropped;
        };
        while dropped.frames < most
            && let Some((frame, _)) = self.split_frame(chunk.get(dropped.bytes..).unwrap_or(&[]))
            && let Some(claimed) = claim(frame)
        {
            if !known(&claimed) {
                dropped.is_next_unknown = true;
                break;
            }
            dropped.frames += 1;
            dropped.bytes += frame.len();
        }
        if dropped.bytes > 0 {
            self.take(dropped.bytes);
        }
        dropped
    }

    /// The whole frame with which `bytes` begin, and what is behind it.
    fn split_frame<'a>(&self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        bytes.split_at_checked(self.frame_len(bytes).ok()??)
    }

    fn assemble(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.partial.is_empty()
            && let Some(frame) = self.slice_frame()?
        {
            return Ok(Some(frame));
        }
        if !self.fill(HEADER) {
            return Ok(None);
        }
        let Some(len) = self.frame_len(&self.partial)? else {
            return Ok(None);
        };
        if !self.fill(len) {
            return Ok(None);
        }
        Ok(Some(Frame::from_whole(
            core::mem::take(&mut self.partial).into(),
        )))
    }

    /// Cuts a frame that lies whole in the first chunk.
    fn slice_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        let Some(chunk) = self.chunks.front() else {
            return Ok(None);
        };
        match self.frame_len(chunk)? {
            Some(len) if len <= chunk.len() => Ok(self.take(len).map(Frame::from_whole)),
            _ => Ok(None),
        }
    }

    /// The length of the whole frame that begins with `bytes`, if its header is there.
    fn frame_len(&self, bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
        let Some(header) = bytes.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let announced = u32::from_be_bytes(*header);
        let body = usize::try_from(announced)
            .ok()
            .filter(|body| *body <= self.max_body);
        match body.and_then(|body| body.checked_add(HEADER)) {
            Some(len) => Ok(Some(len)),
            None => Err(DecodeError::FrameTooLarge {
                announced,
                limit: self.max_body,
            }),
        }
    }

    /// Moves bytes from the chunks into `partial` until it has `len` of them, and says whether it has.
    fn fill(&mut self, len: usize) -> bool {
        while self.partial.len() < len {
            let Some(bytes) = self.take(len - self.partial.len()) else {
                return false;
            };
            self.reserve(bytes.len(), len);
            self.partial.extend_from_slice(&bytes);
        }
        true
    }

    /// Makes room for `more` bytes, doubling so that each byte is moved a bounded number of times, but never beyond
    /// `len`, so that a finished frame wastes none.
    fn reserve(&mut self, more: usize, len: usize) {
        let wanted = self.partial.len() + more;
        if wanted > self.partial.capacity() {
            let doubled = self.partial.capacity().saturating_mul(2).min(len);
            self.partial
                .reserve_exact(wanted.max(doubled) - self.partial.len());
        }
    }

    /// Takes up to `most` bytes off the first chunk.
    fn take(&mut self, most: usize) -> Option<Bytes> {
        let chunk = self.chunks.front_mut()?;
        let taken = if chunk.remaining() <= most {
            self.chunks.pop_front()?
        } else {
            chunk.split_to(most)
        };
        self.unread -= taken.len();
        Some(taken)
    }

    fn refuse(&mut self, error: &DecodeError) {
        self.refused = Some(error.clone());
        self.partial = Vec::new();
        self.chunks = VecDeque::new();
        self.unread = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_be_bytes()[..], body].concat()
    }

    /// What a stream claims that comes in two chunks, by the first byte of each claim.
    fn claims(stream: &[u8], cut: usize) -> Vec<u8> {
        let mut reader = FrameReader::new(100);
        reader.push(Bytes::copy_from_slice(&stream[..cut]));
        while reader.next_frame().expect("sound").is_some() {}
        reader.push(Bytes::copy_from_slice(&stream[cut..]));
        reader.claims_ahead().map(|id| id.0[0]).collect()
    }

    #[test]
    fn claims_are_those_of_the_whole_frames_that_begin_in_the_chunk() {
        let stream = [frame(&[1; 40]), frame(&[2; 50]), frame(&[3; 60])].concat();
        assert_eq!(claims(&stream, 0), [1, 2, 3]);
        assert_eq!(claims(&stream[..100], 0), [1, 2]);
        assert_eq!(claims(&stream, 44), [2, 3]);
        assert_eq!(claims(&stream, 60), [3], "the second is not in this chunk");
        assert!(claims(&stream, 46).is_empty(), "nor is its header");
    }

    /// What is dropped of a stream that comes in two chunks, for as long as claims begin with 1; and the next frame.
    fn dropped(stream: &[u8], cut: usize, most: usize) -> (Dropped, Option<u8>) {
        let mut reader = FrameReader::new(100);
        reader.push(Bytes::copy_from_slice(&stream[..cut]));
        while reader.next_frame().expect("sound").is_some() {}
        reader.push(Bytes::copy_from_slice(&stream[cut..]));
        let dropped = reader.drop_while(most, |id| id.0[0] == 1);
        let next = reader.next_frame().expect("sound");
        (
            dropped,
            next.and_then(|frame| frame.claimed_id()).map(|id| id.0[0]),
        )
    }

    #[test]
    fn a_row_is_dropped_up_to_what_is_not_known() {
        let stream = [
            frame(&[1; 40]),
            frame(&[1; 50]),
            frame(&[2; 60]),
            frame(&[1; 40]),
        ]
        .concat();
        let row = |frames, bytes, is_next_unknown| Dropped {
            frames,
            bytes,
            is_next_unknown,
        };
        assert_eq!(dropped(&stream, 0, 9), (row(2, 98, true), Some(2)));
        assert_eq!(dropped(&stream, 0, 1), (row(1, 44, false), Some(1)));
        assert_eq!(dropped(&stream[..97], 0, 9), (row(1, 44, false), None));
        assert_eq!(dropped(&stream, 98, 9), (row(0, 0, true), Some(2)));
        assert_eq!(
            dropped(&stream, 60, 9),
            (row(0, 0, false), Some(1)),
            "one has begun"
        );
        assert_eq!(
            dropped(&frame(&[1; 31]), 0, 9),
            (row(0, 0, false), None),
            "too short for an id"
        );
    }

    /// The portion of what comes after the first `cut` bytes of a stream.
    fn portion(stream: &[u8], cut: usize, frames: usize) -> usize {
        let mut reader = FrameReader::new(100);
        reader.push(Bytes::copy_from_slice(&stream[..cut]));
        while reader.next_frame().expect("sound").is_some() {}
        reader.portion(&stream[cut..], frames)
    }

    #[test]
    fn a_portion_is_of_whole_frames() {
        let stream = [frame(&[1; 40]), frame(&[2; 50]), frame(&[3; 60])].concat();
        let all = stream.len();
        let portions = [1, 2, 3, 4].map(|frames| portion(&stream, 0, frames));
        assert_eq!(portions, [44, 98, all, all]);
        assert_eq!(portion(&stream, 60, 1), 38, "the rest of one");
        assert_eq!(portion(&stream, 60, 2), all - 60);
        assert_eq!(
            portion(&stream, 46, 1),
            all - 46,
            "nobody knows how long it is"
        );
        assert_eq!(
            portion(&stream[..130], 100, 1),
            30,
            "it has not come to its end"
        );
        let refused = [frame(&[1; 40]), vec![0xff; 60]].concat();
        assert_eq!(portion(&refused, 0, 1), 44);
        assert_eq!(portion(&refused, 44, 1), 60, "no frame is announced so");
    }

    #[test]
    fn what_is_too_short_for_an_id_claims_nothing_and_what_is_too_long_ends_them() {
        let stream = [frame(&[1; 8]), frame(&[2; 32]), frame(&[3; 101])].concat();
        assert_eq!(claims(&stream, 0), [2]);
        assert!(claims(&[], 0).is_empty());
    }
}
