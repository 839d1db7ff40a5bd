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
//! | `status` | state, then why, when the next attempt is or nil, or the reason |
//! | `messages` | all that came since the last event: see `batch` |
//! | `answer` | the ticket of what is answered, a batch of one |
//! | `member-up`, `member-changed` | id, state, packets in msgpack |
//! | `member-down` | id, reason |
//! | `gap` | milliseconds |
//! | `peers` | of whom, `[[id, host:port or nil]]` |
//! | `settled` | ticket, code or nil, text |
//! | `dial-failed` | url, code, text, milliseconds until the next attempt or nil |
//! | `link-closed` | id or nil, code, text |

use core::time::Duration;

use super::batch::Batch;
use super::input::Refusal;
use crate::id::{MessageId, NodeId};
use crate::mesh::{Event, Failure, Member, Mesh, Output, Peer, Receipt, Status};
use crate::time::Timestamp;
use crate::wire::{Endpoint, PeerEntry, Value};

/// An answer in the making.
#[derive(Default)]
pub(super) struct Answer {
    rows: Vec<u8>,
    /// The messages since the last row that is told: their own comes before the next one.
    messages: Batch,
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
        self.tell_messages();
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
            Output::Transmit { to, frames } => {
                let links: Vec<Value> = to.iter().map(|link| link.number().into()).collect();
                self.say("transmit", [links.into(), frames.into()]);
            }
            // A page has no way to ping, and is dialled by nobody who could bring it too much.
            Output::Ping { .. } | Output::Pause { .. } | Output::Resume { .. } => {}
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
        if !matches!(event, Event::Message { .. }) {
            self.tell_messages();
        }
        match event {
            Event::Message { message, via } => self.messages.add(&message, &via),
            Event::Joined => self.say("joined", []),
            Event::Left => self.say("left", []),
            Event::Closed => self.say("ended", []),
            Event::PeerUp(peer) => self.say("peer-up", described(&peer)),
            Event::PeerChanged(peer) => self.say("peer-changed", described(&peer)),
            Event::PeerDown { node, reason } => {
                self.say("peer-down", [self::node(&node), reason.into()]);
            }
            Event::Status(status) => self.status(status),
            Event::Answer {
                ticket,
                message,
                via,
            } => self.say(
                "answer",
                [ticket.0.into(), Batch::of(&message, &via).into()],
            ),
            Event::MemberJoined(member) => self.say("member-up", shown(member)),
            Event::MemberChanged(member) => self.say("member-changed", shown(member)),
            Event::MemberLeft { node, reason } => {
                self.say("member-down", [self::node(&node), reason.as_str().into()]);
            }
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

    fn status(&mut self, status: Status) {
        let more = match status {
            Status::Degraded { why } => why.as_str().into(),
            Status::Offline { next_attempt } => next_attempt.map(as_millis).into(),
            Status::Closed { reason } => reason.as_str().into(),
            Status::Connecting | Status::Joined => Value::Nil,
        };
        self.say("status", [status.as_str().into(), more]);
    }

    fn tell_messages(&mut self) {
        if let Some(messages) = self.messages.take() {
            self.say("messages", [messages.into()]);
        }
    }
}

fn as_millis(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1_000.0
}

fn shown(member: Member) -> [Value; 3] {
    [
        node(&member.node),
        member.state.as_str().into(),
        member.packets.as_bytes().clone().into(),
    ]
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
