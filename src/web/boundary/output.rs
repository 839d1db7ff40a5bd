//! What the core wants done, in order: an answer is a row of msgpack values.
//!
//! The first says when `timeout` is due, in milliseconds, or is nil. Each of the others is an array that begins with a word:
//!
//! | word | fields |
//! | --- | --- |
//! | `done`, `pending`, `sent`, `refused` | what became of the command: nothing; ticket; ticket, id, links; code, text |
//! | `dial` | link, url |
//! | `transmit` | links, frame |
//! | `close` | link, code, text |
//! | `joined`, `left`, `ended` | |
//! | `peer-up`, `peer-changed` | id, `host:port` or nil, whether dialled, whether capable |
//! | `peer-down` | id, text |
//! | `message` | id, sender, via, whether whispered, seconds, size of the frame, msgpack of flag and packets |
//! | `gap` | milliseconds |
//! | `peers` | of whom, `[[id, host:port or nil]]` |
//! | `settled` | ticket, code or nil, text |
//! | `dial-failed` | url, code, text, milliseconds until the next attempt or nil |
//! | `link-closed` | id or nil, code, text |

use core::time::Duration;

use super::input::Refusal;
use crate::id::{MessageId, NodeId};
use crate::mesh::{Event, Failure, Mesh, Output, Peer, Receipt};
use crate::wire::{Endpoint, Kind, Message, PeerEntry, Time, Value};

/// An answer in the making.
#[derive(Default)]
pub(super) struct Answer {
    rows: Vec<u8>,
}

impl Answer {
    /// What became of a command.
    pub(super) fn outcome(&mut self, outcome: Result<Receipt, Refusal>) {
        match outcome {
            Ok(Receipt::Done) => self.say("done", []),
            Ok(Receipt::Pending(ticket)) => self.say("pending", [ticket.0.into()]),
            Ok(Receipt::Sent { ticket, id, links }) => self.say(
                "sent",
                [
                    ticket.0.into(),
                    id.as_ref().map(message_id).into(),
                    links.into(),
                ],
            ),
            Err(Refusal { code, text }) => self.say("refused", [code.into(), text.into()]),
        }
    }

    /// The whole answer: the deadline, what was said so far, and all that the core still has to say.
    pub(super) fn drain(mut self, mesh: &mut Mesh) -> Vec<u8> {
        while let Some(output) = mesh.poll_output() {
            self.output(mesh, output);
        }
        let deadline = mesh
            .poll_timeout()
            .map(|at| at.as_micros() as f64 / 1_000.0);
        let mut answer = Vec::with_capacity(self.rows.len() + 9);
        Value::from(deadline).encode(&mut answer);
        answer.append(&mut self.rows);
        answer
    }

    fn say<const N: usize>(&mut self, word: &str, fields: [Value; N]) {
        let row = core::iter::once(Value::from(word)).chain(fields);
        Value::Array(row.collect()).encode(&mut self.rows);
    }

    fn output(&mut self, mesh: &Mesh, output: Output) {
        match output {
            Output::Dial { link, address } => {
                self.say("dial", [link.number().into(), address.to_string().into()]);
            }
            Output::Transmit { to, frame } => {
                let links: Vec<Value> = to.iter().map(|link| link.number().into()).collect();
                self.say("transmit", [links.into(), frame.into()]);
            }
            Output::Close { link, reason } => self.say(
                "close",
                [
                    link.number().into(),
                    reason.code().into(),
                    reason.to_string().into(),
                ],
            ),
            Output::Event(event) => self.event(mesh, event),
        }
    }

    fn event(&mut self, mesh: &Mesh, event: Event) {
        match event {
            Event::Joined => self.say("joined", []),
            Event::Left => self.say("left", []),
            Event::Closed => self.say("ended", []),
            Event::PeerUp(peer) => self.say("peer-up", described(&peer)),
            Event::PeerChanged(peer) => self.say("peer-changed", described(&peer)),
            Event::PeerDown { node, reason } => {
                self.say("peer-down", [self::node(&node), reason.into()]);
            }
            Event::Message { message, via } => self.message(&message, &via),
            Event::Gap { unknown } => self.say("gap", [millis(unknown)]),
            Event::Peers { of } => {
                let told: Vec<Value> = mesh.peers_of(&of).iter().map(entry).collect();
                self.say("peers", [node(&of), told.into()]);
            }
            Event::Settled { ticket, result } => {
                let [code, text] = result.err().map_or([Value::Nil, Value::Nil], failure);
                self.say("settled", [ticket.0.into(), code, text]);
            }
            Event::DialFailed {
                address,
                failure,
                redial,
            } => {
                let [code, text] = self::failure(failure);
                let redial = redial.map_or(Value::Nil, millis);
                self.say(
                    "dial-failed",
                    [address.to_string().into(), code, text, redial],
                );
            }
            Event::LinkClosed { node, reason, .. } => self.say(
                "link-closed",
                [
                    node.as_ref().map_or(Value::Nil, self::node),
                    reason.code().into(),
                    reason.to_string().into(),
                ],
            ),
        }
    }

    fn message(&mut self, message: &Message, via: &NodeId) {
        let seconds = match message.time() {
            Time::Seconds(seconds) => *seconds,
            // Broadcasts without a whole number of seconds are not delivered; a whisper may have anything.
            Time::Other(_) => 0,
        };
        self.say(
            "message",
            [
                message_id(&message.id()),
                node(message.sender()),
                node(via),
                (message.kind() == Kind::Whisper).into(),
                seconds.into(),
                message.frame().as_bytes().len().into(),
                message.payload_bytes().into(),
            ],
        );
    }
}

fn node(node: &NodeId) -> Value {
    node.to_string().into()
}

fn message_id(id: &MessageId) -> Value {
    Value::from(&id.0)
}

fn millis(span: Duration) -> Value {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).into()
}

fn failure(failure: Failure) -> [Value; 2] {
    [failure.code().into(), failure.to_string().into()]
}

fn described(peer: &Peer) -> [Value; 4] {
    [
        node(&peer.node),
        peer.endpoint.as_ref().map(in_words).into(),
        peer.dialled.into(),
        peer.capable.into(),
    ]
}

fn entry(entry: &PeerEntry) -> Value {
    let address = entry.endpoint.as_ref().map(in_words);
    Value::from([node(&entry.node), address.into()])
}

fn in_words(Endpoint { host, port }: &Endpoint) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
