//! One connection's end of a protocol: bytes in and out, no sockets.

use std::io::{Error, Result};

use crate::clock;
use crate::mqtt;
use crate::nats::{self, Line};
use crate::proto::{Proto, Session};
use crate::py2p;
use crate::websocket::{self, Deframer, Piece};

/// What of a message that is no payload for a subscriber is kept.
const MOST_TEXT: usize = 512;

/// With it begins the payload in which a subscriber elsewhere tells how many messages it got: the number follows, as eight
/// bytes, the lowest first.
const ACKNOWLEDGEMENT: &[u8; 8] = b"rs2p-ack";

/// The beginning of a payload: its number and when it was sent, eight bytes each.
pub(crate) type Stamp = [u8; 16];

/// One publisher or subscriber.
pub(crate) struct Peer {
    websocket: Deframer,
    speaker: Speaker,
}

struct Speaker {
    is_publisher: bool,
    /// Whether the server has answered all that there is to a handshake.
    is_ready: bool,
    /// What a subscriber elsewhere said last.
    acknowledged: Option<u64>,
    id: String,
    /// The part of a message's head that came so far.
    head: Vec<u8>,
    /// The message that is being read.
    body: Option<Body>,
    payload: Vec<u8>,
}

/// A message of which not all has come.
#[derive(Default)]
struct Body {
    left: usize,
    /// Whether it is one of those that are measured.
    is_message: bool,
    /// How much there is before the payload.
    before: usize,
    stamp: Stamp,
    stamped: usize,
}

impl Peer {
    /// A peer, and the bytes that begin its connection.
    pub(crate) fn new(
        session: &Session,
        number: usize,
        is_publisher: bool,
        host: &str,
    ) -> (Self, Vec<u8>) {
        let seed = format!("{} {number} {}", std::process::id(), clock::now());
        let length = if is_publisher { session.size } else { 0 };
        let mut speaker = Speaker {
            is_publisher,
            is_ready: false,
            acknowledged: None,
            id: py2p::id(seed.as_bytes()),
            head: Vec::new(),
            body: None,
            payload: (0..length).map(|at| (at * 7 + 13) as u8).collect(),
        };
        let mut out = Vec::new();
        if session.proto.is_websocket() {
            let protocol = (session.proto == Proto::Mqtt).then_some("mqtt");
            out.extend(websocket::request(host, &session.path, protocol).as_bytes());
        } else {
            speaker.open(session, &mut out);
        }
        let websocket = Deframer::default();
        (Self { websocket, speaker }, out)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.speaker.is_ready
    }

    pub(crate) fn acknowledged(&self) -> Option<u64> {
        self.speaker.acknowledged
    }

    /// Appends the message of this number to `out`, so many times.
    pub(crate) fn publish(
        &mut self,
        session: &Session,
        number: u64,
        now: u64,
        copies: usize,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        self.speaker.publish(session, number, now, out);
        let end = out.len();
        for _ in 1..copies {
            out.extend_from_within(start..end);
        }
    }

    /// Takes bytes from the server, appends answers to `out`, and calls `on_message` for each message that became whole.
    pub(crate) fn handle(
        &mut self,
        session: &Session,
        mut input: &[u8],
        out: &mut Vec<u8>,
        on_message: &mut dyn FnMut(Stamp),
    ) -> Result<()> {
        if !session.proto.is_websocket() {
            return self.speaker.read(session, input, out, on_message);
        }
        while let Some(piece) = self.websocket.next(&mut input, out)? {
            match piece {
                Piece::Opened => self.speaker.open(session, out),
                Piece::Message(length) => self.speaker.begin(session, length),
                Piece::Payload(bytes) => self.speaker.read(session, bytes, out, on_message)?,
            }
        }
        Ok(())
    }
}

impl Speaker {
    /// The connection stands, as far as the transport goes.
    fn open(&mut self, session: &Session, out: &mut Vec<u8>) {
        match session.proto {
            Proto::Raw => self.is_ready = true,
            // The server speaks first.
            Proto::Nats => {}
            Proto::Mqtt => say(session, out, &mqtt::connect(&self.id)),
            Proto::Py2pWs | Proto::Py2pTcp => {
                let is_websocket = session.proto.is_websocket();
                let handshake = py2p::handshake(self.id.as_bytes(), &session.subnet, is_websocket);
                say(session, out, &handshake);
            }
        }
    }

    fn publish(&mut self, session: &Session, number: u64, now: u64, out: &mut Vec<u8>) {
        self.payload[..8].copy_from_slice(&number.to_le_bytes());
        self.payload[8..16].copy_from_slice(&now.to_le_bytes());
        let payload = &self.payload;
        let topic = &session.topic;
        let framed =
            |out: &mut Vec<u8>, parts: &[&[u8]]| websocket::frame(out, websocket::BINARY, parts);
        match session.proto {
            Proto::Raw => framed(out, &[payload]),
            Proto::Nats => {
                let line = nats::publish(topic, payload.len());
                framed(out, &[line.as_bytes(), payload, b"\r\n"]);
            }
            Proto::Mqtt => {
                let mut head = Vec::with_capacity(16);
                mqtt::publish(&mut head, topic, payload.len());
                framed(out, &[&head, payload]);
            }
            Proto::Py2pWs | Proto::Py2pTcp => {
                say(session, out, &py2p::broadcast(self.id.as_bytes(), payload));
            }
        }
    }

    /// A WebSocket message begins, which for one protocol is a message.
    fn begin(&mut self, session: &Session, length: u64) {
        if session.proto == Proto::Raw {
            self.body = Some(Body::message(length as usize, 0));
        }
    }

    fn read(
        &mut self,
        session: &Session,
        mut input: &[u8],
        out: &mut Vec<u8>,
        on_message: &mut dyn FnMut(Stamp),
    ) -> Result<()> {
        while !input.is_empty() {
            let Some(body) = &mut self.body else {
                self.read_head(session, &mut input, out)?;
                continue;
            };
            let (bytes, rest) = input.split_at(input.len().min(body.left));
            input = rest;
            body.take(bytes);
            // What is no message for a subscriber is looked at as text.
            let is_text = !body.is_message || self.is_publisher;
            if is_text && self.head.len() < MOST_TEXT {
                self.head
                    .extend_from_slice(&bytes[..bytes.len().min(MOST_TEXT)]);
            }
            if body.left == 0 {
                let stamp = body.stamp;
                self.body = None;
                if is_text {
                    self.handle_text(session, out)?;
                    self.head.clear();
                } else {
                    on_message(stamp);
                }
            }
        }
        Ok(())
    }

    /// Takes a message's head, or a part of it.
    fn read_head(&mut self, session: &Session, input: &mut &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.body = match session.proto {
            Proto::Raw => return Err(Error::other("bytes came that belong to no message")),
            Proto::Nats => self.read_line(session, input, out)?,
            Proto::Mqtt => {
                take(&mut self.head, input, 1);
                mqtt::parse(&self.head).map(|(is_message, length)| {
                    let body = Body::message(length, 2 + session.topic.len());
                    Body { is_message, ..body }
                })
            }
            Proto::Py2pWs | Proto::Py2pTcp => {
                let missing = py2p::HEAD - self.head.len();
                take(&mut self.head, input, missing);
                (self.head.len() == py2p::HEAD).then(|| {
                    let (is_message, length) = py2p::parse(&self.head);
                    let body = Body::message(length, length.saturating_sub(session.size));
                    Body { is_message, ..body }
                })
            }
        };
        if self.body.is_some() {
            self.head.clear();
        }
        Ok(())
    }

    fn read_line(
        &mut self,
        session: &Session,
        input: &mut &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Option<Body>> {
        let end = input.iter().position(|byte| *byte == b'\n');
        take(&mut self.head, input, end.map_or(usize::MAX, |end| end + 1));
        if end.is_none() {
            return Ok(None);
        }
        let line = nats::parse(&self.head)?;
        self.head.clear();
        match line {
            Line::Message(length) => return Ok(Some(Body::message(length, 0))),
            Line::Info if !self.is_ready => {
                let subject = (!self.is_publisher).then_some(session.topic.as_str());
                say(session, out, nats::connect(subject).as_bytes());
            }
            Line::Ping => say(session, out, b"PONG\r\n"),
            Line::Pong => self.is_ready = true,
            Line::Info | Line::Other => {}
        }
        Ok(None)
    }

    /// A message that is no subscriber's has come, and its beginning is in `head`.
    fn handle_text(&mut self, session: &Session, out: &mut Vec<u8>) -> Result<()> {
        if self.is_publisher
            && let Some(count) = acknowledgement(&self.head)
        {
            self.acknowledged = Some(count);
            return Ok(());
        }
        match session.proto {
            Proto::Mqtt => self.handle_mqtt(session, out),
            Proto::Py2pWs | Proto::Py2pTcp => {
                self.is_ready |= py2p::is_peers(&self.head);
                if py2p::is_request(&self.head) {
                    say(session, out, &py2p::no_peers(self.id.as_bytes()));
                }
                Ok(())
            }
            Proto::Raw | Proto::Nats => Ok(()),
        }
    }

    /// CONNACK has two bytes behind its header, SUBACK three.
    fn handle_mqtt(&mut self, session: &Session, out: &mut Vec<u8>) -> Result<()> {
        match self.head[..] {
            [_, code] if !self.is_ready => match (code, self.is_publisher) {
                (0, true) => self.is_ready = true,
                (0, false) => say(session, out, &mqtt::subscribe(&session.topic)),
                _ => return Err(Error::other(format!("CONNACK has code {code}"))),
            },
            [_, _, _] => self.is_ready = true,
            _ => {}
        }
        Ok(())
    }
}

impl Body {
    fn message(left: usize, before: usize) -> Self {
        Self {
            left,
            before,
            is_message: true,
            ..Self::default()
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.left -= bytes.len();
        if self.stamped == self.stamp.len() {
            return;
        }
        match bytes
            .get(self.before..)
            .filter(|payload| !payload.is_empty())
        {
            None => self.before -= bytes.len(),
            Some(payload) => {
                let free = &mut self.stamp[self.stamped..];
                let count = payload.len().min(free.len());
                free[..count].copy_from_slice(&payload[..count]);
                self.stamped += count;
                self.before = 0;
            }
        }
    }
}

/// Moves at most so many bytes from the front of `input` to the end of `head`.
fn take(head: &mut Vec<u8>, input: &mut &[u8], most: usize) {
    let (bytes, rest) = input.split_at(input.len().min(most));
    head.extend_from_slice(bytes);
    *input = rest;
}

/// Sends bytes of the protocol, in a frame where there are frames.
fn say(session: &Session, out: &mut Vec<u8>, bytes: &[u8]) {
    if session.proto.is_websocket() {
        websocket::frame(out, websocket::BINARY, &[bytes]);
    } else {
        out.extend(bytes);
    }
}

/// How many messages a subscriber elsewhere says that it got, if this is what it says.
fn acknowledgement(message: &[u8]) -> Option<u64> {
    let marker = ACKNOWLEDGEMENT;
    let at = message
        .windows(marker.len())
        .position(|window| window == marker)?;
    let count = message.get(at + marker.len()..at + marker.len() + 8)?;
    Some(u64::from_le_bytes(count.try_into().ok()?))
}
