//! [`Message`]: a validated message that still is the bytes it came in.

use core::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::compression::Compression;
use super::error::DecodeError;
use super::flag::Flag;
use super::frame::{Frame, HEADER};
use super::packets::Packets;
use super::scan::{Scanner, Token};
use super::sub_flag;
use super::topic::Topic;
use super::trailer::Trailer;
use super::value::{Limits, Value};
use crate::id::{MessageId, NodeId};

/// Length of the checksum, which is the id, in bytes.
pub(super) const ID_LEN: usize = 32;
/// Where the packed bytes of a plain frame begin.
pub(super) const PACKED: usize = HEADER + ID_LEN;
/// Items of the array before the payload: type, sender, time.
pub(super) const HEADER_ITEMS: usize = 3;

/// The type of a message: packet 0 of protocol 0.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 0: for everyone, relayed.
    Broadcast,
    /// 1: about the link itself.
    Renegotiate,
    /// 2: for the neighbour on this link.
    Whisper,
    /// 3: reserved, used by none.
    Ping,
    /// 4: reserved, used by none.
    Pong,
    /// Any other number, which both relatives ignore.
    Other(u64),
}

impl Kind {
    /// The kind with this number.
    pub const fn from_code(code: u64) -> Self {
        match code {
            0 => Self::Broadcast,
            1 => Self::Renegotiate,
            2 => Self::Whisper,
            3 => Self::Ping,
            4 => Self::Pong,
            other => Self::Other(other),
        }
    }

    /// The number on the wire.
    pub const fn code(self) -> u64 {
        match self {
            Self::Broadcast => 0,
            Self::Renegotiate => 1,
            Self::Whisper => 2,
            Self::Ping => 3,
            Self::Pong => 4,
            Self::Other(code) => code,
        }
    }
}

/// How an id is written: the bytes are the same, the msgpack type is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IdForm {
    /// msgpack `bin`, as py2p writes its own.
    Bytes,
    /// msgpack `str`, as js2p writes its own. Ours too: js2p finds a peer again by `str` alone, and py2p by whatever the
    /// peer writes, as long as it always writes the same.
    #[default]
    Text,
}

impl IdForm {
    /// `id` as a value in this form. Bytes that are no text stay bytes.
    pub fn value(self, id: &[u8]) -> Value {
        match self.text(id) {
            Some(text) => text.into(),
            None => id.into(),
        }
    }

    /// `id` as text, if this form asks for it and it is.
    pub(super) fn text(self, id: &[u8]) -> Option<&str> {
        match self {
            Self::Bytes => None,
            Self::Text => core::str::from_utf8(id).ok(),
        }
    }
}

/// The time of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// Whole seconds since 1970 UTC: the only form to send and to relay (protocol 0.7, Frame).
    Seconds(u64),
    /// Anything else: fractional, negative, NaN, text, nil. It can be read, and must not be relayed: one fractional
    /// time makes js2p drop every later sender, and a NaN circles between older nodes for ever.
    Other(Value),
}

/// A message whose header, payload and trailer are valid, and whose checksum holds.
///
/// Holds the plain frame and where its parts lie; the payload is built only when asked for. Cloning copies no bytes.
#[derive(Clone)]
pub struct Message {
    pub(super) frame: Frame,
    pub(super) id: MessageId,
    pub(super) kind: Kind,
    pub(super) sender: NodeId,
    pub(super) form: IdForm,
    pub(super) time: Time,
    pub(super) payload: Payload,
    /// Apart, as messages are moved about; none for an empty one.
    pub(super) trailer: Option<Arc<Trailer>>,
}

/// Where the payload lies in the frame, and what it begins with.
#[derive(Clone)]
pub(super) struct Payload {
    pub(super) items: usize,
    pub(super) sub_flag: Option<u64>,
    /// Where the payload begins: at its first item, the sub-flag.
    pub(super) start: usize,
    /// Where the items behind the sub-flag lie.
    pub(super) packets: Range<usize>,
}

impl Message {
    /// The message with these packed bytes, as [`packed`](Self::packed) gives them.
    ///
    /// # Errors
    /// As [`Frame::open`], but for the checksum, which is computed here.
    pub fn from_packed(packed: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        let id = MessageId::of(packed);
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(&id.0);
        bytes.extend_from_slice(packed);
        Self::read(Frame::seal(bytes), id, None, limits)
    }

    /// Reads the message again in a plain frame that was opened before, whose id is known.
    pub(crate) fn from_verified(
        frame: Bytes,
        id: MessageId,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        Self::read(Frame::from_whole(frame), id, None, limits)
    }

    /// Reads the message in a plain frame whose checksum is known to hold. The id of the `likely` sender is shared if it is it.
    pub(super) fn read(
        frame: Frame,
        id: MessageId,
        likely: Option<&NodeId>,
        limits: &Limits,
    ) -> Result<Self, DecodeError> {
        let bytes = frame.as_bytes();
        let mut scanner = Scanner::new(&bytes[PACKED..], limits);
        let items = match scanner.token()? {
            Token::Array(len) => len.checked_sub(HEADER_ITEMS),
            _ => return Err(DecodeError::BadHeader("a message is an array")),
        };
        let items = items.ok_or(DecodeError::BadHeader(
            "a message has a type, a sender and a time",
        ))?;
        let kind = read_kind(&mut scanner)?;
        let (sender, form) = read_sender(&mut scanner, likely)?;
        let time = read_time(&mut scanner, limits)?;
        let payload = read_payload(&mut scanner, items, bytes.len())?;
        let trailer = match scanner.rest() {
            [] => None,
            rest => keep_trailer(Trailer::parse(rest)),
        };
        Ok(Self {
            frame,
            id,
            kind,
            sender,
            form,
            time,
            payload,
            trailer,
        })
    }

    /// The id: the SHA-256 of the packed bytes.
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Who the message says it is from.
    pub fn sender(&self) -> &NodeId {
        &self.sender
    }

    /// How the sender's id is written.
    pub fn sender_form(&self) -> IdForm {
        self.form
    }

    /// When the message says it was made.
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// The plain frame, to be sent or relayed as it is.
    pub fn frame(&self) -> Frame {
        self.frame.clone()
    }

    /// The bytes of the plain frame.
    pub(crate) fn frame_bytes(&self) -> &[u8] {
        self.frame.as_bytes()
    }

    /// How many bytes the id covers.
    pub(crate) fn packed_len(&self) -> usize {
        self.frame_len().saturating_sub(PACKED)
    }

    /// How long the plain frame is.
    pub(crate) fn frame_len(&self) -> usize {
        self.frame.as_bytes().len()
    }

    /// The frame with its body compressed, or `None` if that saves nothing or the method is only ever decoded.
    pub fn compressed_frame(&self, method: Compression) -> Option<Frame> {
        let plain = self.frame.as_bytes();
        let packed = method.compress_onto(&plain[HEADER..], vec![0; HEADER])?;
        (packed.len() < plain.len()).then(|| Frame::seal(packed))
    }

    /// The bytes that the id covers: the array and what stands behind it.
    pub fn packed(&self) -> Bytes {
        self.frame.as_bytes().slice(PACKED..)
    }

    /// The same message with another trailer in place of what stands behind the array, and so with another id.
    #[must_use]
    pub fn with_trailer(&self, trailer: Trailer) -> Self {
        let mut bytes = self.frame.as_bytes()[..self.payload.packets.end].to_vec();
        trailer.encode(&mut bytes);
        let id = MessageId::of(&bytes[PACKED..]);
        bytes[HEADER..PACKED].copy_from_slice(&id.0);
        Self {
            frame: Frame::seal(bytes),
            id,
            trailer: keep_trailer(trailer),
            ..self.clone()
        }
    }

    /// What stands behind the array; empty if nothing does, or nothing that this version reads.
    pub fn trailer(&self) -> &Trailer {
        self.trailer.as_deref().unwrap_or(&Trailer::EMPTY)
    }

    /// What it is about, if its sender said so.
    pub fn topic(&self) -> Option<&Topic> {
        self.trailer().topic.as_ref()
    }

    /// The number by which its sender awaits answers, if it does.
    pub fn question(&self) -> Option<u64> {
        self.trailer().question
    }

    /// The number of the question that it answers, if it does.
    pub fn answers(&self) -> Option<u64> {
        self.trailer().answer
    }

    /// The first item of the payload, if it is a whole number and not negative.
    pub fn sub_flag(&self) -> Option<u64> {
        self.payload.sub_flag
    }

    /// The first item of the payload as an application's flag, if it is one.
    pub fn flag(&self) -> Option<Flag> {
        let first = self.values(self.payload.start, self.payload.items.min(1));
        first.into_iter().next().and_then(Flag::read)
    }

    /// Whether its flag is one of the plain two, without building it.
    pub fn has_plain_flag(&self) -> bool {
        matches!(
            self.sub_flag(),
            Some(sub_flag::BROADCAST | sub_flag::WHISPER)
        )
    }

    /// How many items the payload has, the sub-flag included.
    pub fn payload_len(&self) -> usize {
        self.payload.items
    }

    /// The payload, built: the sub-flag and the packets behind it. Bytes in it share the frame's buffer.
    pub fn payload(&self) -> Vec<Value> {
        self.values(self.payload.start, self.payload.items)
    }

    /// The payload behind its first item, built. Bytes in it share the frame's buffer.
    pub fn packets(&self) -> Vec<Value> {
        self.values(self.payload.packets.start, self.packet_count())
    }

    /// The msgpack of the items behind the sub-flag, one after the other.
    pub fn packet_bytes(&self) -> Bytes {
        self.frame.as_bytes().slice(self.payload.packets.clone())
    }

    /// The msgpack of the payload: the sub-flag and the items behind it.
    pub fn payload_bytes(&self) -> Bytes {
        let payload = &self.payload;
        let range = payload.start..payload.packets.end;
        self.frame.as_bytes().slice(range)
    }

    /// The packets as a `T`, the inverse of [`RawPackets::serialize`](super::RawPackets::serialize).
    ///
    /// A tuple or sequence is taken from the packets in order; anything else, such as a struct, from the one packet
    /// there is. Where that fails, the other way is tried: a `Vec<u8>` out of one packet of bytes, or a struct out
    /// of its fields in order, as py2p and js2p might send them.
    ///
    /// # Errors
    /// [`DecodeError::OtherType`] if the packets are no `T`.
    pub fn deserialize_packets<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let bytes = &self.frame.as_bytes()[self.payload.packets.clone()];
        Packets::new(bytes, self.packet_count()).deserialize()
    }

    fn packet_count(&self) -> usize {
        self.payload.items.saturating_sub(1)
    }

    /// Builds `count` values from `start` on. What was read is valid; what a [`Draft`](super::Draft) wrote beyond any
    /// depth ends the list early.
    fn values(&self, start: usize, count: usize) -> Vec<Value> {
        let bytes = self.frame.as_bytes().slice(start..self.payload.packets.end);
        let mut scanner = Scanner::sharing(&bytes, &Limits::NONE);
        (0..count).map_while(|_| scanner.value().ok()).collect()
    }
}

impl PartialEq for Message {
    /// Equal messages are equal bytes: nothing in a message is not in its frame.
    fn eq(&self, other: &Self) -> bool {
        self.frame == other.frame
    }
}

impl Eq for Message {}

impl core::fmt::Debug for Message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("sender", &self.sender)
            .field("time", &self.time)
            .field("payload", &self.payload())
            .field("trailer", self.trailer())
            .finish()
    }
}

pub(super) fn keep_trailer(trailer: Trailer) -> Option<Arc<Trailer>> {
    (trailer != Trailer::EMPTY).then(|| Arc::new(trailer))
}

fn read_kind(scanner: &mut Scanner<'_>) -> Result<Kind, DecodeError> {
    match scanner.token()? {
        Token::Int(code) => u64::try_from(code).ok().map(Kind::from_code),
        Token::UInt(code) => Some(Kind::Other(code)),
        _ => None,
    }
    .ok_or(DecodeError::BadHeader("the type is a whole number"))
}

fn read_sender(
    scanner: &mut Scanner<'_>,
    likely: Option<&NodeId>,
) -> Result<(NodeId, IdForm), DecodeError> {
    let (bytes, form) = match scanner.token()? {
        Token::Bin(bytes) => (bytes, IdForm::Bytes),
        Token::Str(text) => (text.as_bytes(), IdForm::Text),
        _ => return Err(DecodeError::BadHeader("the sender is bytes or text")),
    };
    if let Some(likely) = likely.filter(|likely| likely.as_bytes() == bytes) {
        return Ok((likely.clone(), form));
    }
    match NodeId::new(bytes) {
        Ok(sender) => Ok((sender, form)),
        Err(_) => Err(DecodeError::BadHeader("the sender has 1 to 128 bytes")),
    }
}

fn read_time(scanner: &mut Scanner<'_>, limits: &Limits) -> Result<Time, DecodeError> {
    let mut ahead = scanner.clone();
    let seconds = match ahead.token()? {
        Token::Int(seconds) => u64::try_from(seconds).ok(),
        Token::UInt(seconds) => Some(seconds),
        _ => None,
    };
    if let Some(seconds) = seconds {
        *scanner = ahead;
        return Ok(Time::Seconds(seconds));
    }
    let (value, len) = Value::decode(scanner.rest(), limits)?;
    scanner.pass(len);
    Ok(Time::Other(value))
}

/// Validates the payload; `len` is the length of the frame whose end the scanner reads towards.
fn read_payload(
    scanner: &mut Scanner<'_>,
    items: usize,
    len: usize,
) -> Result<Payload, DecodeError> {
    let start = len - scanner.rest().len();
    let mut payload = Payload {
        items,
        sub_flag: None,
        start,
        packets: start..start,
    };
    scanner.announce(items)?;
    if items > 0 {
        payload.sub_flag = read_sub_flag(scanner)?;
        payload.packets.start = len - scanner.rest().len();
        scanner.skip_announced(items - 1)?;
        payload.packets.end = len - scanner.rest().len();
    }
    Ok(payload)
}

fn read_sub_flag(scanner: &mut Scanner<'_>) -> Result<Option<u64>, DecodeError> {
    let sub_flag = match scanner.clone().token()? {
        Token::Int(flag) => u64::try_from(flag).ok(),
        Token::UInt(flag) => Some(flag),
        _ => None,
    };
    scanner.skip_announced(1)?;
    Ok(sub_flag)
}
