//! What the package tells the core.
//!
//! | word | fields |
//! | --- | --- |
//! | `opened` | link, url |
//! | `written` | link, bytes |
//! | `closed` | link, `unreachable`, `failed` or `closed`, code or nil, text |
//! | `environment` | `wall` and seconds, or a word of [`environment`] |
//! | `timeout` | |
//! | `connect` | url, id or nil, whether to go on if the first attempt fails |
//! | `broadcast` | `mesh`, `peers` or `[id]`; flag or nil, topic or nil, packets in msgpack |
//! | `whisper` | id, the question that it answers or nil, packets in msgpack |
//! | `ask` | id or nil, topic or nil, milliseconds, how many answers are enough, packets in msgpack |
//! | `forget` | ticket |
//! | `interest` | nil, or a list of topics and whether those about none are wanted |
//! | `present` | packets in msgpack |
//! | `request-peers`, `close` | |
//! | `disconnect` | id |
//!
//! From `connect` on they are commands, each of which is answered by `done`, `pending`, `sent` or `refused`. What is missing
//! or of another type counts as empty: the package says what it means, and a mistake of its own must not trap.

use core::time::Duration;

use bytes::Bytes;

use super::output::Answer;
use crate::address::{Address, Scheme};
use crate::id::{LinkId, NodeId};
use crate::mesh::{Command, Environment, LinkDown, LinkEvent, LinkInfo, Mesh, Reach, Ticket};
use crate::time::{Timestamp, WallSeconds};
use crate::wire::{Flag, Interest, InvalidFlag, Limits, RawPackets, Topic, Value};

/// Values in order.
pub(super) struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let limits = Limits {
            items: usize::MAX,
            ..Limits::DEFAULT
        };
        match Value::decode(bytes, &limits) {
            Ok((Value::Array(items), _)) => Self(items.into_iter()),
            _ => Self(Vec::new().into_iter()),
        }
    }

    fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Nil)
    }

    pub(super) fn text(&mut self) -> String {
        match self.next() {
            Value::Str(text) => text,
            _ => String::new(),
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next().as_u64().unwrap_or_default()
    }

    pub(super) fn bytes(&mut self) -> Bytes {
        match self.next() {
            Value::Bin(bytes) => bytes,
            _ => Bytes::new(),
        }
    }

    fn truth(&mut self) -> bool {
        self.next().as_bool().unwrap_or_default()
    }

    fn link(&mut self) -> LinkId {
        LinkId::numbered(self.number())
    }

    fn node(&mut self) -> Result<NodeId, Refusal> {
        self.text()
            .parse()
            .map_err(|error| Refusal::new("bad-argument", &error))
    }

    fn address(&mut self) -> Result<Address, Refusal> {
        let address: Address = self
            .text()
            .parse()
            .map_err(|error| Refusal::new("bad-address", &error))?;
        if address.scheme().is_websocket() {
            return Ok(address);
        }
        let only =
            format_args!("{address} cannot be dialled from here, where only ws:// and wss:// can");
        Err(Refusal::new("bad-address", &only))
    }

    fn flag(&mut self) -> Result<Flag, Refusal> {
        match self.next() {
            Value::Nil => Ok(Flag::default()),
            value => Flag::try_from(&value).map_err(|error| {
                let code = match error {
                    InvalidFlag::Reserved(_) => "reserved-flag",
                    _ => "bad-argument",
                };
                Refusal::new(code, &error)
            }),
        }
    }

    fn packets(&mut self) -> Result<RawPackets, Refusal> {
        RawPackets::from_encoded(&self.bytes())
            .map_err(|error| Refusal::new("bad-argument", &error))
    }

    fn topic(&mut self) -> Result<Option<Topic>, Refusal> {
        match self.next() {
            Value::Nil => Ok(None),
            name => topic(&name).map(Some),
        }
    }

    fn interest(&mut self) -> Result<Interest, Refusal> {
        match self.next() {
            Value::Array(names) => Ok(Interest::Only {
                topics: names.iter().map(topic).collect::<Result<_, _>>()?,
                plain: self.truth(),
            }),
            _ => Ok(Interest::Everything),
        }
    }

    fn reach(&mut self) -> Result<Reach, Refusal> {
        match self.next() {
            Value::Str(word) if word == "mesh" => Ok(Reach::Mesh),
            Value::Str(word) if word == "peers" => Ok(Reach::Peers),
            Value::Array(peer) => Fields(peer.into_iter()).node().map(Reach::Peer),
            _ => Ok(Reach::default()),
        }
    }
}

fn topic(name: &Value) -> Result<Topic, Refusal> {
    Topic::new(name.as_str().unwrap_or_default())
        .map_err(|error| Refusal::new("bad-argument", &error))
}

/// Why a command was not carried out.
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) text: String,
}

impl Refusal {
    fn new(code: &'static str, error: &dyn core::fmt::Display) -> Self {
        Self {
            code,
            text: error.to_string(),
        }
    }
}

/// Gives the core what `input` says, and puts the answer to a command before all else.
pub(super) fn handle(mesh: &mut Mesh, now: Timestamp, input: &[u8], answer: &mut Answer) {
    let mut fields = Fields::read(input);
    let word = fields.text();
    match word.as_str() {
        "opened" => mesh.handle_link(now, opened(&mut fields)),
        "written" => {
            let (link, bytes) = (fields.link(), fields.number());
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            mesh.handle_link(now, LinkEvent::Written { link, bytes });
        }
        "closed" => mesh.handle_link(now, closed(&mut fields)),
        "environment" => {
            if let Some(environment) = environment(&mut fields) {
                mesh.handle_environment(now, environment);
            }
        }
        "timeout" => mesh.handle_timeout(now),
        command => {
            let outcome = self::command(command, &mut fields).and_then(|command| {
                mesh.handle_command(now, command)
                    .map_err(|error| Refusal::new(error.code(), &error))
            });
            answer.outcome(outcome);
        }
    }
}

fn opened(fields: &mut Fields) -> LinkEvent {
    let (link, url) = (fields.link(), fields.text());
    let scheme = match url.split_once(':') {
        Some(("wss", _)) => Scheme::Wss,
        _ => Scheme::Ws,
    };
    let info = LinkInfo {
        scheme,
        remote: Some(url),
        local_host: None,
        proxied: false,
    };
    LinkEvent::Opened { link, info }
}

fn closed(fields: &mut Fields) -> LinkEvent {
    let (link, how, code) = (fields.link(), fields.text(), fields.next().as_u64());
    let text = fields.text();
    let down = match how.as_str() {
        "unreachable" => LinkDown::Unreachable(text),
        "failed" => LinkDown::Failed(text),
        _ => LinkDown::ClosedByPeer {
            code: code.and_then(|code| u16::try_from(code).ok()),
            reason: text,
        },
    };
    LinkEvent::Closed { link, down }
}

/// What happens around the node; `None` for a word that this version does not know.
fn environment(fields: &mut Fields) -> Option<Environment> {
    Some(match fields.text().as_str() {
        "wall" => Environment::WallClock(WallSeconds(fields.number())),
        "hidden" => Environment::Hidden,
        "visible" => Environment::Visible,
        "frozen" => Environment::Frozen,
        "resumed" => Environment::Resumed,
        "offline" => Environment::Offline,
        "online" => Environment::Online,
        "leaving" => Environment::Leaving,
        _ => return None,
    })
}

fn command(word: &str, fields: &mut Fields) -> Result<Command, Refusal> {
    Ok(match word {
        "connect" => Command::Connect {
            address: fields.address()?,
            expected: fields.optional_node()?,
            persist: fields.truth(),
        },
        "broadcast" => Command::Broadcast {
            reach: fields.reach()?,
            flag: fields.flag()?,
            topic: fields.topic()?,
            packets: fields.packets()?,
        },
        "whisper" => Command::Whisper {
            to: fields.node()?,
            topic: None,
            answer: fields.next().as_u64(),
            packets: fields.packets()?,
        },
        "ask" => Command::Ask {
            to: fields.optional_node()?,
            topic: fields.topic()?,
            patience: Duration::from_millis(fields.number()),
            answers: usize::try_from(fields.number()).unwrap_or(usize::MAX),
            packets: fields.packets()?,
        },
        "forget" => Command::Forget {
            ticket: Ticket(fields.number()),
        },
        "interest" => Command::Interest(fields.interest()?),
        "present" => Command::Present {
            packets: fields.packets()?,
        },
        "request-peers" => Command::RequestPeers,
        "disconnect" => Command::Disconnect {
            node: fields.node()?,
        },
        "close" => Command::Close,
        other => {
            let unknown = format_args!("the core knows no command {other}");
            return Err(Refusal::new("bad-argument", &unknown));
        }
    })
}

impl Fields {
    fn optional_node(&mut self) -> Result<Option<NodeId>, Refusal> {
        match self.next() {
            Value::Nil => Ok(None),
            id => Fields(vec![id].into_iter()).node().map(Some),
        }
    }
}
