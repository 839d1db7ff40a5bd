//! The family's protocol 0.7, as far as a node that only sends and only listens needs it. No extensions: a node of py2p or
//! js2p would send and receive the same.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::msgpack;

/// From the beginning of a frame to the kind of message in it: length, checksum, array, kind.
pub(crate) const HEAD: usize = 4 + 32 + 1 + 1;

const BROADCAST: u8 = 0;
const WHISPER: u8 = 2;
const HANDSHAKE: u8 = 5;
const PEERS: u8 = 7;
const REQUEST: u8 = 8;

/// The answer to a node that asks for peers: none. So it asks who says nothing whether it lives.
pub(crate) fn no_peers(id: &[u8]) -> Vec<u8> {
    let mut body = vec![0x95, WHISPER];
    msgpack::bytes(&mut body, id);
    msgpack::number(&mut body, now());
    body.push(PEERS);
    body.push(0x90);
    frame(&body)
}

/// The first message of a node, which announces no compression.
pub(crate) fn handshake(id: &[u8], subnet: &str, is_websocket: bool) -> Vec<u8> {
    let transport = if is_websocket { "ws" } else { "Plaintext" };
    let protocol = base58(&Sha256::digest(format!("{subnet}{transport}0.7")));
    let mut body = vec![0x98, WHISPER];
    msgpack::bytes(&mut body, id);
    msgpack::number(&mut body, now());
    body.push(HANDSHAKE);
    msgpack::bytes(&mut body, id);
    msgpack::bytes(&mut body, protocol.as_bytes());
    body.push(0x92);
    msgpack::text(&mut body, b"127.0.0.1");
    body.push(1);
    body.push(0x90);
    frame(&body)
}

pub(crate) fn broadcast(id: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(payload.len() + 96);
    body.extend([0x95, BROADCAST]);
    msgpack::bytes(&mut body, id);
    msgpack::number(&mut body, now());
    body.push(BROADCAST);
    msgpack::bytes(&mut body, payload);
    frame(&body)
}

/// Of the message that begins with this head: whether it is a broadcast, and how much follows.
pub(crate) fn parse(head: &[u8]) -> (bool, usize) {
    let length = head[..4]
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    (head[HEAD - 1] == BROADCAST, length.saturating_sub(HEAD - 4))
}

/// Whether what follows the head of a whisper is a list of peers, with which a node is greeted.
pub(crate) fn is_peers(message: &[u8]) -> bool {
    flag(message) == Some(PEERS)
}

/// Whether it asks for such a list.
pub(crate) fn is_request(message: &[u8]) -> bool {
    flag(message) == Some(REQUEST)
}

fn flag(message: &[u8]) -> Option<u8> {
    behind_sender(message)
        .and_then(behind_time)?
        .first()
        .copied()
}

fn behind_sender(message: &[u8]) -> Option<&[u8]> {
    match *message.first()? {
        0xc4 | 0xd9 => message.get(2 + usize::from(*message.get(1)?)..),
        short @ 0xa0..=0xbf => message.get(1 + usize::from(short & 31)..),
        _ => None,
    }
}

fn behind_time(message: &[u8]) -> Option<&[u8]> {
    match message.first()? {
        0xca | 0xce | 0xd2 => message.get(5..),
        0xcb | 0xcf | 0xd3 => message.get(9..),
        _ => None,
    }
}

/// The id of a node: base58 of a hash, as the family makes it.
pub(crate) fn id(seed: &[u8]) -> String {
    base58(&Sha256::digest(seed))
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(body.len() + 36);
    frame.extend((body.len() as u32 + 32).to_be_bytes());
    frame.extend(Sha256::digest(body));
    frame.extend(body);
    frame
}

fn now() -> u32 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |since| since.as_secs() as u32)
}

/// The number that these bytes are, in the digits of Bitcoin's base58.
fn base58(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = bytes.to_vec();
    let mut digits = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            *byte = (value / 58) as u8;
            rest = value % 58;
        }
        digits.push(char::from(DIGITS[rest as usize]));
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_ends_with_its_payload() {
        let frame = broadcast(b"somebody", &[7; 64]);
        let (is_broadcast, rest) = parse(&frame[..HEAD]);
        assert!(is_broadcast && HEAD + rest == frame.len());
        assert!(frame.ends_with(&[7; 64]));
    }

    #[test]
    fn a_list_of_peers_is_told_from_other_whispers() {
        let whisper = |flag| {
            let mut body = Vec::new();
            msgpack::bytes(&mut body, b"somebody");
            msgpack::number(&mut body, 1);
            body.push(flag);
            body
        };
        assert!(is_peers(&whisper(PEERS)) && !is_peers(&whisper(HANDSHAKE)));
        assert!(is_request(&whisper(REQUEST)) && !is_request(&whisper(PEERS)));
        assert!(!is_peers(b"") && !is_peers(&[0xc4, 200]));
    }
}
