//! Who is measured: the relay, what people would use instead, and the references.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::install;
use super::task::Task;
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
}

use Contestant::{Bridge, FortyLines, Limit, Mosquitto, Nats, Py2p, Relay, RelayTcp, Repeated};

const ALL: [Contestant; 9] = [
    Relay, RelayTcp, Bridge, Repeated, Limit, FortyLines, Nats, Mosquitto, Py2p,
];

/// Where a server listens: the port that it is measured at, and another for those that have two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) main: u16,
    pub(crate) other: u16,
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
        }
    }

    /// The load generator's words for what its subscribers speak, and for what its publisher speaks.
    pub(crate) fn protocols(self) -> (&'static str, &'static str) {
        match self {
            Relay | Repeated => ("py2p-ws", "py2p-ws"),
            Bridge => ("py2p-ws", "py2p-tcp"),
            RelayTcp | Py2p => ("py2p-tcp", "py2p-tcp"),
            Limit | FortyLines => ("raw", "raw"),
            Nats => ("nats", "nats"),
            Mosquitto => ("mqtt", "mqtt"),
        }
    }

    /// The ports that its subscribers and its publisher connect to.
    pub(crate) fn entrances(self, ports: Ports) -> (u16, u16) {
        match self {
            RelayTcp => (ports.other, ports.other),
            Bridge => (ports.main, ports.other),
            _ => (ports.main, ports.main),
        }
    }

    /// Installs what it is, if it is not there.
    pub(crate) fn install(self, project: &Project) -> Outcome {
        match self {
            Nats => install::nats(),
            Mosquitto => install::mosquitto(),
            Py2p => python::install(project),
            Relay | RelayTcp | Bridge | Repeated | Limit | FortyLines => Ok(()),
        }
    }

    /// The version of what it is made of; nothing for what is this project's own.
    pub(crate) fn version(self, project: &Project) -> Outcome<Option<String>> {
        match self {
            Nats => install::nats_version().map(Some),
            Mosquitto => install::mosquitto_version().map(Some),
            Py2p => Ok(Some(format!("py2p {}", python::PY2P))),
            FortyLines => {
                let lock = project::read(&project.path("benches/fanout/Cargo.lock"))?;
                let version = project::version_in_lock(&lock, "tokio-tungstenite");
                Ok(version.map(|version| format!("tokio-tungstenite {version}")))
            }
            Relay | RelayTcp | Bridge | Repeated | Limit => Ok(None),
        }
    }

    /// The command that serves at these ports of 127.0.0.1.
    pub(crate) fn server(self, project: &Project, task: &Task, ports: Ports) -> Outcome<Command> {
        let port = ports.main.to_string();
        match self {
            Relay | RelayTcp | Bridge | Repeated => Ok(relay(project, ports)),
            Limit | FortyLines => {
                let name = if self == Limit {
                    "limit"
                } else {
                    "forty_lines"
                };
                let mut server = Command::new(install::program(project, name));
                server.arg(port);
                Ok(server)
            }
            Nats | Mosquitto => {
                let (name, program) = match self {
                    Nats => ("nats.conf", install::nats_program()?),
                    _ => ("mosquitto.conf", install::mosquitto_program()?),
                };
                let mut server = Command::new(program);
                let settings = settings(project, task, name, &port)?;
                server.arg("-c").arg(settings);
                Ok(server)
            }
            Py2p => {
                let mut server = Command::new(python::interpreter(project));
                server.args(["-W", "ignore"]);
                server.arg(project.path("benches/fanout/servers/py2p_server.py"));
                server.arg(port);
                Ok(server)
            }
        }
    }
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

/// A server's settings with the port in them, in a file of their own.
fn settings(project: &Project, task: &Task, name: &str, port: &str) -> Outcome<std::path::PathBuf> {
    let from = project.path("benches/fanout/servers").join(name);
    let text = project::read(&from)?.replace("{port}", port);
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
        let ports = Ports { main: 1, other: 2 };
        assert_eq!(Bridge.entrances(ports), (1, 2));
        assert_eq!(Relay.entrances(ports), (1, 1));
        assert_eq!(RelayTcp.entrances(ports), (2, 2));
    }
}
