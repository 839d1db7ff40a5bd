//! Messages of the peers of a [`Rig`](super::rig::Rig): greetings, signals, and what is for the application.

use bytes::Bytes;
use rs2p::id::{LinkId, MessageId, NodeId};
use rs2p::time::WallSeconds;
use rs2p::wire::{
    Compression, Draft, Frame, FrameReader, Kind, Limits, Message, Signal, Time, Trailer, Value,
};

use super::choices::Choices;
use super::rig::{Rig, speaker};
use super::words;

/// A right greeting of the peer on a link, with any capabilities.
pub fn greeting(rig: &Rig, choices: &mut Choices<'_>, link: LinkId) -> Message {
    let scheme = rig.links[&link].scheme;
    let node = sender(choices, link);
    let handshake = words::handshake(choices, node.clone(), scheme);
    let form = handshake.form;
    let trailer = if choices.flag() {
        Trailer {
            nonce: Some(choices.number()),
            capabilities: Some(words::capabilities(choices)),
            ..Trailer::default()
        }
    } else {
        Trailer::default()
    };
    Draft::new(Kind::Whisper, &node, WallSeconds(rig.wall()))
        .form(form)
        .trailer(trailer)
        .encode(&Signal::Handshake(handshake).payload())
}

/// Something of the mesh's own, in the name of the peer or of another.
pub fn signal(rig: &Rig, choices: &mut Choices<'_>, link: LinkId) -> Message {
    let sender = sender(choices, link);
    let signal = words::signal_about(choices, &rig.ids);
    let mut draft = Draft::new(signal.kind(), &sender, WallSeconds(rig.wall()));
    draft.trailer = words::trailer(choices);
    draft.encode(&signal.payload())
}

/// Something for the application.
pub fn application(rig: &Rig, choices: &mut Choices<'_>, kind: Kind, sender: &NodeId) -> Message {
    let mut draft = Draft::new(kind, sender, WallSeconds(0));
    draft.form = words::form(choices);
    draft.time = time(rig, choices);
    draft.trailer = words::trailer(choices);
    let flag = match choices.below(8) {
        0 => Value::from("name"),
        1 => 0x30_u64.into(),
        _ => draft.kind.code().into(),
    };
    let packets = words::packets(choices).values();
    draft.encode(&[&[flag], &packets[..]].concat())
}

/// A whisper to be handed on: what is in it is whole, or is not.
pub fn forward(rig: &Rig, choices: &mut Choices<'_>, link: LinkId) -> Message {
    let author = words::node(choices);
    let inner = application(rig, choices, Kind::Whisper, &author);
    let signal = Signal::Forward {
        to: words::node(choices),
        packed: inner.packed(),
    };
    Draft::new(Kind::Whisper, &speaker(link), WallSeconds(rig.wall())).encode(&signal.payload())
}

/// A frame whose checksum holds, whatever is in it.
pub fn sealed(packed: &[u8]) -> Bytes {
    let id = MessageId::of(packed);
    let length = u32::try_from(id.0.len() + packed.len()).expect("short");
    [&length.to_be_bytes(), &id.0[..], packed].concat().into()
}

/// The same message compressed, where that is shorter; nothing for one that is compressed already.
pub fn compressed(frame: &Bytes) -> Option<Bytes> {
    let mut reader = FrameReader::new(frame.len());
    reader.push(frame.clone());
    let frame = reader.next_frame().ok().flatten()?;
    let message = frame.open(&[], usize::MAX, &Limits::DEFAULT).ok()?;
    message
        .compressed_frame(Compression::Zlib)
        .map(Frame::into_bytes)
}

/// The peer itself, mostly.
fn sender(choices: &mut Choices<'_>, link: LinkId) -> NodeId {
    match choices.below(8) {
        7 => words::node(choices),
        _ => speaker(link),
    }
}

/// Around now; at the ends of what is taken, and beyond; or no time at all.
fn time(rig: &Rig, choices: &mut Choices<'_>) -> Time {
    let wall = rig.wall();
    match choices.below(12) {
        0 => Time::Seconds(wall - 60),
        1 => Time::Seconds(wall - 61),
        2 => Time::Seconds(wall + 30),
        3 => Time::Seconds(wall + 31),
        4 => Time::Seconds(choices.number()),
        5 => Time::Other(Value::F64(wall as f64 + 0.5)),
        6 => Time::Other(words::value(choices)),
        _ => Time::Seconds(wall),
    }
}
