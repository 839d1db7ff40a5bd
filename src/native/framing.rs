//! WebSocket frames (RFC 6455, 5): taken apart as they come, and put together. No I/O.
//!
//! A payload is handed on with the read that brought it and never collected. So the length of a message costs no
//! memory, and the limits and deadlines that the core has for its own frames hold from their first byte.

use core::ops::Range;
use std::collections::VecDeque;
use std::io::Cursor;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::masking;

/// Longest header of a frame (RFC 6455, 5.2).
const HEADER: usize = 14;
/// The first byte of a binary message in one frame: final, no reserved bits, opcode 2 (RFC 6455, 5.2).
const BINARY: u8 = 0x82;
/// Longest payload of a control frame (RFC 6455, 5.5).
const CONTROL: usize = 125;
/// Most pings of one read that are answered, the newest of them: a peer may ask for no more than it is worth.
const PINGS: usize = 16;
/// Longest reason of a Close: the payload of a control frame without the code.
const REASON: usize = CONTROL - 2;

/// The peer's side of a WebSocket.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Whether the peer is a client, which must mask, or a server, which must not.
    masks: bool,
    /// Most bytes of one message.
    limit: u64,
    header: [u8; HEADER],
    /// How many bytes of the header have come.
    begun: usize,
    payload: Option<Payload>,
    /// Bytes of the message that is being read; `None` between two messages.
    message: Option<u64>,
}

/// A payload that has not come to its end.
#[derive(Debug)]
struct Payload {
    left: usize,
    mask: [u8; 4],
    /// What has come of it, if it is a control frame's.
    control: Option<(Control, Vec<u8>)>,
}

/// A binary message in one frame, by its header.
struct Plain {
    header: usize,
    length: usize,
    mask: [u8; 4],
}

/// What bytes of the peer came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The bytes of binary messages that there were: they stand together here now, the first where they came.
    pub(super) payload: Range<usize>,
    /// The newest pings, at most [`PINGS`], in their order. Only the last needs an answer (RFC 6455, 5.5.3), but some wait
    /// for each of theirs.
    pub(super) pings: VecDeque<Vec<u8>>,
    /// How many frames began, of whatever kind.
    pub(super) frames: usize,
    /// A pong came, whatever it says: each shows that the far end lives (RFC 6455, 5.5.3).
    pub(super) pong: bool,
    /// The end of the stream: nothing after it is to be read.
    pub(super) end: Option<End>,
}

/// How a peer's side of a WebSocket ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A Close, with a code if it has one and a reason, possibly empty.
    Close { code: Option<u16>, reason: String },
    /// A breach of the rules: the code that says so (RFC 6455, 7.4.1), and which.
    Breach(CloseCode, &'static str),
}

impl Decoded {
    /// Unmasks a part of a payload, and moves it to what was there before, in one pass.
    #[inline]
    fn keep_payload(&mut self, bytes: &mut [u8], part: Range<usize>, mask: [u8; 4]) {
        let payload = &mut self.payload;
        if payload.start == payload.end {
            *payload = part.start..part.start;
        }
        let to = payload.end;
        payload.end += part.len();
        masking::apply_down(mask, bytes, part, to);
    }

    fn keep_ping(&mut self, content: Vec<u8>) {
        if self.pings.len() == PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back(content);
    }
}

impl Decoder {
    /// Reads what the peer of a `role` sends, in messages of at most `limit` bytes.
    pub(super) fn new(role: Role, limit: usize) -> Self {
        Self {
            masks: role == Role::Server,
            limit: limit as u64,
            header: [0; HEADER],
            begun: 0,
            payload: None,
            message: None,
        }
    }

    /// Takes the next bytes, in any chunking. Payload is unmasked and moved together within them.
    pub(super) fn decode(&mut self, bytes: &mut [u8]) -> Decoded {
        let mut decoded = Decoded::default();
        let mut at = 0;
        while decoded.end.is_none()
            && (at < bytes.len() || self.payload.as_ref().is_some_and(|p| p.left == 0))
        {
            let step = match self.payload.take() {
                None => match self.take_plain(bytes, at, &mut decoded) {
                    0 => self.take_header(&bytes[at..], &mut decoded),
                    taken => Ok(taken),
                },
                Some(payload) => Ok(self.take_payload(payload, bytes, at, &mut decoded)),
            };
            match step {
                Ok(taken) => at += taken,
                Err(breach) => decoded.end = Some(breach),
            }
        }
        decoded
    }

    /// Takes the binary messages in one frame each that are whole and begin here, as nearly all do; returns how many bytes.
    fn take_plain(&self, bytes: &mut [u8], from: usize, decoded: &mut Decoded) -> usize {
        let mut at = from;
        while let Some(plain) = self.plain(&bytes[at..]) {
            let begin = at + plain.header;
            let end = begin + plain.length;
            if end > bytes.len() {
                break;
            }
            decoded.frames += 1;
            decoded.keep_payload(bytes, begin..end, plain.mask);
            at = end;
        }
        at - from
    }

    /// A binary message in one frame, if an ordinary one begins here and its header is all there.
    #[inline]
    fn plain(&self, bytes: &[u8]) -> Option<Plain> {
        let [BINARY, second, rest @ ..] = bytes else {
            return None;
        };
        let is_next = self.begun == 0 && self.message.is_none();
        if !is_next || (second & 0x80 != 0) != self.masks {
            return None;
        }
        let (length, rest) = match second & 0x7f {
            127 => return None,
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (u16::from_be_bytes(*length), rest)
            }
            length => (length.into(), rest),
        };
        let (mask, rest) = if self.masks {
            let (mask, rest) = rest.split_first_chunk()?;
            (*mask, rest)
        } else {
            ([0; 4], rest)
        };
        let is_shortest = u64::from(length) >= shortest(*second);
        (is_shortest && u64::from(length) <= self.limit).then(|| Plain {
            header: bytes.len() - rest.len(),
            length: length.into(),
            mask,
        })
    }

    /// Takes bytes of a header; begins the payload when it is whole.
    fn take_header(&mut self, bytes: &[u8], decoded: &mut Decoded) -> Result<usize, End> {
        let mut taken = 0;
        while self.begun < header_length(&self.header[..self.begun]) {
            let Some(&byte) = bytes.get(taken) else {
                return Ok(taken);
            };
            self.header[self.begun] = byte;
            self.begun += 1;
            taken += 1;
        }
        let whole = FrameHeader::parse(&mut Cursor::new(&self.header[..self.begun]));
        self.begun = 0;
        let Ok(Some((header, length))) = whole else {
            return Err(breach("a reserved opcode"));
        };
        // "the minimal number of bytes MUST be used to encode the length" (RFC 6455, 5.2).
        if length < shortest(self.header[1]) {
            return Err(breach("a length in more bytes than it needs"));
        }
        self.payload = Some(self.begin(&header, length)?);
        decoded.frames += 1;
        Ok(taken)
    }

    /// The payload that a header announces, if the rules allow it here.
    fn begin(&mut self, header: &FrameHeader, length: u64) -> Result<Payload, End> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(breach("a reserved bit without an extension"));
        }
        if header.mask.is_some() != self.masks {
            return Err(breach(if self.masks {
                "an unmasked frame of a client"
            } else {
                "a masked frame of a server"
            }));
        }
        let control = match header.opcode {
            OpCode::Control(_) if !header.is_final || length > CONTROL as u64 => {
                return Err(breach("a control frame that is fragmented or too long"));
            }
            OpCode::Control(control) => Some((control, Vec::new())),
            OpCode::Data(data) => {
                self.begin_data(data, header.is_final, length)?;
                None
            }
        };
        // Within the limit, which is a `usize`, or a control frame's.
        let left = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Payload {
            left,
            mask: header.mask.unwrap_or_default(),
            control,
        })
    }

    fn begin_data(&mut self, data: Data, last: bool, length: u64) -> Result<(), End> {
        let before = match (data, self.message) {
            (Data::Text, None) => {
                return Err(End::Breach(
                    CloseCode::Unsupported,
                    "a text message: the mesh speaks in binary ones",
                ));
            }
            (Data::Binary, None) => 0,
            (Data::Continue, Some(before)) => before,
            (Data::Continue, None) => return Err(breach("a fragment without a message")),
            _ => return Err(breach("a message within a message")),
        };
        let length = before.saturating_add(length);
        if length > self.limit {
            return Err(End::Breach(CloseCode::Size, "a message that is too long"));
        }
        self.message = (!last).then_some(length);
        Ok(())
    }

    /// Takes bytes of a payload from `at` on; returns how many.
    fn take_payload(
        &mut self,
        mut payload: Payload,
        bytes: &mut [u8],
        at: usize,
        decoded: &mut Decoded,
    ) -> usize {
        let taken = payload.left.min(bytes.len() - at);
        let part = at..at + taken;
        match &mut payload.control {
            Some((_, content)) => {
                masking::apply(payload.mask, &mut bytes[part.clone()]);
                content.extend_from_slice(&bytes[part]);
            }
            None => decoded.keep_payload(bytes, part, payload.mask),
        }
        payload.mask.rotate_left(taken % 4);
        payload.left -= taken;
        match payload.control {
            _ if payload.left > 0 => self.payload = Some(payload),
            Some((Control::Ping, content)) => decoded.keep_ping(content),
            Some((Control::Pong, _)) => decoded.pong = true,
            Some((Control::Close, content)) => decoded.end = Some(closed(&content)),
            Some(_) | None => {}
        }
        taken
    }
}

/// How long a header is that begins like this, as far as can be told yet.
fn header_length(begun: &[u8]) -> usize {
    let Some(second) = begun.get(1) else { return 2 };
    let length = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + length + if second & 0x80 == 0 { 0 } else { 4 }
}

/// The shortest length that needs as many bytes as the second byte of a header says.
fn shortest(second: u8) -> u64 {
    match second & 0x7f {
        126 => 126,
        127 => 1 << 16,
        _ => 0,
    }
}

/// What a Close says (RFC 6455, 5.5.1). Its words may end in a terminal, so control characters are dropped.
fn closed(content: &[u8]) -> End {
    let Some((code, reason)) = content.split_first_chunk() else {
        return if content.is_empty() {
            End::Close {
                code: None,
                reason: String::new(),
            }
        } else {
            breach("half a code")
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return breach("a code that no Close may have");
    }
    match core::str::from_utf8(reason) {
        Ok(reason) => End::Close {
            code: Some(code),
            reason: reason.chars().filter(|c| !c.is_control()).collect(),
        },
        Err(_) => End::Breach(CloseCode::Invalid, "a reason that is not UTF-8"),
    }
}

fn breach(what: &'static str) -> End {
    End::Breach(CloseCode::Protocol, what)
}

/// The header of a binary message of `length` bytes in one frame.
pub(super) fn binary_header(length: usize, mask: Option<[u8; 4]>) -> Bytes {
    let mut bytes = Vec::with_capacity(HEADER);
    put_header(&mut bytes, OpCode::Data(Data::Binary), length, mask);
    bytes.into()
}

/// A header, and behind it a payload as a client sends it.
pub(super) fn masked_behind(header: &[u8], payload: &[u8], mask: [u8; 4]) -> Bytes {
    let mut bytes = [header, payload].concat();
    masking::apply(mask, &mut bytes[header.len()..]);
    bytes.into()
}

/// A payload as a client sends it.
#[cfg(any(fuzzing, test))]
pub(super) fn masked(payload: &[u8], mask: [u8; 4]) -> Bytes {
    let mut bytes = payload.to_vec();
    masking::apply(mask, &mut bytes);
    bytes.into()
}

/// A ping, whose pong is not told from another's.
pub(super) fn ping(mask: Option<[u8; 4]>) -> Bytes {
    control(Control::Ping, &[], mask)
}

/// A pong that answers a ping with `content`.
pub(super) fn pong(content: &[u8], mask: Option<[u8; 4]>) -> Bytes {
    control(Control::Pong, content, mask)
}

/// A Close. Of the reason, what fits and is whole characters is said.
pub(super) fn close(code: Option<u16>, reason: &str, mask: Option<[u8; 4]>) -> Bytes {
    let Some(code) = code else {
        return control(Control::Close, &[], mask);
    };
    let mut end = reason.len().min(REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let content = [&code.to_be_bytes()[..], &reason.as_bytes()[..end]].concat();
    control(Control::Close, &content, mask)
}

fn control(kind: Control, content: &[u8], mask: Option<[u8; 4]>) -> Bytes {
    let mut bytes = Vec::with_capacity(HEADER + content.len());
    put_header(&mut bytes, OpCode::Control(kind), content.len(), mask);
    let from = bytes.len();
    bytes.extend_from_slice(content);
    masking::apply(mask.unwrap_or_default(), &mut bytes[from..]);
    bytes.into()
}

fn put_header(bytes: &mut Vec<u8>, opcode: OpCode, length: usize, mask: Option<[u8; 4]>) {
    let header = FrameHeader {
        opcode,
        mask,
        ..FrameHeader::default()
    };
    header
        .format(length as u64, bytes)
        .expect("a Vec takes all that is written to it");
}

#[cfg(test)]
mod tests {
    use super::super::testing::pattern;
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    const LIMIT: usize = 100_000;

    /// One frame as a client sends it. The first byte is the final bit, three reserved bits and the opcode.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = binary_header(payload.len(), Some(MASK)).to_vec();
        bytes[0] = first;
        bytes.extend_from_slice(&masked(payload, MASK));
        bytes
    }

    /// What a server makes of `bytes`, fed in chunks of `size`: payload, the last ping, the end.
    fn read(bytes: &[u8], size: usize) -> (Vec<u8>, Option<Vec<u8>>, Option<End>) {
        let mut decoder = Decoder::new(Role::Server, LIMIT);
        let (mut payload, mut ping) = (Vec::new(), None);
        for chunk in bytes.chunks(size) {
            let mut chunk = chunk.to_vec();
            let decoded = decoder.decode(&mut chunk);
            payload.extend_from_slice(&chunk[decoded.payload]);
            ping = decoded.pings.into_iter().next_back().or(ping);
            if decoded.end.is_some() {
                return (payload, ping, decoded.end);
            }
        }
        (payload, ping, None)
    }

    fn end(bytes: &[u8]) -> Option<End> {
        read(bytes, bytes.len().max(1)).2
    }

    fn code(bytes: &[u8]) -> Option<CloseCode> {
        match end(bytes) {
            Some(End::Breach(code, _)) => Some(code),
            _ => None,
        }
    }

    #[test]
    fn every_chunking_reads_the_same() {
        let parts = [
            pattern(3),
            pattern(126),
            pattern(70_000),
            pattern(0),
            pattern(1),
        ];
        let mut bytes = Vec::new();
        bytes.extend(frame(0x82, &parts[0]));
        bytes.extend(frame(0x02, &parts[1]));
        bytes.extend(frame(0x89, b"first"));
        bytes.extend(frame(0x00, &parts[2]));
        bytes.extend(frame(0x8a, b"a pong that nobody asked for"));
        bytes.extend(frame(0x00, &parts[3]));
        bytes.extend(frame(0x80, &parts[4]));
        bytes.extend(frame(0x89, b"second"));
        bytes.extend(frame(0x88, b"\x0f\xa1no \x07more"));
        bytes.extend(frame(0x82, b"after the end"));
        let close = End::Close {
            code: Some(4001),
            reason: "no more".to_owned(),
        };
        let expected = (parts.concat(), Some(b"second".to_vec()), Some(close));
        for size in [1, 2, 3, 5, 7, 8, 13, 14, 15, 64, 127, 4_096, bytes.len()] {
            assert!(read(&bytes, size) == expected, "chunks of {size}");
        }
    }

    #[test]
    fn a_part_is_unmasked_and_moved_and_what_follows_is_left_alone() {
        let lengths = (0..=200).step_by(3).chain([63, 64, 65, 127, 128, 129]);
        for (length, gap) in lengths.flat_map(|length| (0..=130).map(move |gap| (length, gap))) {
            for (spare, mask) in [0, 1, 20, 63, 64, 70]
                .map(|spare| (spare, MASK))
                .into_iter()
                .chain([(9, [0; 4])])
            {
                let before = pattern(3 + gap + length + spare).to_vec();
                let part = 3 + gap..3 + gap + length;
                let mut bytes = before.clone();
                // What was kept before ends where the gap begins.
                let mut decoded = Decoded {
                    payload: if gap == 0 { 0..0 } else { 0..3 },
                    ..Decoded::default()
                };
                decoded.keep_payload(&mut bytes, part.clone(), mask);
                let unmasked = before[part.clone()].iter().zip(mask.iter().cycle());
                let expected: Vec<u8> = unmasked.map(|(byte, key)| byte ^ key).collect();
                let kept = decoded.payload.end - length..decoded.payload.end;
                assert_eq!(bytes[kept], expected, "{length} bytes, {gap} down");
                assert_eq!(
                    bytes[part.end..],
                    before[part.end..],
                    "{length} bytes, {gap} down"
                );
            }
        }
    }

    #[test]
    fn messages_of_every_length_come_together_in_any_chunking() {
        let payloads: Vec<Bytes> = (0..400).map(pattern).collect();
        let bytes: Vec<u8> = payloads.iter().flat_map(|part| frame(0x82, part)).collect();
        let expected = (payloads.concat(), None, None);
        for size in [1, 7, 100, 1_000, 65_536, bytes.len()] {
            assert!(read(&bytes, size) == expected, "chunks of {size}");
        }
    }

    #[test]
    fn a_payload_is_handed_on_before_its_frame_is_whole() {
        let bytes = frame(0x82, &pattern(50_000));
        let (payload, _, end) = read(&bytes[..1_008], 1_008);
        assert_eq!((payload.len(), end), (1_000, None));
    }

    #[test]
    fn the_frames_that_are_sent_are_those_of_the_rfc() {
        // RFC 6455, 5.7, as binary messages.
        assert_eq!(
            [&binary_header(5, None)[..], b"Hello"].concat(),
            b"\x82\x05Hello"
        );
        assert_eq!(
            frame(0x82, b"Hello"),
            b"\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        );
        assert_eq!(
            &pong(b"Hello", Some(MASK))[..],
            b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        );
        assert_eq!(&binary_header(256, None)[..], b"\x82\x7e\x01\x00");
        assert_eq!(
            &binary_header(65_536, None)[..],
            b"\x82\x7f\0\0\0\0\0\x01\0\0"
        );
        assert_eq!(&close(Some(1_000), "bye", None)[..], b"\x88\x05\x03\xe8bye");
        assert_eq!(&close(None, "unsaid", None)[..], b"\x88\x00");
        assert_eq!(
            close(Some(1_000), &"é".repeat(100), None).len(),
            2 + 2 + 122
        );
    }

    #[test]
    fn the_newest_pings_of_a_read_are_kept_in_their_order() {
        let pings: Vec<Vec<u8>> = (0..40_u8).map(|number| vec![number]).collect();
        let bytes: Vec<u8> = pings.iter().flat_map(|ping| frame(0x89, ping)).collect();
        let decoded = Decoder::new(Role::Server, LIMIT).decode(&mut bytes.clone());
        assert_eq!(decoded.pings, &pings[pings.len() - PINGS..]);
    }

    #[test]
    fn a_breach_of_the_rules_is_called_by_its_code() {
        let unmasked = b"\x82\x05Hello";
        assert_eq!(code(unmasked), Some(CloseCode::Protocol));
        let mut from_server = Decoder::new(Role::Client, LIMIT);
        assert_eq!(from_server.decode(&mut unmasked.to_vec()).payload, 2..7);
        assert!(matches!(
            from_server.decode(&mut frame(0x82, b"x")).end,
            Some(End::Breach(CloseCode::Protocol, _))
        ));
        for first in [
            0xc2, 0xa2, 0x92, 0x83, 0x87, 0x8b, 0x8f, 0x80, 0x00, 0x09, 0x08,
        ] {
            assert_eq!(
                code(&frame(first, b"x")),
                Some(CloseCode::Protocol),
                "{first:#x}"
            );
        }
        assert_eq!(code(&frame(0x89, &pattern(126))), Some(CloseCode::Protocol));
        assert_eq!(
            code(&[frame(0x02, b"x"), frame(0x82, b"x")].concat()),
            Some(CloseCode::Protocol)
        );
        assert_eq!(code(&frame(0x81, b"text")), Some(CloseCode::Unsupported));
    }

    #[test]
    fn a_length_has_as_few_bytes_as_it_needs() {
        for (begin, is_right) in [
            (&b"\x82\xfe\x00\x7d"[..], false),
            (b"\x82\xfe\x00\x7e", true),
            (b"\x82\xff\0\0\0\0\0\0\xff\xff", false),
            (b"\x82\xff\0\0\0\0\0\x01\0\0", true),
            (b"\x89\xfe\x00\x01", false),
        ] {
            let bytes = [begin, &MASK].concat();
            let expected = (!is_right).then_some(CloseCode::Protocol);
            assert_eq!(code(&bytes), expected, "{begin:x?}");
        }
    }

    #[test]
    fn a_close_that_says_nothing_sensible_is_a_breach() {
        assert_eq!(
            end(&frame(0x88, b"")),
            Some(End::Close {
                code: None,
                reason: String::new()
            })
        );
        assert_eq!(code(&frame(0x88, b"\x03")), Some(CloseCode::Protocol));
        assert_eq!(
            code(&frame(0x88, &1_005_u16.to_be_bytes())),
            Some(CloseCode::Protocol)
        );
        assert_eq!(
            code(&frame(0x88, &999_u16.to_be_bytes())),
            Some(CloseCode::Protocol)
        );
        assert_eq!(
            code(&frame(0x88, b"\x03\xe8\xff")),
            Some(CloseCode::Invalid)
        );
    }

    #[test]
    fn a_message_is_refused_by_its_length_alone() {
        let header = |length: usize| binary_header(length, Some(MASK));
        assert_eq!(code(&header(LIMIT)), None);
        assert_eq!(code(&header(LIMIT + 1)), Some(CloseCode::Size));
        assert_eq!(code(&header(usize::MAX)), Some(CloseCode::Size));
        let joined = [frame(0x02, &pattern(LIMIT)), frame(0x80, b"x")].concat();
        assert_eq!(code(&joined), Some(CloseCode::Size));
        let two = [frame(0x82, &pattern(LIMIT)), frame(0x82, b"x")].concat();
        assert_eq!(code(&two), None);
    }

    #[test]
    fn no_bytes_panic() {
        // A xorshift generator: the same bytes in every run.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for round in 0..20_000 {
            let bytes: Vec<u8> = (0..round % 40)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state as u8
                })
                .collect();
            let whole = read(&bytes, bytes.len().max(1));
            let single = read(&bytes, 1);
            assert_eq!((whole.0, whole.2), (single.0, single.2), "{bytes:x?}");
        }
    }
}
