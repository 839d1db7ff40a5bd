//! [`Draft`]: a message of our own, before it has bytes.

use super::frame::{Frame, HEADER};
use super::message::{
    HEADER_ITEMS, ID_LEN, IdForm, Kind, Message, PACKED, Payload, Time, keep_trailer,
};
use super::packets::RawPackets;
use super::trailer::Trailer;
use super::value::{Value, codec};
use crate::id::{MessageId, NodeId};
use crate::time::WallSeconds;

/// What the first bytes of a message may take: checksum, array head, type, a usual sender, time.
const USUAL_HEADER: usize = PACKED + 96;

/// A message to be written: everything but its payload.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The type.
    pub kind: Kind,
    /// Whose message it is.
    pub sender: &'a NodeId,
    /// How to write the sender's id.
    pub form: IdForm,
    /// When it was made. Send nothing but [`Time::Seconds`].
    pub time: Time,
    /// What to write behind the array.
    pub trailer: Trailer,
}

impl<'a> Draft<'a> {
    /// A message of `kind` from `sender`, made at `time`; the id as text, without a trailer.
    pub fn new(kind: Kind, sender: &'a NodeId, time: WallSeconds) -> Self {
        Self {
            kind,
            sender,
            form: IdForm::default(),
            time: Time::Seconds(time.0),
            trailer: Trailer::default(),
        }
    }

    /// Sets how the sender's id is written.
    #[must_use]
    pub fn form(self, form: IdForm) -> Self {
        Self { form, ..self }
    }

    /// Sets what stands behind the array.
    #[must_use]
    pub fn trailer(self, trailer: Trailer) -> Self {
        Self { trailer, ..self }
    }

    /// The message with this payload, whose first item is the sub-flag.
    ///
    /// Checks no limits: a payload of a user comes through [`RawPackets`], which does.
    pub fn encode(&self, payload: &[Value]) -> Message {
        let mut bytes = self.begin(payload.len(), USUAL_HEADER);
        let start = bytes.len();
        let mut packets = start;
        for (index, item) in payload.iter().enumerate() {
            item.encode(&mut bytes);
            if index == 0 {
                packets = bytes.len();
            }
        }
        let payload = Payload {
            items: payload.len(),
            sub_flag: payload.first().and_then(Value::as_u64),
            start,
            packets: packets..bytes.len(),
        };
        self.finish(bytes, payload)
    }

    /// The message with these packets behind `sub_flag`: a number, or a [`Flag`](super::Flag).
    pub fn encode_raw(&self, sub_flag: impl Into<Value>, packets: &RawPackets) -> Message {
        let sub_flag = sub_flag.into();
        let items = packets.count() + 1;
        let mut bytes = self.begin(items, USUAL_HEADER + packets.as_bytes().len());
        let start = bytes.len();
        sub_flag.encode(&mut bytes);
        let behind = bytes.len();
        bytes.extend_from_slice(packets.as_bytes());
        let payload = Payload {
            items,
            sub_flag: sub_flag.as_u64(),
            start,
            packets: behind..bytes.len(),
        };
        self.finish(bytes, payload)
    }

    /// Room for header and checksum, then the array up to the payload.
    fn begin(&self, items: usize, capacity: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.resize(PACKED, 0);
        codec::encode_array_len(HEADER_ITEMS + items, &mut bytes);
        codec::encode_uint(self.kind.code(), &mut bytes);
        match self.form.text(self.sender.as_bytes()) {
            Some(text) => codec::encode_str(text, &mut bytes),
            None => codec::encode_bin(self.sender.as_bytes(), &mut bytes),
        }
        match &self.time {
            Time::Seconds(seconds) => codec::encode_uint(*seconds, &mut bytes),
            Time::Other(value) => value.encode(&mut bytes),
        }
        bytes
    }

    fn finish(&self, mut bytes: Vec<u8>, payload: Payload) -> Message {
        self.trailer.encode(&mut bytes);
        let id = MessageId::of(&bytes[PACKED..]);
        bytes[HEADER..HEADER + ID_LEN].copy_from_slice(&id.0);
        let sender = self.sender.clone();
        let form = match self.form.text(sender.as_bytes()) {
            Some(_) => IdForm::Text,
            None => IdForm::Bytes,
        };
        Message {
            frame: Frame::seal(bytes),
            id,
            kind: self.kind,
            sender,
            form,
            time: self.time.clone(),
            payload,
            trailer: keep_trailer(self.trailer.clone()),
        }
    }
}
