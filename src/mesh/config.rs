//! What a node is told at its start: its subnet, its addresses, and a name for every limit.
//!
//! Each default says its unit and where the number comes from.

use core::time::Duration;

use super::hearsay::Hearsay;
use super::rate::Rate;
use super::trust::Trusted;
use crate::address::{Address, Scheme};
use crate::id::NodeId;
use crate::wire::{Limits, MAX_TOPICS};

/// The subnet of a node that was given none.
pub const DEFAULT_SUBNET: &str = "mesh";

/// Who this node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id that it shows to its peers.
    pub node: NodeId,
}

/// Everything that the core can be told. Build it with [`Config::new`] and set the fields that should differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The name of the mesh. Nodes link only within one; it is no secret.
    pub subnet: String,
    /// Where others can dial this node, at most one address for each kind of transport; none for a browser tab.
    /// An unspecified host (`0.0.0.0`, `::`) stands for the address by which the peer at hand is reached.
    pub advertise: Vec<Address>,
    /// The kinds of transport that this node's shell can dial; addresses of other kinds that peers tell are not kept. All of
    /// them; a browser has WebSockets only.
    pub dials: Vec<Scheme>,
    /// Addresses to begin with besides the user's: what [`Mesh::anchors`](super::Mesh::anchors) said in an earlier run. At
    /// most two are taken.
    pub anchors: Vec<Address>,
    /// Which addresses out of gossip are dialled, kept and told on; the user's own and `anchors` are not judged. Those that the
    /// internet routes: nobody can make this node dial into a network that they cannot reach themselves.
    pub hearsay: Hearsay,

    /// Largest frame body before the handshake, in bytes. 4 KiB: a handshake has under 400 bytes, the wire allows 4 GiB.
    pub greeting_frame: usize,
    /// Largest frame body after the handshake, before and after decompression, in bytes. 1 MiB, as NATS.
    pub frame: usize,
    /// Deepest nesting and most items in one message: 16 and 65,536.
    pub values: Limits,

    /// Time to establish a link that was dialled. 10 s: a TCP handshake with two lost packets.
    pub dial_timeout: Duration,
    /// Time from the link being up to the peer's handshake, absolute. 5 s.
    pub greeting_timeout: Duration,
    /// How long a dialler waits for the acceptor's handshake over TCP before it speaks itself. 3 s: measured to be
    /// accepted by the family; waiting is what lets a node avoid a second link to one peer.
    pub greeting_patience: Duration,
    /// Time from the first to the last byte of a frame, absolute. 30 s.
    pub frame_timeout: Duration,

    /// Whether messages are given to the user, as they are. A relay at which nobody listens passes them on, and makes no events
    /// of them.
    pub delivers: bool,

    /// Most bytes waiting for one peer. 1 MiB.
    pub queue_bytes: usize,
    /// Most frames waiting for one peer. 1,024.
    pub queue_frames: usize,
    /// Most bytes handed to a transport and not yet written by it, for each link. 256 KiB; one frame may exceed it.
    pub link_budget: usize,
    /// Time in which less than 16 KiB, and not all that waits, was written to a peer, after which it is cut. 10 s, as NATS.
    pub stall_timeout: Duration,

    /// How old a broadcast may be by this node's clock. 60 s, as protocol 0.7.
    pub accept_past: Duration,
    /// How far in the future a broadcast may be dated. 30 s; protocol 0.7 has no bound.
    pub accept_future: Duration,
    /// How long the id of a message is remembered, on the monotonic clock. 120 s: longer than a message is accepted.
    pub remember: Duration,
    /// Most ids remembered for one such time; beyond it the oldest go early. 262,144, about 16 MiB in all.
    pub remember_ids: usize,

    /// Most links, dialled and accepted together. 16,384.
    pub links: usize,
    /// Most accepted links whose peers have not greeted. 1,024: beyond it the one that has waited longest goes, of the network from
    /// which most come. As many may greet at once after a restart.
    pub ungreeted: usize,

    /// Messages that one node may say over a link that this node accepted, or that hearsay had it dial: 200 a second, 400 at once.
    /// A link that brings more is read from more slowly, and nothing is dropped. `None` for as many as come, and without the
    /// three rates that follow. A node that nobody can dial reads all that it gets, and so does any from the user's own
    /// addresses.
    pub message_rate: Option<Rate>,
    /// Bytes of the same. 2 MiB a second, 4 MiB at once.
    pub byte_rate: Option<Rate>,
    /// Messages of others, copies among them, that one link may carry in all. 4,000 a second, 8,192 at once: 20 nodes that say
    /// all that they may, and twice a [`history`](Self::history). Each of their authors has `message_rate` besides. Whispers about
    /// the mesh count too, once and for every 128 bytes, those of who is there for every KiB. Who links relays that carry more
    /// trusts them: see `trusted`.
    pub carried_rate: Option<Rate>,
    /// Bytes of the same. 40 MiB a second, 64 MiB at once. What comes compressed counts four times as what it unfolds to.
    pub carried_bytes: Option<Rate>,
    /// Authors that one link may bring newly. 20 a second, 1,024 at once: names cost nothing, and each has a rate of its own.
    pub author_rate: Rate,
    /// Authors whose messages are counted for each link that brings them; those that were not heard for longest are new
    /// when they come again. 8,192, and twice as many at most.
    pub authors: usize,
    /// Questions for a node, to the whole mesh, that one node may ask over such a link. 4 a second, 128 at once, which is half as many
    /// nodes: each is asked for in two forms, as the relatives know it by one. Beyond it the link is read from more slowly.
    pub request_rate: Rate,
    /// Times that a peer is told this node's peers because it asks. Once in 10 s, 4 times at once; it is told later what it asks too early.
    pub peers_rate: Rate,
    /// Renegotiations of a legacy peer that are answered. 3 a minute.
    pub renegotiation_rate: Rate,
    /// Whose links bring as much as they will.
    pub trusted: Vec<Trusted>,
    /// Dialled links wanted. 4, as protocol 0.7; addresses that the user gave are dialled beyond it.
    pub outgoing: usize,
    /// Most of the user's own addresses that are linked; the quickest are, and the others stand by, dialled when one is lost.
    /// All: with two links, the end of one loses no time. A tab that is to be sparing has 1 or 2, and `outgoing` as many.
    pub relays: usize,
    /// How often those that stand by are tried, less up to half of it at random. 10 min. One that greets in less than half the time takes
    /// over.
    pub relays_tried: Duration,
    /// Most addresses kept, the user's own included. 256: with 95 % of them dead, one in half a million such books is useless.
    pub addresses: usize,
    /// Most tellers of one address that are remembered, those who named the fewest. 8, as Bitcoin has an address in at most so many
    /// places of its book: who told counts while none of this node's links has come up there, and each teller has its turn.
    pub tellers: usize,
    /// Failures after which an address that peers told rests, while there is a peer. 12, some 75 s: a restart is no reason.
    /// The user's own are dialled for ever, and all are while there is no peer.
    pub learned_attempts: u32,
    /// Dials to learnt addresses under way: most that have begun within `dial_patience`, and most in all. 4, as many as are
    /// wanted, and 32, so that a book of addresses that do not answer is gone through in 110 s.
    pub dials_at_once: (usize, usize),
    /// How long a dial without an answer keeps others from being begun in its stead. 1 s: a link that comes up takes less.
    pub dial_patience: Duration,
    /// Shortest and longest time between two looks around, at which addresses are exchanged with a peer and one that is no peer is
    /// dialled although links enough are up; it grows fourfold while that teaches nothing, and is short again after
    /// the loss of a peer. 20 s and 300 s, less up to half of it at random.
    pub probe: (Duration, Duration),
    /// How long an anchor that was lost is dialled again like the user's own. 1 h.
    pub anchor_span: Duration,
    /// Nodes that the user disconnected and that are therefore not dialled when others tell of them. 256, the oldest go.
    pub unwanted: usize,
    /// Longest wait before a redial of py2p or js2p within a minute of losing it. 1 s: py2p loses links of itself.
    pub legacy_redial: Duration,
    /// Shortest and longest wait before a redial; the wait is drawn between 0 and a bound that doubles from the one to
    /// the other (full jitter). 0.25 s and 15 s: a dial that began just before a partition healed may take `dial_timeout` to
    /// fail, and both together stay under 30 s.
    pub redial: (Duration, Duration),

    /// Silence after which a peer is asked whether it lives, by the end that accepted the link. 15 s.
    pub heartbeat: Duration,
    /// Silence after which a link is cut. 35 s: two heartbeats and a little.
    pub silence: Duration,
    /// Time that the older of two links to one peer has to show that it lives, before the newer replaces it. 2 s.
    pub contest: Duration,

    /// Silence on every link after which a node with peers is degraded ([`Status`](super::Status)). 20 s: a heartbeat and the time for its
    /// answer over a slow network.
    pub doubt: Duration,
    /// Time that a link has to show that it lives when the page or the network has come back. 2 s.
    pub probe_timeout: Duration,
    /// Silence after which a peer counts as asleep whose WebSocket answers while the peer does not, as a frozen tab. 60 s, and 1 MiB
    /// ([`queue_bytes`](Self::queue_bytes)) at most is sent to it meanwhile.
    pub asleep_after: Duration,
    /// Silence after which a peer that sleeps is cut. 120 s: what it missed longer ago could not be given to it.
    pub asleep_cut: Duration,

    /// Senders to which a way is remembered, so that a whisper finds them. 4,096.
    pub routes: usize,
    /// Most whispers of the user's that wait for a way to their node. 256.
    pub lookups: usize,
    /// Most whispers of other nodes that wait here for a way on. 64, counted apart from the user's.
    pub errands: usize,
    /// Most links that this node lends to nodes that cannot dial, so that py2p and js2p can answer them. 64.
    pub loans: usize,
    /// Time without a whisper after which a lent link is closed. 10 min: py2p suffers whenever a neighbour leaves.
    pub loan_idle: Duration,
    /// Questions for a node that are remembered, so that each is answered once. 1,024.
    pub answers: usize,
    /// Time for a lookup and the dial that follows it. 10 s.
    pub lookup_timeout: Duration,
    /// Neighbours whose own peer lists are kept, for a picture of the mesh. 16.
    pub peer_lists: usize,

    /// Least time between two frames to a py2p, over TCP or TLS. 1/300 s: it loses the link when a read ends four bytes
    /// into a frame's successor.
    pub legacy_pace: Duration,
    /// Broadcasts of legacy senders within 300 ms among which two copies of one are recognised. 4,096.
    pub restamped: usize,
    /// Broadcasts of the last minute that are kept for those who missed them: most bytes, and most frames. 4 MiB and 4,096: at 64
    /// messages a second a whole minute.
    pub history: (usize, usize),
    /// Time without progress after which a peer is not waited for that named broadcasts and does not give them. 5 s.
    pub catch_up_timeout: Duration,
    /// Most broadcasts that one link may be owed, as its peer asked for them; more are not sent. 1,024: a peer of ours asks for
    /// 512 at a time.
    pub owed: usize,
    /// Sources of broadcasts for which a tree is kept, along which payloads travel; 0 to flood everything. 1,024, and twice as
    /// many at most. A source beyond them floods.
    pub trees: usize,
    /// Time for which ids are gathered before they are announced together. 20 ms.
    pub announce: Duration,
    /// Time after which a broadcast that was announced and has not come is asked for. 300 ms: longer than a payload is behind
    /// its id on any path worth having.
    pub graft: Duration,
    /// Most announced broadcasts that are waited for. 8,192.
    pub promises: usize,
    /// Most topics that a neighbour may name, and this node names; who wants more is sent everything. 256, 33 KiB a link.
    pub topics: usize,
    /// Most questions of the user's that wait for answers. 1,024.
    pub questions: usize,
    /// Most answers that one question may wait for. 4,096.
    pub replies: usize,
    /// Whether the node takes part in presence: it tells others that it is in the mesh, is told of them, and hands that on. On.
    pub presence: bool,
    /// Most nodes that are known to be in the mesh, or to have left it within two minutes. 4,096, some 2 MiB; with the longest
    /// packets 6 MiB.
    pub members: usize,
    /// Time that a member which cannot be reached has to turn up elsewhere, before it has left. 4 s: with `silence` and the way
    /// to tell of it, one that died without a word is gone within 40 s, and one that lost its relay finds another within one.
    pub member_grace: Duration,
    /// Own messages of at least this many bytes are compressed towards peers that can take it; `None` for never. 1 KiB.
    pub compress_from: Option<usize>,

    /// Time that a closing node gives its queues to be written. 2 s.
    pub linger: Duration,
    /// Time in which a draining node closes its links, with 250 ms between two if they are few. 5 s: a thousand come to its
    /// neighbours at 200 a second.
    pub drain: Duration,
}

impl Config {
    /// The defaults, for a node of `subnet`.
    pub fn new(subnet: impl Into<String>) -> Self {
        let seconds = Duration::from_secs;
        Self {
            subnet: subnet.into(),
            advertise: Vec::new(),
            dials: vec![
                Scheme::Tcp,
                Scheme::Tls,
                Scheme::Ws,
                Scheme::Wss,
                Scheme::Memory,
            ],
            anchors: Vec::new(),
            hearsay: Hearsay::Public,
            greeting_frame: 4 << 10,
            frame: 1 << 20,
            values: Limits::DEFAULT,
            dial_timeout: seconds(10),
            greeting_timeout: seconds(5),
            greeting_patience: seconds(3),
            frame_timeout: seconds(30),
            delivers: true,
            queue_bytes: 1 << 20,
            queue_frames: 1_024,
            link_budget: 256 << 10,
            stall_timeout: seconds(10),
            accept_past: seconds(60),
            accept_future: seconds(30),
            remember: seconds(120),
            remember_ids: 1 << 18,
            links: 16_384,
            ungreeted: 1_024,
            message_rate: Some(Rate::per_second(200, 400)),
            byte_rate: Some(Rate::per_second(2 << 20, 4 << 20)),
            carried_rate: Some(Rate::per_second(4_000, 8_192)),
            carried_bytes: Some(Rate::per_second(40 << 20, 64 << 20)),
            author_rate: Rate::per_second(20, 1_024),
            authors: 8_192,
            request_rate: Rate::per_second(4, 128),
            peers_rate: Rate::new(1, seconds(10), 4),
            renegotiation_rate: Rate::new(3, seconds(60), 3),
            trusted: Vec::new(),
            outgoing: 4,
            relays: usize::MAX,
            relays_tried: seconds(600),
            addresses: 256,
            tellers: 8,
            learned_attempts: 12,
            dials_at_once: (4, 32),
            dial_patience: seconds(1),
            probe: (seconds(20), seconds(300)),
            anchor_span: seconds(3_600),
            unwanted: 256,
            legacy_redial: seconds(1),
            redial: (Duration::from_millis(250), seconds(15)),
            heartbeat: seconds(15),
            silence: seconds(35),
            contest: seconds(2),
            doubt: seconds(20),
            probe_timeout: seconds(2),
            asleep_after: seconds(60),
            asleep_cut: seconds(120),
            routes: 4_096,
            lookups: 256,
            errands: 64,
            loans: 64,
            loan_idle: seconds(600),
            answers: 1_024,
            lookup_timeout: seconds(10),
            peer_lists: 16,
            legacy_pace: Duration::from_micros(3_334),
            restamped: 4_096,
            history: (4 << 20, 4_096),
            catch_up_timeout: seconds(5),
            owed: 1_024,
            trees: 1_024,
            announce: Duration::from_millis(20),
            graft: Duration::from_millis(300),
            promises: 8_192,
            topics: 256,
            questions: 1_024,
            replies: 4_096,
            presence: true,
            members: 4_096,
            member_grace: seconds(4),
            compress_from: Some(1 << 10),
            linger: seconds(2),
            drain: seconds(5),
        }
    }

    /// Where peers on `scheme` can dial this node.
    pub(super) fn advertised(&self, scheme: Scheme) -> Option<&Address> {
        self.advertise
            .iter()
            .find(|address| address.scheme() == scheme)
    }

    /// Checks that the limits fit together.
    ///
    /// # Errors
    /// [`ConfigError`], which names the first field that does not fit.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let rules = [
            (
                self.greeting_frame >= 1_024,
                "greeting_frame",
                "at least 1 KiB, or no handshake fits",
            ),
            (
                self.frame >= self.greeting_frame,
                "frame",
                "at least greeting_frame",
            ),
            (
                u32::try_from(self.frame).is_ok(),
                "frame",
                "under 4 GiB, the length field's end",
            ),
            (
                self.queue_bytes >= self.frame,
                "queue_bytes",
                "at least frame, or no large message can be sent",
            ),
            (self.queue_frames > 0, "queue_frames", "at least 1"),
            (self.links > 0, "links", "at least 1"),
            (self.ungreeted > 0, "ungreeted", "at least 1"),
            (self.authors > 0, "authors", "at least 1"),
            (
                self.topics <= MAX_TOPICS,
                "topics",
                "at most 1,024, which are read",
            ),
            (self.relays > 0, "relays", "at least 1"),
            (self.tellers > 0, "tellers", "at least 1"),
            (
                self.relays_tried > Duration::ZERO,
                "relays_tried",
                "not zero",
            ),
            (self.remember_ids > 0, "remember_ids", "at least 1"),
            (
                self.remember >= self.accept_past + self.accept_future,
                "remember",
                "at least accept_past + accept_future, or a message circles",
            ),
            (
                self.silence > self.heartbeat,
                "silence",
                "longer than heartbeat",
            ),
            (
                self.asleep_cut >= self.asleep_after,
                "asleep_cut",
                "at least asleep_after",
            ),
            (
                self.redial.0 > Duration::ZERO && self.redial.1 >= self.redial.0,
                "redial",
                "rising and not zero",
            ),
            (
                self.probe.0 > Duration::ZERO && self.probe.1 >= self.probe.0,
                "probe",
                "rising and not zero",
            ),
            (
                self.dials_at_once.0 > 0 && self.dials_at_once.1 >= self.dials_at_once.0,
                "dials_at_once",
                "rising and not zero",
            ),
        ];
        match rules.iter().find(|(holds, ..)| !holds) {
            Some(&(_, field, rule)) => Err(ConfigError { field, rule }),
            None => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new(DEFAULT_SUBNET)
    }
}

/// A limit that does not fit the others. The fault is with whoever configured the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Config::{field} must be {rule}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The field.
    pub field: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_together() {
        assert_eq!(Config::default().validate(), Ok(()));
    }

    #[test]
    fn a_limit_that_does_not_fit_is_named() {
        let config = Config {
            remember: Duration::from_secs(60),
            ..Config::default()
        };
        assert_eq!(config.validate().map_err(|e| e.field), Err("remember"));
    }
}
