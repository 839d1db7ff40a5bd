//! Messages as they are written and read, without a node.

use bytes::Bytes;
use rs2p::id::NodeId;
use rs2p::time::WallSeconds;
use rs2p::wire::{Draft, Frame, FrameReader, Kind, Limits, Message, RawPackets, Value, sub_flag};

/// Bytes of payload, with a name.
pub const SIZES: [(usize, &str); 3] = [(64, "64 B"), (1 << 10, "1 KiB"), (64 << 10, "64 KiB")];

const MAX_BODY: usize = 1 << 20;

/// Somebody who writes messages of one size.
pub struct Writer {
    node: NodeId,
    payload: [Value; 1],
}

impl Writer {
    pub fn new(size: usize) -> Self {
        Self {
            node: NodeId::from_entropy(&[1; 48]),
            payload: [Value::Bin(vec![0x61; size].into())],
        }
    }

    /// From values to a frame with its checksum.
    pub fn encode(&self) -> Message {
        let packets = RawPackets::from_values(&self.payload).expect("a packet");
        Draft::new(Kind::Broadcast, &self.node, WallSeconds(1_700_000_000))
            .encode_raw(sub_flag::BROADCAST, &packets)
    }

    /// A frame as it comes.
    pub fn frame(&self) -> Frame {
        let mut reader = FrameReader::new(MAX_BODY);
        reader.push(Bytes::copy_from_slice(self.encode().frame().as_bytes()));
        let frame = reader.next_frame().ok().flatten();
        frame.expect("a whole frame")
    }
}

/// From a frame to a message that was verified and looked through.
pub fn open(frame: &Frame) -> Message {
    let opened = frame.open(&[], MAX_BODY, &Limits::DEFAULT);
    opened.expect("a message")
}
