//! Frames as a client sends them, right or wrong, and as it reads them.

/// First bits of a header: the last of its message, and the reserved ones.
pub(crate) const LAST: u8 = 0x80;
/// Opcodes (RFC 6455, 5.2).
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame: the first byte of its header, and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

/// The last frame of a message, or the only one.
pub(crate) fn last(opcode: u8, payload: impl Into<Vec<u8>>) -> Frame {
    reserved(opcode, 0, payload)
}

/// A frame that is not the last of its message.
pub(crate) fn part(opcode: u8, payload: impl Into<Vec<u8>>) -> Frame {
    let payload = payload.into();
    Frame {
        first: opcode,
        payload,
    }
}

/// A frame with reserved bits.
pub(crate) fn reserved(opcode: u8, bits: u8, payload: impl Into<Vec<u8>>) -> Frame {
    Frame {
        first: LAST | bits << 4 | opcode,
        payload: payload.into(),
    }
}

/// A message in fragments of `size`.
pub(crate) fn fragments(opcode: u8, message: &[u8], size: usize) -> Vec<Frame> {
    let mut frames: Vec<Frame> = message
        .chunks(size)
        .map(|chunk| part(CONTINUATION, chunk))
        .collect();
    if let Some(first) = frames.first_mut() {
        first.first = opcode;
    }
    if let Some(end) = frames.last_mut() {
        end.first |= LAST;
    }
    frames
}

/// A Close with a code and a reason.
pub(crate) fn close(code: u16, reason: impl AsRef<[u8]>) -> Frame {
    last(CLOSE, [&code.to_be_bytes(), reason.as_ref()].concat())
}

impl Frame {
    pub(crate) fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    /// The frame in bytes, masked (RFC 6455, 5.3).
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.first];
        match self.payload.len() {
            length @ ..=125 => bytes.push(0x80 | length as u8),
            length @ ..=65_535 => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                bytes.push(0x80 | 127);
                bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        bytes.extend_from_slice(&MASK);
        let from = bytes.len();
        bytes.extend_from_slice(&self.payload);
        let (words, rest) = bytes[from..].as_chunks_mut::<4>();
        for word in words {
            *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(MASK)).to_ne_bytes();
        }
        rest.iter_mut()
            .zip(MASK)
            .for_each(|(byte, key)| *byte ^= key);
        bytes
    }
}
