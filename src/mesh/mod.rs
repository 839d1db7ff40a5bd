//! The sans-IO node: who is linked, what is forwarded, what is due.
//!
//! A [`Mesh`] is a value with inputs and outputs. It owns no socket, clock, generator, task or log, and the same seed and
//! inputs give the same outputs, byte for byte, on every target. A method's prefix is its contract: `handle_*` takes an
//! input, `poll_*` gives an output, plain nouns read. After any `handle_*`, drain [`Mesh::poll_output`], then wait for
//! [`Mesh::poll_timeout`] or the next input. [`driver`](crate::driver) does that over any transport and clock.
//!
//! It refuses to know what carries its links and what the application's messages mean.

mod absentees;
mod anchors;
mod catching_up;
mod catchup;
mod closing;
mod commands;
mod config;
mod contest;
mod copies;
mod dialling;
mod drain;
mod echo;
mod ended;
mod environment;
mod error;
mod event;
mod flat;
mod flood;
mod forwarding;
mod gossip;
mod greeting;
mod hearsay;
mod heartbeat;
mod history;
mod holding;
mod interest;
mod known;
mod legacy;
mod lending;
mod limit;
mod link;
mod link_end;
mod link_table;
mod links;
mod loans;
mod locating;
mod lookup;
mod member;
mod members;
mod meter;
mod newcomers;
mod outbox;
mod own_word;
mod pace;
mod peers;
mod presence;
mod promises;
mod questions;
mod rate;
mod relays;
mod report;
mod restamped;
mod routes;
mod search;
mod seen;
mod sending;
mod sleep;
mod spreading;
mod standby;
mod stats;
mod status;
mod tally;
mod targets;
mod tellers;
mod telling;
mod throttle;
mod timers;
mod traffic;
mod train;
mod trees;
mod trust;
mod turns;
mod usage;
mod volley;
mod whispers;

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

pub use config::{Config, ConfigError, DEFAULT_SUBNET, Identity};
pub use error::{CloseReason, CommandError, Failure, LinkDown};
pub use event::{
    Command, Environment, Event, LinkEvent, LinkInfo, Output, Peer, Reach, Receipt, Ticket,
};
pub use hearsay::{Hearsay, UnknownHearsay};
pub use limit::Limit;
pub use link_end::LinkEnd;
pub use member::{Member, MemberState};
pub use rate::{InvalidRate, Rate};
pub use report::{LinkKind, LinkReport, Pulse, Report};
pub use stats::Stats;
pub use status::{Doubt, EndReason, Status};
pub use tally::{Named, Tally};
pub use trust::{InvalidTrusted, Trusted};
pub use usage::Usage;

use crate::id::{LinkId, NodeId};
use crate::ordered::{OrderedMap, OrderedSet};
use crate::time::{Timestamp, WallSeconds};
pub use crate::wire::Departure;
use crate::wire::{Interest, PeerEntry};
use absentees::Absentees;
use catchup::CatchUps;
use copies::Copies;
use drain::Drain;
use environment::Surroundings;
use history::History;
use link_table::LinkTable;
use loans::Loans;
use lookup::Lookups;
use meter::Authors;
use newcomers::Newcomers;
use pace::Pace;
use peers::RoutingTable;
use presence::Standing;
use promises::Promises;
use questions::{Asking, Questions};
use restamped::Restamped;
use routes::Routes;
use search::Search;
use seen::Seen;
use sending::Letter;
use status::Condition;
use targets::Targets;
use timers::{Timer, Timers};
use trees::Trees;
use volley::Gathering;

/// A node of the mesh, without its sockets.
///
/// ```
/// use rs2p::id::NodeId;
/// use rs2p::mesh::{Command, Config, Environment, Identity, Mesh, Output};
/// use rs2p::time::{Timestamp, WallSeconds};
///
/// // 1. The shell supplies the identity and all randomness, once.
/// let identity = Identity { node: NodeId::from_entropy(&[7; 48]) };
/// let mut mesh = Mesh::new(Config::new("chat"), identity, [42; 32]);
/// let now = Timestamp::ZERO;
/// mesh.handle_environment(now, Environment::WallClock(WallSeconds(1_700_000_000)));
///
/// // 2. Inputs go in...
/// let address = "ws://127.0.0.1:8765".parse()?;
/// mesh.handle_command(now, Command::Connect { address, expected: None, persist: true })?;
///
/// // 3. ...outputs come out, in order...
/// assert!(matches!(mesh.poll_output(), Some(Output::Dial { .. })));
/// assert!(mesh.poll_output().is_none());
///
/// // 4. ...and one deadline says when `handle_timeout` is due if nothing else happens.
/// assert!(mesh.poll_timeout().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mesh {
    config: Config,
    identity: Identity,
    rng: ChaCha8Rng,
    wall: WallClock,
    links: LinkTable,
    /// Links that were accepted and not greeted.
    newcomers: Newcomers,
    /// What those have used up whose messages links carry.
    authors: Authors,
    table: RoutingTable,
    seen: Seen,
    restamped: Restamped,
    /// The questions that were answered.
    answered: Seen,
    routes: Routes,
    targets: Targets,
    pace: Pace,
    search: Search,
    lookups: Lookups,
    loans: Loans,
    absentees: Absentees,
    history: History,
    trees: Trees,
    promises: Promises,
    catch_ups: CatchUps,
    /// What a read has brought so far that goes on together.
    gathering: Gathering,
    copies: Copies,
    /// Which broadcasts the user wants.
    interest: Interest,
    questions: Questions,
    /// Who is in the mesh.
    standing: Standing,
    /// Until when it was known to be in the mesh, while it is not or was not told what it missed.
    left: Option<Timestamp>,
    /// Links whose handshake is held.
    held: OrderedSet<LinkId>,
    /// Nodes that the user disconnected, oldest first.
    unwanted: VecDeque<NodeId>,
    timers: Timers,
    /// How many links may still write the message of a ticket.
    tickets: OrderedMap<Ticket, usize>,
    outputs: VecDeque<Output>,
    next_dial: u64,
    next_ticket: u64,
    offline: bool,
    surroundings: Surroundings,
    condition: Condition,
    closing: Option<Closing>,
    drain: Drain,
    stats: Stats,
}

/// What the wall clock said, and when.
#[derive(Clone, Copy, Debug, Default)]
struct WallClock {
    said: WallSeconds,
    at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// Link after link.
    Leaving(Ticket),
    /// Each as soon as its queue is written.
    Draining(Ticket),
    Done,
}

impl Mesh {
    /// A node that knows nobody. All its random choices come from `seed`, which must differ from node to node and from
    /// start to start.
    pub fn new(config: Config, identity: Identity, seed: [u8; 32]) -> Self {
        let mut rng = ChaCha8Rng::from_seed(seed);
        let seen = Seen::new(config.remember, config.remember_ids, rng.next_u64());
        let answered = Seen::new(config.remember, config.answers, rng.next_u64());
        let restamped = Restamped::new(config.restamped, rng.next_u64());
        let history = History::new(config.accept_past, config.history, rng.next_u64());
        let mut mesh = Self {
            table: RoutingTable::new(config.peer_lists),
            targets: Targets::new(config.addresses, config.tellers),
            pace: Pace::new(config.addresses),
            search: Search::default(),
            lookups: Lookups::new(config.lookups, config.errands),
            loans: Loans::new(config.loans, config.queue_bytes),
            absentees: Absentees::new(config.accept_past),
            history,
            trees: Trees::new(config.trees),
            promises: Promises::new(config.promises),
            catch_ups: CatchUps::default(),
            gathering: Gathering::default(),
            copies: Copies::default(),
            interest: Interest::default(),
            questions: Questions::new(config.questions),
            standing: Standing::new(identity.node.clone(), config.members),
            authors: Authors::new(config.authors),
            left: None,
            held: OrderedSet::new(),
            unwanted: VecDeque::new(),
            routes: Routes::new(config.routes),
            config,
            identity,
            rng,
            wall: WallClock::default(),
            links: LinkTable::default(),
            newcomers: Newcomers::default(),
            seen,
            answered,
            restamped,
            timers: Timers::default(),
            tickets: OrderedMap::new(),
            outputs: VecDeque::new(),
            next_dial: 0,
            next_ticket: 0,
            offline: false,
            surroundings: Surroundings::default(),
            condition: Condition::default(),
            closing: None,
            drain: Drain::default(),
            stats: Stats::default(),
        };
        mesh.remember_anchors();
        mesh
    }

    /// Takes what the transport tells. Whatever a peer does, this succeeds: its fault becomes an [`Output::Close`].
    /// Events of links that are not known, or were closed, are ignored.
    pub fn handle_link(&mut self, now: Timestamp, event: LinkEvent) {
        match event {
            LinkEvent::Opened { link, info } => self.link_opened(now, link, info),
            LinkEvent::Received { link, bytes } => self.link_received(now, link, bytes),
            LinkEvent::Written { link, bytes } => self.link_written(now, link, bytes),
            LinkEvent::Alive { link } => self.link_alive(now, link),
            LinkEvent::Closed { link, down } => self.link_closed(now, link, &down),
        }
        self.review_status(now);
    }

    /// Takes what the user asks.
    ///
    /// # Errors
    /// [`CommandError`]: the command cannot be carried out as it is, and nothing changed.
    pub fn handle_command(
        &mut self,
        now: Timestamp,
        command: Command,
    ) -> Result<Receipt, CommandError> {
        if self.closing.is_some() && !matches!(command, Command::Close | Command::Drain) {
            return Err(CommandError::Closed);
        }
        let receipt = match command {
            Command::Connect {
                address,
                expected,
                persist,
            } => self.connect(now, address, expected, persist),
            Command::Broadcast {
                reach,
                flag,
                packets,
                topic,
            } => {
                let (ticket, letter) = (self.ticket(), Letter::new(packets, topic, None));
                self.broadcast(now, ticket, &reach, &flag, letter)
            }
            Command::Whisper {
                to,
                packets,
                topic,
                answer,
            } => {
                let (ticket, letter) = (self.ticket(), Letter::new(packets, topic, answer));
                self.whisper(now, ticket, to, letter)
            }
            Command::Ask {
                to,
                topic,
                packets,
                patience,
                answers,
            } => {
                let asking = Asking {
                    to,
                    topic,
                    packets,
                    patience,
                    answers,
                };
                self.ask_question(now, asking)
            }
            Command::Forget { ticket } => Ok(self.forget_question(ticket)),
            Command::Interest(interest) => Ok(self.narrow(now, interest)),
            Command::RequestPeers => Ok(self.request_peers(now)),
            Command::Disconnect { node } => self.disconnect(now, &node),
            Command::Present { packets } => self.present(now, packets),
            Command::Drain => Ok(self.drain(now)),
            Command::Close => Ok(self.close(now)),
        };
        self.condition.is_stale |= receipt.is_ok();
        self.review_status(now);
        receipt
    }

    /// Takes what happens around the node.
    pub fn handle_environment(&mut self, now: Timestamp, environment: Environment) {
        self.environment_changed(now, environment);
        self.review_status(now);
    }

    /// Does everything whose deadline has come. To be called when [`Mesh::poll_timeout`] has passed; earlier does no harm.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some(timer) = self.timers.pop_expired(now) {
            self.timer_expired(now, timer);
        }
        self.review_status(now);
    }

    /// The next thing to do; `None` when all is done for now.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Mesh::handle_timeout`] is due; `None` if nothing is.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// This node's id.
    pub fn node(&self) -> &NodeId {
        &self.identity.node
    }

    /// What it was told at its start.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The routing table: every node with a link to this one, in the order of their ids.
    pub fn peers(&self) -> impl Iterator<Item = &Peer> {
        self.table.peers()
    }

    /// What a peer told of its own peers the last time; empty if nothing, or if too many told
    /// ([`Config::peer_lists`]).
    pub fn peers_of(&self, peer: &NodeId) -> &[PeerEntry] {
        self.table.told(peer)
    }

    /// How many links there are: being dialled, greeting, or greeted.
    pub fn links(&self) -> usize {
        self.links.len()
    }

    /// How many message ids are remembered.
    pub fn remembered(&self) -> usize {
        self.seen.len()
    }

    /// When the next redial is due, if one is.
    pub fn next_dial(&self) -> Option<Timestamp> {
        self.targets
            .iter()
            .filter_map(|(id, _)| self.timers.at(Timer::Redial(id)))
            .min()
    }

    /// What was counted.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    fn timer_expired(&mut self, now: Timestamp, timer: Timer) {
        match timer {
            Timer::Greeting(link) => self.greeting_expired(now, link),
            Timer::Patience(link) => self.patience_expired(now, link),
            Timer::Regreet(link) => self.greet_again(now, link),
            Timer::Frame(link) => self.frame_expired(now, link),
            Timer::Stall(link) => self.stall_expired(now, link),
            Timer::Pace(link) => self.flush(now, link),
            Timer::Meter(link) => self.pause_over(now, link),
            Timer::Peers(link) => self.peers_asked_for(now, link),
            Timer::Heartbeat(link) => self.heartbeat_expired(now, link),
            Timer::Probe(link) => self.probe_expired(now, link),
            Timer::Doubt => self.condition.is_stale = true,
            Timer::Contest(link) => self.contest_expired(now, link),
            Timer::Loan(link) => self.loan_expired(now, link),
            Timer::Announce(link) => self.announce_over(now, link),
            Timer::CatchUp(link) => self.catch_up_expired(now, link),
            Timer::Interest(link) => self.interest_expired(now, link),
            Timer::Question(number) => self.question_expired(number),
            Timer::Presence | Timer::Members => self.presence_due(now),
            Timer::Bid => self.say_anew(now),
            Timer::Promises => self.promises_expired(now),
            Timer::Trial(link) => self.ask_for_proof(now, link),
            Timer::Redial(target) => self.redial(now, target),
            Timer::Standby => self.want_links(now),
            Timer::Relays => self.try_relays(now),
            Timer::Search => self.look_around(now),
            Timer::Lookup(id) => self.lookup_expired(id),
            Timer::Linger => self.close_all(now),
            Timer::Drain => self.take_turns(now),
        }
    }

    fn wall(&self, now: Timestamp) -> WallSeconds {
        WallSeconds(
            self.wall
                .said
                .0
                .saturating_add(now.since(self.wall.at).as_secs()),
        )
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn settle(&mut self, ticket: Ticket, result: Result<(), Failure>) {
        if !self.is_still_open(ticket, &result) {
            self.tell(Event::Settled { ticket, result });
        }
    }
}
