//! The codec as wasm, for `codec.js` to compare: frames made of bytes, and bytes taken out of frames, as the npm package's wasm
//! does both, without the node around it.
#![cfg(target_arch = "wasm32")]
// Only a page calls it.
#![allow(missing_docs)]

use rs2p::id::NodeId;
use rs2p::time::WallSeconds;
use rs2p::wire::{Draft, FrameReader, Kind, Limits, Time, Value};
use wasm_bindgen::prelude::wasm_bindgen;

/// The most that a body may have, in bytes: as of a node.
const MOST: usize = 1 << 20;

#[wasm_bindgen]
pub struct Codec {
    sender: NodeId,
    reader: FrameReader,
}

#[wasm_bindgen]
impl Codec {
    #[wasm_bindgen(constructor)]
    pub fn new(sender: &str) -> Self {
        Self {
            sender: NodeId::new(sender.as_bytes()).expect("the page gives an id"),
            reader: FrameReader::new(MOST),
        }
    }

    /// The frame of a broadcast of these bytes.
    pub fn encode(&self, seconds: f64, payload: Vec<u8>) -> Vec<u8> {
        let draft = Draft::new(Kind::Broadcast, &self.sender, WallSeconds(seconds as u64));
        let payload = [Value::from(0u64), Value::Bin(payload.into())];
        draft.encode(&payload).frame().into_bytes().into()
    }

    /// Sender, seconds and msgpack of the payload, as msgpack; nothing if the checksum does not hold.
    pub fn decode(&mut self, frame: Vec<u8>) -> Vec<u8> {
        self.reader.push(frame.into());
        let frame = self.reader.next_frame().ok().flatten();
        let message = frame.and_then(|frame| frame.open(&[], MOST, &Limits::DEFAULT).ok());
        let mut fields = Vec::new();
        if let Some(message) = message {
            let Time::Seconds(seconds) = *message.time() else {
                return fields;
            };
            Value::from(message.sender().to_string()).encode(&mut fields);
            Value::from(seconds).encode(&mut fields);
            Value::Bin(message.payload_bytes()).encode(&mut fields);
        }
        fields
    }
}
