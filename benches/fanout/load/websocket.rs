//! WebSocket frames of a client (RFC 6455), without extensions.

use std::io::{Error, Result};

/// Binary message, in one frame.
pub(crate) const BINARY: u8 = 2;
const PING: u8 = 9;
const PONG: u8 = 10;

/// It hides nothing from anybody, so one is as good as another.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The request that begins a connection.
pub(crate) fn request(host: &str, path: &str, protocol: Option<&str>) -> String {
    let protocol = protocol.map_or_else(String::new, |protocol| {
        format!("Sec-WebSocket-Protocol: {protocol}\r\n")
    });
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{protocol}\r\n"
    )
}

/// Appends a masked frame whose payload is all `parts`.
pub(crate) fn frame(out: &mut Vec<u8>, opcode: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.push(0x80 | opcode);
    match length {
        0..=125 => out.push(0x80 | length as u8),
        126..=0xffff => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(MASK);
    let start = out.len();
    for part in parts {
        out.extend_from_slice(part);
    }
    mask(&mut out[start..]);
}

fn mask(bytes: &mut [u8]) {
    let [a, b, c, d] = MASK;
    let mask_of_eight = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (eights, rest) = bytes.as_chunks_mut::<8>();
    for eight in eights {
        *eight = (u64::from_ne_bytes(*eight) ^ mask_of_eight).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= mask;
    }
}

/// Takes frames off a server's stream, whatever pieces it comes in.
#[derive(Default)]
pub(crate) struct Deframer {
    is_open: bool,
    /// The part of a header that came so far: of the response, then of a frame.
    head: Vec<u8>,
    opcode: u8,
    /// Of the payload, still to come.
    left: u64,
    /// The payload of a ping.
    control: Vec<u8>,
}

/// What the stream holds next.
pub(crate) enum Piece<'a> {
    /// The server has agreed to speak WebSocket.
    Opened,
    /// A message of this length begins.
    Message(u64),
    /// Bytes of the message.
    Payload(&'a [u8]),
}

impl Deframer {
    /// The next piece, taken off the front of `input`; `None` once that is used up. What the server asks for is answered
    /// in `out`.
    pub(crate) fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
        out: &mut Vec<u8>,
    ) -> Result<Option<Piece<'a>>> {
        while !input.is_empty() {
            if !self.is_open {
                if self.take_response(input)? {
                    return Ok(Some(Piece::Opened));
                }
            } else if self.left == 0 {
                let Some(length) = self.take_header(input, out)? else {
                    continue;
                };
                return Ok(Some(Piece::Message(length)));
            } else if let Some(payload) = self.take_payload(input, out) {
                return Ok(Some(Piece::Payload(payload)));
            }
        }
        Ok(None)
    }

    /// Whether the response to the request is whole.
    fn take_response(&mut self, input: &mut &[u8]) -> Result<bool> {
        let known = self.head.len();
        self.head.extend_from_slice(input);
        let end = self.head.windows(4).position(|four| four == b"\r\n\r\n");
        let Some(end) = end else {
            *input = &[];
            return Ok(false);
        };
        if !self.head.starts_with(b"HTTP/1.1 101") {
            let response = String::from_utf8_lossy(&self.head).into_owned();
            return Err(Error::other(format!(
                "the server refused the handshake: {response}"
            )));
        }
        *input = &input[end + 4 - known..];
        self.head.clear();
        self.is_open = true;
        Ok(true)
    }

    /// The length of the message that begins, if one does.
    fn take_header(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<Option<u64>> {
        if self.head.is_empty()
            && let Some(length) = header_length(input).filter(|length| *length <= input.len())
        {
            let (header, rest) = input.split_at(length);
            *input = rest;
            return self.begin(header, out);
        }
        // It came in pieces: byte by byte, until it is whole.
        let (first, rest) = input.split_at(1);
        self.head.extend_from_slice(first);
        *input = rest;
        if header_length(&self.head) != Some(self.head.len()) {
            return Ok(None);
        }
        let header = std::mem::take(&mut self.head);
        self.begin(&header, out)
    }

    fn begin(&mut self, header: &[u8], out: &mut Vec<u8>) -> Result<Option<u64>> {
        self.opcode = header[0] & 15;
        let length = u64::from(header[1]);
        self.left = match header[2..] {
            _ if header[1] & 128 != 0 => return Err(Error::other("a server's frame is masked")),
            [] => length,
            [a, b] => u16::from_be_bytes([a, b]).into(),
            _ => header[2..]
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
        };
        if self.left == 0 {
            self.end(out);
        }
        Ok((self.opcode < 8).then_some(self.left))
    }

    /// The bytes of the message that `input` begins with, unless they are a control frame's.
    fn take_payload<'a>(&mut self, input: &mut &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
        let (payload, rest) = input.split_at(input.len().min(self.left as usize));
        *input = rest;
        self.left -= payload.len() as u64;
        let is_control = self.opcode >= 8;
        if is_control {
            self.control.extend_from_slice(payload);
        }
        if self.left == 0 {
            self.end(out);
        }
        (!is_control).then_some(payload)
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.opcode == PING {
            frame(out, PONG, &[&self.control]);
        }
        self.control.clear();
    }
}

/// How long the header is that begins here, once that can be told.
fn header_length(header: &[u8]) -> Option<usize> {
    match header.get(1)? & 127 {
        126 => Some(4),
        127 => Some(10),
        _ => Some(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a stream holds, read in pieces of this length: the lengths of messages and all payload.
    fn read(stream: &[u8], piece: usize) -> (Vec<u64>, Vec<u8>, Vec<u8>) {
        let (mut lengths, mut payload, mut out) = (Vec::new(), Vec::new(), Vec::new());
        let mut deframer = Deframer::default();
        for mut input in stream.chunks(piece) {
            while let Some(piece) = deframer.next(&mut input, &mut out).expect("a stream") {
                match piece {
                    Piece::Opened => {}
                    Piece::Message(length) => lengths.push(length),
                    Piece::Payload(bytes) => payload.extend_from_slice(bytes),
                }
            }
        }
        (lengths, payload, out)
    }

    #[test]
    fn a_stream_is_the_same_in_whatever_pieces_it_comes() {
        let mut stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        stream.extend([0x82, 3, 1, 2, 3, 0x89, 1, 7, 0x82, 0, 0x82, 126, 0, 200]);
        stream.extend([9; 200]);
        let whole = read(&stream, stream.len());
        assert_eq!(whole.0, [3, 0, 200]);
        assert_eq!(whole.1.len(), 203);
        assert_eq!(
            whole.2[..2],
            [0x80 | PONG, 0x80 | 1],
            "the ping is answered"
        );
        for piece in 1..12 {
            assert_eq!(read(&stream, piece), whole, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_server_that_refuses_is_told() {
        let mut input: &[u8] = b"HTTP/1.1 403 Forbidden\r\n\r\n";
        assert!(
            Deframer::default()
                .next(&mut input, &mut Vec::new())
                .is_err()
        );
    }
}
