//! Who is measured: the relay, what people would use instead, and the references.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::install;
use super::task::Task;
use crate::browser;
use crate::package;
use crate::process::Outcome;
use crate::project::{self, Project};
use crate::python;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contestant {
    /// The relay, over WebSocket.
    Relay,
    /// The relay, over TCP.
    RelayTcp,
    /// The relay, from a publisher over TCP to subscribers over WebSocket.
    Bridge,
    /// The relay, which is sent each message [`REPEATS`](Self::REPEATS) times more.
    Repeated,
    /// What the kernel allows one thread.
    Limit,
    /// Forty lines of tokio-tungstenite.
    FortyLines,
    Nats,
    Mosquitto,
    Py2p,
    /// Twenty relays, each with four links, and a subscriber at each.
    Mesh,
    /// Twenty nodes of iroh-gossip.
    Gossip,
    /// A page with the package, at the relay.
    Page,
    /// A page that gets each message as one of its WebSocket, at the limit.
    BarePage,
}

use Contestant::{
    BarePage, Bridge, FortyLines, Gossip, Limit, Mesh, Mosquitto, Nats, Page, Py2p, Relay,
    RelayTcp, Repeated,
};

const ALL: [Contestant; 13] = [
    Relay, RelayTcp, Bridge, Repeated, Limit, FortyLines, Nats, Mosquitto, Py2p, Mesh, Gossip,
    Page, BarePage,
];

/// Where a server listens: the port that it is measured at, and another for those that have two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) main: u16,
    pub(crate) other: u16,
}

/// The ports of 127.0.0.1 that the load generator connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entrances {
    pub(crate) publisher: u16,
    /// Subscribers are spread over all of them.
    pub(crate) subscribers: Vec<u16>,
}

impl Contestant {
    /// How often a message is sent after the first time, where that is measured.
    pub(crate) const REPEATS: f64 = 10.0;

    /// Its name in samples.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Relay => "relay",
            RelayTcp => "relay-tcp",
            Bridge => "bridge",
            Repeated => "repeated",
            Limit => "limit",
            FortyLines => "forty-lines",
            Nats => "nats",
            Mosquitto => "mosquitto",
            Py2p => "py2p",
            Mesh => "mesh",
            Gossip => "gossip",
            Page => "page",
            BarePage => "bare-page",
        }
    }

    pub(crate) fn of_key(key: &str) -> Option<Self> {
        ALL.into_iter().find(|contestant| contestant.key() == key)
    }

    /// Its name for people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Relay => "rs2p",
            RelayTcp => "rs2p over TCP",
            Bridge => "rs2p, TCP to WebSocket",
            Repeated => "rs2p, each message eleven times",
            Limit => "the limit",
            FortyLines => "the forty lines",
            Nats => "NATS",
            Mosquitto => "Mosquitto",
            Py2p => "py2p",
            Mesh => "20 relays of rs2p",
            Gossip => "20 nodes of iroh-gossip",
            Page => "a page with rs2p",
            BarePage => "a page without",
        }
    }

    /// The load generator's words for what its subscribers speak, and for what its publisher speaks.
    pub(crate) fn protocols(self) -> (&'static str, &'static str) {
        match self {
            Relay | Repeated | Mesh | Page => ("py2p-ws", "py2p-ws"),
            Bridge => ("py2p-ws", "py2p-tcp"),
            RelayTcp | Py2p => ("py2p-tcp", "py2p-tcp"),
            // The nodes of gossip are their own load.
            Limit | FortyLines | BarePage | Gossip => ("raw", "raw"),
            Nats => ("nats", "nats"),
            Mosquitto => ("mqtt", "mqtt"),
        }
    }

    /// Where its publisher and its subscribers connect to, of a server at these ports.
    pub(crate) fn entrances(self, ports: Ports) -> Entrances {
        let (publisher, subscribers) = match self {
            RelayTcp => (ports.other, ports.other),
            Bridge => (ports.other, ports.main),
            _ => (ports.main, ports.main),
        };
        Entrances {
            publisher,
            subscribers: vec![subscribers],
        }
    }

    /// Installs what it is, if it is not there.
    pub(crate) fn install(self, project: &Project) -> Outcome {
        match self {
            Nats => install::nats(),
            Mosquitto => install::mosquitto(),
            Py2p => python::install(project),
            Gossip => install::build_gossip(project),
            BarePage => browser::install(),
            Page => browser::install().and_then(|()| package::build(project)),
            Relay | RelayTcp | Bridge | Repeated | Mesh | Limit | FortyLines => Ok(()),
        }
    }

    /// The version of what it is made of; nothing for what is this project's own.
    pub(crate) fn version(self, project: &Project) -> Outcome<Option<String>> {
        match self {
            Nats => install::nats_version().map(Some),
            Mosquitto => install::mosquitto_version().map(Some),
            Py2p => Ok(Some(format!("py2p {}", python::PY2P))),
            FortyLines => locked(project, "benches/fanout", "tokio-tungstenite"),
            Gossip => locked(project, "benches/gossip", "iroh-gossip"),
            Page | BarePage => Ok(browser::version()),
            Relay | RelayTcp | Bridge | Repeated | Mesh | Limit => Ok(None),
        }
    }

    /// The command that serves at these ports of 127.0.0.1; of a contestant that is one server.
    pub(crate) fn server(self, project: &Project, task: &Task, ports: Ports) -> Outcome<Command> {
        let port = ports.main.to_string();
        let with = |program: PathBuf, words: &[&OsStr]| {
            let mut server = Command::new(program);
            server.args(words);
            server
        };
        let own = |name| with(install::program(project, name), &[port.as_ref()]);
        let set = |program, name| {
            let settings = settings(project, task, name, ports)?;
            Ok(with(program, &["-c".as_ref(), settings.as_ref()]))
        };
        match self {
            Relay | RelayTcp | Bridge | Repeated | Mesh | Page => Ok(relay(project, ports)),
            FortyLines => Ok(own("forty_lines")),
            Limit | BarePage | Gossip => Ok(own("limit")),
            Nats => set(install::nats_program()?, "nats.conf"),
            Mosquitto => set(install::mosquitto_program()?, "mosquitto.conf"),
            Py2p => {
                let script = project.path("benches/fanout/servers/py2p_server.py");
                let words = [
                    "-W".as_ref(),
                    "ignore".as_ref(),
                    script.as_ref(),
                    port.as_ref(),
                ];
                Ok(with(python::interpreter(project), &words))
            }
        }
    }
}

/// The name and the version of a package that is locked in a folder.
fn locked(project: &Project, folder: &str, package: &str) -> Outcome<Option<String>> {
    let lock = project::read(&project.path(folder).join("Cargo.lock"))?;
    let version = project::version_in_lock(&lock, package);
    Ok(version.map(|version| format!("{package} {version}")))
}

/// The relay with all its defaults, but for the limit on what one peer may send: one publisher is the load.
pub(crate) fn relay(project: &Project, ports: Ports) -> Command {
    let mut relay = Command::new(project.built("release/rs2p"));
    let (main, other) = (ports.main, ports.other);
    relay.args(["relay", "--peer-rate", "off"]);
    relay.args(["--listen", &format!("ws://127.0.0.1:{main}")]);
    relay.args(["--listen", &format!("tcp://127.0.0.1:{other}")]);
    // What it would take for settings.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RS2P_") {
            relay.env_remove(name);
        }
    }
    relay
}

/// A server's settings with its ports in them, in a file of their own.
fn settings(project: &Project, task: &Task, name: &str, ports: Ports) -> Outcome<PathBuf> {
    let from = project.path("benches/fanout/servers").join(name);
    let text = project::read(&from)?
        .replace("{port}", &ports.main.to_string())
        .replace("{other}", &ports.other.to_string());
    let to = project.path(task.folder()).join(name);
    write(&to, &text)?;
    Ok(to)
}

/// Writes a file, in a folder that is made if it is not there.
pub(crate) fn write(file: &Path, text: &str) -> Outcome {
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(file, text))
        .map_err(|error| format!("cannot write {}: {error}", file.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_contestant() {
        for contestant in ALL {
            assert_eq!(Contestant::of_key(contestant.key()), Some(contestant));
        }
        assert_eq!(Contestant::of_key("rabbit"), None);
    }

    #[test]
    fn a_bridge_has_two_entrances() {
        let entrances = |contestant: Contestant| {
            let entrances = contestant.entrances(Ports { main: 1, other: 2 });
            (entrances.publisher, entrances.subscribers[0])
        };
        assert_eq!(
            [Bridge, Relay, RelayTcp].map(entrances),
            [(2, 1), (1, 1), (2, 2)]
        );
    }
}
