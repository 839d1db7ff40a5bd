//! [`Frame`]: the unit that links carry, and how one becomes a [`Message`].

use bytes::Bytes;

use super::compression::Compression;
use super::error::DecodeError;
use super::message::{ID_LEN, Message};
use super::value::Limits;
use crate::id::{MessageId, NodeId};

/// Length of a frame's header in bytes: the body's length as a big-endian `u32` (protocol 0.7, Frame).
pub const HEADER: usize = 4;

/// One whole frame, header and body, not looked into yet. Cheap to clone, and fit to be sent as it is.
///
/// A frame shares the buffer that it was received in. Who keeps one for long keeps that buffer.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// Takes bytes that are known to be a header and as long a body as it says.
    pub(crate) fn from_whole(bytes: Bytes) -> Self {
        debug_assert!(bytes.len() >= HEADER);
        Self(bytes)
    }

    /// Writes the length of the body into the header that `bytes` left room for.
    pub(super) fn seal(mut bytes: Vec<u8>) -> Self {
        let body = bytes.len().saturating_sub(HEADER);
        // Bodies are bounded far below by every reader; a longer one could not be sent at all.
        let announced = u32::try_from(body).unwrap_or(u32::MAX);
        if let Some(header) = bytes.first_chunk_mut() {
            *header = announced.to_be_bytes();
        }
        Self(bytes.into())
    }

    /// The frame's bytes, header included.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The frame's bytes, header included.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// The bytes behind the header.
    pub fn body(&self) -> Bytes {
        self.0.slice(HEADER..)
    }

    fn body_slice(&self) -> &[u8] {
        &self.0[HEADER..]
    }

    /// The id that the body claims if it is plain: its first 32 bytes, not verified.
    ///
    /// Good for one thing: a frame whose claimed id has been seen can be dropped without hashing it. A forged id
    /// drops only its forger's frame.
    pub fn claimed_id(&self) -> Option<MessageId> {
        self.body_slice().first_chunk().map(|id| MessageId(*id))
    }

    /// Opens the frame: finds the reading of the body whose checksum holds, and validates the message.
    ///
    /// The body is read as plain, then by each method of `accepted` that its first bytes allow. A plain body may
    /// have `max_body` bytes, compressed or not; unpacking stops there. The payload is validated against `limits`
    /// but not built.
    ///
    /// # Errors
    /// - [`DecodeError::Checksum`] if no reading has the checksum it claims, or
    ///   [`DecodeError::TooLargeDecompressed`], [`DecodeError::Decompression`] or [`DecodeError::Unsupported`] if the
    ///   body began as an accepted method but did not unpack.
    /// - [`DecodeError::FrameTooLarge`] if the body as it came exceeds `max_body`.
    /// - The other errors if the checksum holds but the message is none, or exceeds `limits`.
    pub fn open(
        &self,
        accepted: &[Compression],
        max_body: usize,
        limits: &Limits,
    ) -> Result<Message, DecodeError> {
        self.open_from(None, accepted, max_body, limits)
    }

    /// Whether the body looks like one that is compressed in an accepted way. Hardly any that is plain does.
    pub(crate) fn may_be_folded(&self, accepted: &[Compression]) -> bool {
        let body = self.body_slice();
        accepted.iter().any(|method| method.may_be(body))
    }

    /// As [`Frame::open`], for a frame that is most likely `sender`'s: its id is then shared.
    pub(crate) fn open_from(
        &self,
        sender: Option<&NodeId>,
        accepted: &[Compression],
        max_body: usize,
        limits: &Limits,
    ) -> Result<Message, DecodeError> {
        let body = self.body_slice();
        if body.len() > max_body {
            let announced = u32::try_from(body.len()).unwrap_or(u32::MAX);
            return Err(DecodeError::FrameTooLarge {
                announced,
                limit: max_body,
            });
        }
        if let Some(id) = verified_id(body) {
            return Message::read(self.clone(), id, sender, limits);
        }
        let (frame, id) = unpack(body, accepted, max_body)?;
        Message::read(frame, id, sender, limits)
    }
}

impl core::fmt::Debug for Frame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frame({} bytes)", self.0.len())
    }
}

/// The id of a plain body whose checksum holds.
fn verified_id(body: &[u8]) -> Option<MessageId> {
    let (claimed, packed) = body.split_first_chunk::<ID_LEN>()?;
    let id = MessageId::of(packed);
    (id.0 == *claimed).then_some(id)
}

/// The plain frame of a compressed body: the first accepted reading whose checksum holds.
fn unpack(
    body: &[u8],
    accepted: &[Compression],
    max: usize,
) -> Result<(Frame, MessageId), DecodeError> {
    let mut failure = DecodeError::Checksum;
    for &method in accepted.iter().filter(|method| method.may_be(body)) {
        let mut plain = vec![0; HEADER];
        match method.decompress_onto(body, max, &mut plain) {
            Ok(()) => {
                if let Some(id) = verified_id(&plain[HEADER..]) {
                    return Ok((Frame::seal(plain), id));
                }
            }
            // Any body may be tried as snappy, so its failure says nothing about the body.
            Err(_) if method == Compression::Snappy => {}
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
