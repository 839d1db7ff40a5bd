//! What peers say: control messages of every sort, made by choice.

use core::time::Duration;

use bytes::Bytes;
use rs2p::address::{Address, Scheme};
use rs2p::id::{MessageId, NodeId};
use rs2p::wire::{
    Addresses, Capabilities, Departure, Endpoint, Handshake, History, IdForm, Interest,
    KnownAddress, Mark, PeerEntry, Presence, PresenceEntry, PresenceState, RawPackets, Signal,
    Stamp, Topic, Trailer, Value, Word,
};

use super::choices::Choices;

/// The subnet of all nodes here.
pub const SUBNET: &str = "fuzz";

const SCHEMES: [Scheme; 5] = [
    Scheme::Tcp,
    Scheme::Ws,
    Scheme::Tls,
    Scheme::Wss,
    Scheme::Memory,
];

/// Packed bytes of a message from the node 0, with `count` items behind the sub-flag.
pub fn packed(kind: u8, flag: u8, count: usize, items: &[u8]) -> Vec<u8> {
    let count = u16::try_from(count + 4).unwrap_or(u16::MAX);
    let [high, low] = count.to_be_bytes();
    let head = [0xdc, high, low, kind, 0xa1, b'A', 0x01, 0xcc, flag];
    [&head, items].concat()
}

pub fn scheme(choices: &mut Choices<'_>) -> Scheme {
    choices.pick(&SCHEMES)
}

/// One of a few nodes, so that peers speak of each other.
pub fn node(choices: &mut Choices<'_>) -> NodeId {
    node_numbered(choices.byte() % 8)
}

/// The node with a number: base58, in the order of the numbers.
pub fn node_numbered(number: u8) -> NodeId {
    NodeId::new(&[b'A' + number % 8]).expect("one byte")
}

pub fn form(choices: &mut Choices<'_>) -> IdForm {
    choices.pick(&[IdForm::Text, IdForm::Bytes])
}

fn endpoint(choices: &mut Choices<'_>) -> Option<Endpoint> {
    const HOSTS: [&str; 6] = ["203.0.113.7", "127.0.0.1", "host", "::1", "0.0.0.0", "::"];
    let host = choices.below(HOSTS.len() + 1).checked_sub(1)?;
    Some(Endpoint {
        host: HOSTS[host].to_owned(),
        port: u16::from(choices.byte()).max(1),
    })
}

pub fn address(choices: &mut Choices<'_>) -> Address {
    const HOSTS: [&str; 5] = ["203.0.113.7", "127.0.0.1", "host", "::1", "192.0.2.9"];
    let scheme = scheme(choices);
    let port = 1 + u16::from(choices.byte() % 16);
    match scheme {
        Scheme::Memory => Address::memory(port),
        scheme => Address::new(scheme, choices.pick(&HOSTS), port).expect("a host"),
    }
}

/// As many as the next choice says, at most `most`.
fn several<T>(
    choices: &mut Choices<'_>,
    most: usize,
    mut one: impl FnMut(&mut Choices<'_>) -> T,
) -> Vec<T> {
    let count = choices.below(most + 1);
    (0..count).map(|_| one(choices)).collect()
}

pub fn topic(choices: &mut Choices<'_>) -> Topic {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    Topic::new(choices.pick(&NAMES)).expect("one byte")
}

pub fn interest(choices: &mut Choices<'_>) -> Interest {
    if choices.flag() {
        return Interest::Everything;
    }
    let some = Interest::topics(several(choices, 6, topic));
    if choices.flag() {
        some.and_plain()
    } else {
        some
    }
}

pub fn packets(choices: &mut Choices<'_>) -> RawPackets {
    let values = several(choices, 3, value);
    RawPackets::from_values(&values).expect("few and flat")
}

pub fn value(choices: &mut Choices<'_>) -> Value {
    match choices.below(6) {
        0 => choices.number().into(),
        1 => Value::from(choices.bytes()),
        2 => Value::Str(String::from_utf8_lossy(choices.bytes()).into_owned()),
        3 => Value::Nil,
        4 => Value::F64(f64::from_bits(choices.number())),
        // Long enough to be compressed, and to fill queues.
        _ => Value::from(&[choices.byte(); 1_500]),
    }
}

pub fn handshake(choices: &mut Choices<'_>, node: NodeId, scheme: Scheme) -> Handshake {
    let protocol = scheme.protocol(SUBNET);
    Handshake {
        node,
        form: form(choices),
        protocol: protocol.as_str().as_bytes().to_vec(),
        endpoint: endpoint(choices),
        compression: several(choices, 3, code),
    }
}

/// Of a compression, known or not.
fn code(choices: &mut Choices<'_>) -> u64 {
    choices.number()
}

pub fn trailer(choices: &mut Choices<'_>) -> Trailer {
    let fields = choices.byte();
    let has = |bit: u8| fields >> bit & 1 == 1;
    Trailer {
        nonce: has(0).then(|| choices.number()),
        capabilities: has(1).then(|| capabilities(choices)),
        topic: has(2).then(|| topic(choices)),
        question: has(3).then(|| choices.number()),
        answer: has(4).then(|| choices.number()),
    }
}

/// Any set: all that there are, none, or some.
pub fn capabilities(choices: &mut Choices<'_>) -> Capabilities {
    match choices.below(3) {
        0 => Capabilities::from_bits(0xffff_ffff),
        1 => Capabilities::from_bits(u16::from_be_bytes(choices.array()).into()),
        _ => Capabilities::NONE,
    }
}

fn ids(choices: &mut Choices<'_>, said: &[MessageId]) -> Vec<MessageId> {
    several(choices, 12, |choices| id(choices, said))
}

fn id(choices: &mut Choices<'_>, said: &[MessageId]) -> MessageId {
    let number = choices.byte();
    match said.get(usize::from(number)) {
        Some(id) => *id,
        None => MessageId([number; 32]),
    }
}

/// A control message of any sort, by somebody who knows of no message.
pub fn signal(choices: &mut Choices<'_>) -> Signal {
    signal_about(choices, &[])
}

/// A control message of any sort, by somebody who knows the messages `said`.
pub fn signal_about(choices: &mut Choices<'_>, said: &[MessageId]) -> Signal {
    match choices.below(20) {
        0 => Signal::RequestPeers,
        1 => Signal::Peers(several(choices, 5, peer)),
        2 => Signal::Request {
            request: value(choices),
            wanted: node(choices),
            form: form(choices),
        },
        3 => Signal::Response {
            request: value(choices),
            endpoint: endpoint(choices),
            node: node(choices),
            form: form(choices),
        },
        4 => Signal::Compression(several(choices, 4, code)),
        5 => Signal::Resend,
        6 => Signal::Ping(choices.number()),
        7 => Signal::Pong(choices.number()),
        8 => Signal::Forward {
            to: node(choices),
            packed: Bytes::copy_from_slice(choices.bytes()),
        },
        9 => Signal::Announce(ids(choices, said)),
        10 => Signal::Graft(ids(choices, said)),
        11 => Signal::Prune(choices.flag().then(|| node(choices))),
        12 => Signal::History(history(choices, said)),
        13 => Signal::Fetch(ids(choices, said)),
        14 => Signal::Gone(ids(choices, said)),
        15 => Signal::Addresses(addresses(choices)),
        16 => Signal::Sleep,
        17 => Signal::Interest(interest(choices)),
        18 => Signal::Presence(presence(choices)),
        _ => Signal::Handshake(greeting(choices)),
    }
}

fn greeting(choices: &mut Choices<'_>) -> Handshake {
    let (node, scheme) = (node(choices), scheme(choices));
    handshake(choices, node, scheme)
}

fn peer(choices: &mut Choices<'_>) -> PeerEntry {
    PeerEntry {
        endpoint: endpoint(choices),
        node: node(choices),
        form: form(choices),
    }
}

/// One whose ages are told to the tenth of a second, in which they come back as they were.
fn history(choices: &mut Choices<'_>, said: &[MessageId]) -> History {
    let tenths = |choices: &mut Choices<'_>| Duration::from_millis(100 * u64::from(choices.byte()));
    History {
        reach: tenths(choices),
        entries: several(choices, 12, |choices| (tenths(choices), id(choices, said))),
    }
}

fn addresses(choices: &mut Choices<'_>) -> Addresses {
    Addresses {
        ask: choices.flag(),
        dials: several(choices, 5, scheme),
        own: several(choices, 4, address),
        known: several(choices, 8, |choices| KnownAddress {
            address: address(choices),
            node: node(choices),
            age: u32::from(choices.byte()),
        }),
    }
}

fn presence(choices: &mut Choices<'_>) -> Presence {
    if choices.flag() {
        let count = choices.pick(&[0, 1, 2, 8, 256]);
        return Presence::Digest((0..count).map(|_| choices.number()).collect());
    }
    Presence::Entries(several(choices, 8, presence_entry))
}

fn presence_entry(choices: &mut Choices<'_>) -> PresenceEntry {
    PresenceEntry {
        node: node(choices),
        stamp: Stamp {
            boot: choices.number(),
            version: choices.number(),
        },
        edges: several(choices, 4, |choices| (node(choices), mark(choices))),
        word: choices.flag().then(|| word(choices)),
    }
}

fn mark(choices: &mut Choices<'_>) -> Mark {
    match choices.below(4) {
        0 => Mark::UP,
        1 => Mark::down(choices.pick(&[Departure::Lost, Departure::Goodbye])),
        2 => Mark::from_bits(u32::MAX - u32::from(choices.byte())),
        _ => Mark::from_bits(choices.byte().into()),
    }
}

fn word(choices: &mut Choices<'_>) -> Word {
    const STATES: [PresenceState; 4] = [
        PresenceState::Awake,
        PresenceState::Hidden,
        PresenceState::Asleep,
        PresenceState::Gone,
    ];
    Word {
        state: choices.pick(&STATES),
        packets: RawPackets::from_values(&several(choices, 2, small)).expect("few and flat"),
    }
}

fn small(choices: &mut Choices<'_>) -> Value {
    choices.number().into()
}
