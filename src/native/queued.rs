//! A byte stream whose writes wait in a queue: buffers that links may share leave in one vectored write, and frames are
//! counted apart from what a transport puts around them.
//!
//! Has no bound of its own: the core keeps frames within its own, and whoever queues what a peer provokes looks at
//! [`Queued::control`] first.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};

use super::room::Room;
use super::socket::{self, ByteStream};
use super::waiting::{Part, Segment, Waiting};
use crate::mesh::LinkDown;

/// Most buffers given to the system at once.
const SLICES: usize = 64;

/// A stream and what waits to be written to it.
///
/// In the order in which a write comes by them: where one goes to each of a thousand links, all of this is fetched from far.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Queued<S> {
    /// How writing failed. Told by the reader once nothing is left to read: a peer that closed may have said why.
    broken: Option<Box<LinkDown>>,
    /// Bytes of frames that were written and not yet told.
    written: usize,
    stream: S,
    waiting: Waiting,
    room: Room,
    /// Bytes among those waiting that are [`Part::Control`].
    control: usize,
}

impl<S: ByteStream> Queued<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            broken: None,
            written: 0,
            stream,
            waiting: Waiting::default(),
            room: Room::default(),
            control: 0,
        }
    }

    /// The stream, to read from.
    pub(super) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Queues bytes.
    pub(super) fn push(&mut self, part: Part, bytes: Bytes) {
        if self.broken.is_some() || bytes.is_empty() {
            return;
        }
        if part == Part::Control {
            self.control += bytes.len();
        }
        self.waiting.push(Segment { bytes, part });
    }

    /// Drops what waits, and has `down` told by [`Queued::broken`].
    pub(super) fn fail(&mut self, down: LinkDown) {
        self.waiting = Waiting::default();
        self.control = 0;
        self.broken.get_or_insert_with(|| Box::new(down));
    }

    /// Why nothing can be written any more.
    pub(super) fn broken(&self) -> Option<&LinkDown> {
        self.broken.as_deref()
    }

    /// How many bytes of [`Part::Control`] wait.
    pub(super) fn control(&self) -> usize {
        self.control
    }

    /// Whether bytes of frames were written that [`Queued::report`] has not told.
    pub(super) fn has_news(&self) -> bool {
        self.written > 0
    }

    /// What a flush that went like `flushed` means to the driver: how many bytes of frames were written, or to wait. A
    /// failure is left to the reader, who is woken.
    pub(super) fn report(
        &mut self,
        flushed: Poll<Result<(), LinkDown>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, LinkDown>> {
        let written = core::mem::take(&mut self.written);
        match flushed {
            Poll::Ready(Err(down)) => {
                self.fail(down);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            _ if written > 0 => Poll::Ready(Ok(written)),
            Poll::Ready(Ok(())) if self.broken.is_none() => Poll::Ready(Ok(0)),
            _ => Poll::Pending,
        }
    }

    /// Writes until nothing waits.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            let wrote = self.poll_write_some(cx);
            self.make_room(&wrote);
            let taken = ready!(wrote)?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(taken);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Writes until nothing waits, and tells the peer that nothing follows.
    pub(super) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// A socket that takes all of it, or nothing, shows how fast the peer reads.
    fn make_room(&mut self, wrote: &Poll<io::Result<usize>>) {
        let room = match wrote {
            Poll::Pending => self.room.note(0, true),
            Poll::Ready(Ok(taken)) => self.room.note(*taken, false),
            Poll::Ready(Err(_)) => None,
        };
        if let Some(bytes) = room {
            self.stream.make_room(bytes);
        }
    }

    fn poll_write_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(only) = self.waiting.only() {
            return Pin::new(&mut self.stream).poll_write(cx, &only.bytes);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.waiting.len().min(SLICES);
        for (slice, segment) in slices.iter_mut().zip(self.waiting.iter()) {
            *slice = IoSlice::new(&segment.bytes);
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..count])
    }

    /// Takes note that the first `taken` bytes of what waits were written.
    fn advance(&mut self, mut taken: usize) {
        while let Some(first) = self.waiting.first_mut()
            && taken > 0
        {
            let step = taken.min(first.bytes.len());
            first.bytes.advance(step);
            taken -= step;
            match &mut first.part {
                Part::Frames { header } => {
                    let uncounted = step.min(*header);
                    *header -= uncounted;
                    self.written += step - uncounted;
                }
                Part::Control => self.control -= step,
            }
            if first.bytes.is_empty() {
                self.waiting.drop_first();
            }
        }
    }
}

/// The words for an error of the stream.
pub(super) fn told(result: Poll<io::Result<()>>) -> Poll<Result<(), LinkDown>> {
    result.map_err(|error| socket::failure(&error))
}
