//! The words of the command line, and the help that explains them.
//!
//! Reads and checks words; nothing here opens anything.

mod values;

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use rs2p::mesh::DEFAULT_SUBNET;
use rs2p::native::{Fingerprint, Reports};
use rs2p::sim::scenario::Scenario;
use rs2p::{Address, Topic};

use super::advertise::Advertised;
use super::settings::Limits;
use values::{listener, nodes, payload, peer, seconds, seed, times, topic};

/// What `relay` does, at length.
const RELAY: &str = r#"Run a node that others link to, which passes messages on between them

For each address that it listens on it writes a line to stdout: to a terminal
words, to a program

  {"event":"listening","url":"ws://127.0.0.1:8765","id":"<node id>"}

and for tls:// and wss:// also "pin":"<hex>", the SHA-256 of the certificate,
which others can give to --tls-pin.

ws:// and wss:// listeners also answer HTTP: /healthz and /readyz for who
balances load, /metrics for Prometheus, /mesh.json for who looks; see --reports.

It runs until SIGINT or SIGTERM. Then it takes nobody new, tells its peers where
else they can go, and closes its links one after the other within 5 seconds; a
second signal ends it at once.

It dials what its peers tell it as far as the internet routes it: no private
addresses, no names, no ports below 1024 but 80 and 443; --hearsay says
otherwise. A peer is dialled again where it called from, if it says so.

Every option is also a variable, and a key of a file: --peer is RS2P_PEER, with
blanks between several, and peer = ["URL", …] in the TOML file of --config,
where limits stand under [limits]. A flag goes before a variable, and a variable
before the file. --print-config shows what is in force, and where it came from.

Of the limits SIZE is 1MiB, 256KiB or a number of bytes, TIME 10s, 250ms, 2m or
1h, and RATE 200 a second, 200:400 with so many at once (twice as many if not
said), or 3/1m:3 in another time."#;

/// What `listen` does, at length: its lines are its interface.
const LISTEN: &str = r#"Print the messages of the mesh, a line each

To a program a line is a JSON object; kind is broadcast or whisper, and time
is the sender's clock:

  {"kind":"broadcast","sender":"<node id>","time":1700000000,"id":"<hex>",
   "packets":["hello",1,{"bytes":"<base64>"}]}

What JSON has no word for is an object with a single key:

  {"bytes":"<base64>"}
  {"float":"NaN"}, {"float":"Infinity"}, {"float":"-Infinity"}
  {"ext":{"type":1,"data":"<base64>"}}
  {"map":[[key,value],…]}  a map whose keys are not all text or not all
                           different, or that reads like one of these four

A message about a topic has "topic":"<name>" before its packets.

To a terminal it is words: the time (UTC), the first letters of the sender,
the topic in brackets, the packets. It begins with what was said in the last minute, as far as the
peer remembers. A mesh that is lost is joined again, and what was missed is
printed then; stderr says if that was more than anybody remembers."#;

/// What `sim` does, at length.
const SIM: &str = r#"Simulate a mesh on virtual time, and show how it fares

The nodes are the very core that runs in a relay and in a browser tab. The
same options give the same run, wherever it runs; a run that fails prints the
line that gives it again.

  start         nodes start, become one mesh, and talk
  churn         nodes die and come back, one in a hundred each second
  partition     the network falls into two halves for 50 seconds
  mass-failure  a large part of the nodes dies at once: see --kill
  frozen-tabs   a browser freezes half of its tabs for 45 seconds
  relay-star    one of the few relays dies, and comes back
  catch-up      a tab loses its relay while 2,000 messages pass
  poison        a fresh node is told 10,000 addresses, nine of ten hostile
  sybils        strangers, four for each node, hand nothing on; nodes die
  kick          1,000 claims to the names of a node's peers

At every step it is checked that the mesh keeps its rules, and at the end that
it is one mesh again, that the next message reaches every node, and that it
then falls silent. To a terminal the summary is words, to a program one JSON
object; docs/RELIABILITY.md explains its figures."#;

/// A mesh node over WebSockets and TCP.
#[derive(Debug, Parser)]
#[command(
    name = "rs2p",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  rs2p relay --listen ws://127.0.0.1:8765
  rs2p listen --peer ws://127.0.0.1:8765
  rs2p send --peer ws://127.0.0.1:8765 hello
  rs2p sim --scenario mass-failure --nodes 200 --report sim.html

Exit codes: 0 done, 1 the job was not done, 2 wrong usage."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,

    /// What to log on stderr: error, warn, info, debug, trace, or a filter such as rs2p=debug; RUST_LOG is the same
    #[arg(long, global = true, value_name = "FILTER", display_order = 100)]
    pub(super) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Relay(Box<Relay>),
    Send(Send),
    Listen(Listen),
    Sim(Sim),
    WithRelay(WithRelay),
}

impl Command {
    /// What is logged where nothing else is asked for.
    pub(super) fn default_log(&self) -> &'static str {
        match self {
            Self::Relay(_) => "warn,rs2p=info",
            // Their one line says it all.
            Self::Send(_) | Self::Listen(_) | Self::Sim(_) | Self::WithRelay(_) => "error",
        }
    }
}

/// Run a node that others link to, which passes messages on between them
#[derive(Debug, Args)]
#[command(
    long_about = RELAY,
    override_usage = "rs2p relay --listen <URL>... [OPTIONS]\n       rs2p relay --config <FILE> [OPTIONS]",
    after_help = "\
Examples:
  rs2p relay --listen ws://127.0.0.1:8765
  rs2p relay --listen ws://127.0.0.1:8765 tcp://127.0.0.1:8766 --www site
  rs2p relay --listen ws://0.0.0.0:8765 --advertise relay.example:8765
  rs2p relay --listen wss://0.0.0.0:8767 --tls-cert chain.pem --tls-key key.pem
  rs2p relay --listen tls://127.0.0.1:8768 --tls-self-signed
  rs2p relay --listen tcp://127.0.0.1:0 --peer ws://127.0.0.1:8765
  rs2p relay --listen ws://127.0.0.1:8765 --print-config > relay.toml
  rs2p relay --config relay.toml

Exit codes:
  0  a signal ended it
  1  an address cannot be listened on, a file cannot be read, or a second signal ended it at once
  2  wrong usage, of words, variables or the file of --config"
)]
pub(super) struct Relay {
    #[command(flatten)]
    pub(super) mesh: MeshArgs,

    /// Where to listen, as ws://HOST:PORT or wss, tcp, tls; port 0 takes a free one. Takes several, and may be repeated
    #[arg(long, value_name = "URL", num_args = 1.., value_parser = listener)]
    pub(super) listen: Vec<Address>,

    /// A node to link to, for ever. Takes several, and may be repeated
    #[arg(long, value_name = "URL", num_args = 1.., value_parser = peer)]
    pub(super) peer: Vec<Address>,

    /// Where others shall dial this node, if not where it listens. May be repeated
    ///
    /// HOST:PORT is for the first listener's kind of transport, and its HOST goes for the other kinds too, each with
    /// the port that it listens on. A URL is for its own kind only: wss://HOST:PORT behind a proxy that ends TLS.
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) advertise: Vec<Advertised>,

    /// A folder that ws:// listeners show over HTTP, and wss:// ones over HTTPS; if not given, the demo page, if it has
    /// been built
    #[arg(long, value_name = "DIR")]
    pub(super) www: Option<PathBuf>,

    /// Who is told over HTTP how this node fares, by /metrics and /mesh.json: off, local or public
    ///
    /// local is for programs on this machine that come through no proxy. /healthz and /readyz are for everybody, unless it
    /// is off. In public, the addresses of peers are left out.
    #[arg(long, value_name = "WHOM", default_value_t = Reports::Local)]
    pub(super) reports: Reports,

    /// A file that keeps this node's id, so that others know it again after a restart; made if it is not there
    #[arg(long, value_name = "FILE")]
    pub(super) id_file: Option<PathBuf>,

    /// A TOML file with any of these options as keys; paths in it are as on the command line
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Print what is in force, as such a file, and end
    #[arg(long)]
    pub(super) print_config: bool,

    #[command(flatten)]
    pub(super) style: StyleArgs,

    #[command(flatten)]
    pub(super) identity: IdentityArgs,

    #[command(flatten)]
    pub(super) trust: TrustArgs,

    #[command(flatten)]
    pub(super) limits: Limits,
}

/// Send a message to every node of the mesh
///
/// All TEXTs together are one message, a packet each. The exit code is 0 once every message is written to at least
/// one peer.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs2p send --peer ws://127.0.0.1:8765 hello
  rs2p send --peer ws://127.0.0.1:8765 tcp://127.0.0.1:8766 -- hello -v ws://text
  printf 'one\\ntwo\\n' | rs2p send --peer ws://127.0.0.1:8765 -

Exit codes:
  0  everything is sent
  1  something is not: no peer could be joined, every link was lost, a line is too long
  2  wrong usage")]
pub(super) struct Send {
    #[command(flatten)]
    pub(super) mesh: MeshArgs,

    /// A node to join through; one that works is enough. Takes several, and may be repeated
    ///
    /// Words right behind it are peers too as long as they begin like one (ws://, wss://, tcp://,
    /// tls://); -- ends them.
    #[arg(long, value_name = "URL", required = true, value_parser = peer)]
    pub(super) peer: Vec<Address>,

    /// What it is about: those who listen to other topics only are not sent it
    #[arg(long, value_name = "NAME", value_parser = topic)]
    pub(super) topic: Option<Topic>,

    /// What to send; a single - sends each line of stdin as a message
    ///
    /// A line goes without its newline, as text where it is UTF-8 and as bytes where it is not.
    #[arg(value_name = "TEXT", required = true, num_args = 1.., allow_negative_numbers = true)]
    pub(super) text: Vec<OsString>,

    #[command(flatten)]
    pub(super) trust: TrustArgs,
}

/// Print the messages of the mesh, a line each
#[derive(Debug, Args)]
#[command(
    long_about = LISTEN,
    after_help = "\
Examples:
  rs2p listen --peer ws://127.0.0.1:8765
  rs2p listen --peer ws://127.0.0.1:8765 --count 1 --timeout 60
  rs2p listen --peer ws://127.0.0.1:8765 | head -n 1

Exit codes:
  0  the messages came; without --count, a signal; or nobody reads stdout any more
  1  no peer could be joined, the time was over, or a signal came before the messages
  2  wrong usage"
)]
pub(super) struct Listen {
    #[command(flatten)]
    pub(super) mesh: MeshArgs,

    /// A node to join through; one that works is enough. Takes several, and may be repeated
    #[arg(long, value_name = "URL", required = true, num_args = 1.., value_parser = peer)]
    pub(super) peer: Vec<Address>,

    /// Print what is about this, and whispers, only. Takes several, and may be repeated
    ///
    /// Relays of rs2p do not even send the rest.
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = topic)]
    pub(super) topic: Vec<Topic>,

    /// End after so many messages
    #[arg(long, value_name = "N", value_parser = times)]
    pub(super) count: Option<u64>,

    /// End after so long, with exit code 1
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,

    #[command(flatten)]
    pub(super) style: StyleArgs,

    #[command(flatten)]
    pub(super) trust: TrustArgs,
}

/// Simulate a mesh on virtual time, and show how it fares
#[derive(Debug, Args)]
#[command(
    long_about = SIM,
    after_help = "\
Examples:
  rs2p sim
  rs2p sim --scenario mass-failure --nodes 1000 --kill 80
  rs2p sim --scenario partition --nodes 200 --report partition.html
  rs2p sim --scenario start --nodes 1000 --beside-flood
  rs2p sim --scenario catch-up --nodes 5 --seeds 10000

Exit codes:
  0  the mesh kept its rules and its promises
  1  it did not, or the report cannot be written
  2  wrong usage"
)]
pub(super) struct Sim {
    /// What the mesh goes through
    #[arg(long, value_name = "NAME", default_value_t = Scenario::Start)]
    pub(super) scenario: Scenario,

    /// How many nodes there are, from 4 to 20,000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = nodes)]
    pub(super) nodes: usize,

    /// Where all chance comes from
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = seed)]
    pub(super) seed: u64,

    /// Run so many seeds, from --seed on, on all cores; the first that fails ends it
    #[arg(long, value_name = "N", value_parser = times, conflicts_with_all = ["report", "beside_flood"])]
    pub(super) seeds: Option<u64>,

    /// How many of 100 nodes die in mass-failure; 50 if not given
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(super) kill: Option<u8>,

    /// How many bytes each message carries, from 16 to 65536
    #[arg(long, value_name = "BYTES", default_value_t = 100, value_parser = payload)]
    pub(super) payload: usize,

    /// Let every node send every message over every link, as py2p and js2p do
    #[arg(long, conflicts_with = "beside_flood")]
    pub(super) flood: bool,

    /// Run it once more with --flood, and show both
    #[arg(long)]
    pub(super) beside_flood: bool,

    /// Write a page that draws the mesh over time, with plots; it needs no network
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,

    #[command(flatten)]
    pub(super) style: StyleArgs,
}

/// Run a command beside a relay of its own, as for tests
///
/// The relay listens on free ports of 127.0.0.1, which the command finds in its environment: RS2P_RELAY is ws://127.0.0.1:PORT and
/// RS2P_RELAY_TCP is tcp://127.0.0.1:PORT. It ends with the command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rs2p with-relay -- wasm-pack test --headless --chrome
  rs2p with-relay --subnet chat -- npm test

Exit codes:
  the command's own
  1  it does not start, or was killed
  2  wrong usage")]
pub(super) struct WithRelay {
    #[command(flatten)]
    pub(super) mesh: MeshArgs,

    /// What to run, behind --
    #[arg(value_name = "COMMAND", required = true, last = true, num_args = 1..)]
    pub(super) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct MeshArgs {
    /// The name of the mesh: nodes link only within one
    #[arg(long, value_name = "NAME", default_value = DEFAULT_SUBNET)]
    pub(super) subnet: String,
}

#[derive(Debug, Args)]
pub(super) struct StyleArgs {
    /// Write JSON to a terminal too
    #[arg(long)]
    pub(super) json: bool,
}

/// What tls:// and wss:// listeners show.
#[derive(Debug, Args)]
pub(super) struct IdentityArgs {
    /// The certificate that tls:// and wss:// listeners show, in PEM, with those that lead to its authority behind it
    ///
    /// The files of --tls-cert and --tls-key are read again when they change, without a restart.
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(super) tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert, in PEM and without password
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(super) tls_key: Option<PathBuf>,

    /// The family's SSL mode: show a certificate that is made at the start, and trust whoever answers when dialling
    ///
    /// Nodes of py2p and js2p do the same. --tls-ca or --tls-pin give back the check when dialling. The certificate is
    /// another after each start.
    #[arg(long, help_heading = TLS)]
    pub(super) tls_self_signed: bool,
}

/// Whom to trust when tls:// and wss:// addresses are dialled.
#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// Trust, when dialling, what the authorities in this PEM file have signed, and not the system's
    #[arg(long, value_name = "FILE", help_heading = TLS)]
    pub(super) tls_ca: Option<PathBuf>,

    /// Trust, when dialling, exactly the certificate with this SHA-256, which relays print. May be repeated
    #[arg(long, value_name = "SHA256", help_heading = TLS)]
    pub(super) tls_pin: Vec<Fingerprint>,

    /// Trust whoever answers when dialling, as py2p and js2p do: no protection against who sits between
    #[arg(long, help_heading = TLS)]
    pub(super) tls_verify_nothing: bool,
}

/// The part of the help for options of TLS.
const TLS: &str = "TLS options";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }
}
