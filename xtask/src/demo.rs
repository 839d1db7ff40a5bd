//! A mesh to touch: builds all, starts a relay that serves the page, and says what to open and what to paste.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use crate::page;
use crate::process::{self, Failure, Outcome};
use crate::project::Project;
use crate::python;
use crate::steps::{self, Step};

/// Where the page is served unless another port is asked for; if it is taken, any free one will do.
const PORT: u16 = 8765;

/// The subnet that a node joins if none is named.
const SUBNET: &str = "mesh";

/// What is built before it begins.
const STEPS: [Step; 5] = {
    let [tools, wasm, package, page] = page::STEPS;
    [tools, wasm, package, page, ("the relay", build_relay)]
};

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    port: Option<u16>,
    subnet: String,
}

/// What the demo runs: where the relay listens, and a port for a node in Python.
#[derive(Debug)]
struct Demo {
    port: u16,
    tcp_port: u16,
    python_port: u16,
    subnet: String,
}

pub(crate) fn run(project: &Project, words: &[&str]) -> Outcome {
    let options = parse(words)?;
    // A port that cannot be used is better told before the build than after it.
    page_listener(&options)?;
    steps::take(project, &STEPS)?;
    let demo = Demo::new(options)?;
    println!("{}", demo.invitation(project));
    become_program(&mut demo.relay(project))
}

fn build_relay(project: &Project) -> Outcome {
    let mut cargo = project.cargo();
    process::run(cargo.args(["build", "--release", "--bin", "rs2p"]))
}

fn parse(words: &[&str]) -> Outcome<Options> {
    let mut options = Options {
        port: None,
        subnet: SUBNET.to_owned(),
    };
    for pair in words.chunks(2) {
        match *pair {
            ["--port", port] => {
                options.port = Some(
                    port.parse()
                        .map_err(|_| format!("`{port}` is no port: 0 to 65535"))?,
                );
            }
            ["--subnet", subnet] => options.subnet = subnet.to_owned(),
            [option @ ("--port" | "--subnet")] => {
                return Err(format!("`{option}` needs a value behind it").into());
            }
            [option, ..] => {
                return Err(format!(
                    "`{option}` is not understood; there are --port N and --subnet NAME"
                )
                .into());
            }
            [] => {}
        }
    }
    Ok(options)
}

impl Demo {
    fn new(options: Options) -> Outcome<Self> {
        let page = page_listener(&options)?;
        // All are held until all are chosen, so that they differ.
        let (tcp, python) = (listen(0).map_err(no_port)?, listen(0).map_err(no_port)?);
        Ok(Self {
            port: port(&page).map_err(no_port)?,
            tcp_port: port(&tcp).map_err(no_port)?,
            python_port: port(&python).map_err(no_port)?,
            subnet: options.subnet,
        })
    }

    fn relay(&self, project: &Project) -> Command {
        let mut relay = Command::new(project.built("release/rs2p"));
        relay.args([
            "relay",
            "--listen",
            &format!("ws://127.0.0.1:{}", self.port),
        ]);
        relay.args(["--listen", &format!("tcp://127.0.0.1:{}", self.tcp_port)]);
        relay.arg("--www").arg(project.path(page::FOLDER));
        if let Some(name) = self.other_subnet() {
            relay.args(["--subnet", name]);
        }
        relay
    }

    /// The name of the subnet, if it is not the one that everybody joins.
    fn other_subnet(&self) -> Option<&str> {
        (self.subnet != SUBNET).then_some(self.subnet.as_str())
    }

    /// What to open and what to paste. The lines to paste begin at the left, as Python wants them.
    fn invitation(&self, project: &Project) -> String {
        let Self { port, tcp_port, .. } = self;
        let rs2p = project.short(&project.built("release/rs2p"));
        let query = self.other_subnet().map_or(String::new(), |name| {
            format!("?subnet={}", percent_encoded(name))
        });
        let subnet = self.other_subnet().map_or(String::new(), |name| {
            format!(" --subnet {}", process::word(name))
        });
        let python = self.python(project);
        format!(
            "
────────────────────────────────────────────────────────────

    Open    http://127.0.0.1:{port}/{query}

    Open it in a second tab too: the two are in one mesh.

────────────────────────────────────────────────────────────

Join from another terminal:

{rs2p} send --peer tcp://127.0.0.1:{tcp_port}{subnet} \"hello from the terminal\"

{rs2p} listen --peer tcp://127.0.0.1:{tcp_port}{subnet}

{python}
Ctrl-C ends the relay.
"
        )
    }

    /// A node in Python, or how to get one.
    fn python(&self, project: &Project) -> String {
        let python = python::interpreter(project);
        if !python.is_file() {
            return "Python joins too, once `cargo xtask setup python` has installed py2p.\n"
                .to_owned();
        }
        let python = project.short(&python);
        let Self {
            tcp_port,
            python_port,
            subnet,
            ..
        } = self;
        format!(
            "Join from Python, with py2p:

{python} -W ignore - <<'END'
import time
from py2p.base import Protocol
from py2p.mesh import MeshSocket
node = MeshSocket(\"127.0.0.1\", {python_port}, Protocol({subnet:?}, \"Plaintext\"))
node.connect(\"127.0.0.1\", {tcp_port})
while not node.routing_table:
    time.sleep(0.1)
node.send(\"hello from Python\")
while True:
    message = node.recv()
    print(message.packets) if message else time.sleep(0.1)
END
"
        )
    }
}

/// The port that was asked for; else the usual one, or any if that is taken.
fn page_listener(options: &Options) -> Outcome<TcpListener> {
    match options.port {
        Some(port) => {
            listen(port).map_err(|error| format!("port {port} cannot be used: {error}").into())
        }
        None => listen(PORT).or_else(|_| listen(0)).map_err(no_port),
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

fn port(listener: &TcpListener) -> io::Result<u16> {
    listener.local_addr().map(|address| address.port())
}

fn no_port(error: io::Error) -> Failure {
    format!("no free port was found on 127.0.0.1: {error}").into()
}

/// `text` as the value of a query (RFC 3986, 2.1).
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encoded).collect()
}

/// Ends this program by becoming the other one, so that a Ctrl-C, and every other signal, is the relay's alone: it
/// closes its links and its exit is ours. Returns only if that failed.
#[cfg(unix)]
fn become_program(program: &mut Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    let error = program.exec();
    Err(process::not_started(program, &error))
}

/// Where a program cannot become another, it waits for it. The console sends a Ctrl-C to both.
#[cfg(not(unix))]
fn become_program(program: &mut Command) -> Outcome {
    process::run(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo(subnet: &str) -> Demo {
        Demo {
            port: 8765,
            tcp_port: 4001,
            python_port: 4002,
            subnet: subnet.to_owned(),
        }
    }

    #[test]
    fn options_are_read_in_any_order() -> Outcome {
        assert_eq!(
            parse(&[])?,
            Options {
                port: None,
                subnet: "mesh".into()
            }
        );
        let both = Options {
            port: Some(9000),
            subnet: "tea".into(),
        };
        assert_eq!(parse(&["--port", "9000", "--subnet", "tea"])?, both);
        assert_eq!(parse(&["--subnet", "tea", "--port", "9000"])?, both);
        Ok(())
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for words in [
            &["--port"][..],
            &["--port", "70000"],
            &["--host", "x"],
            &["--subnet", "a", "b"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_taken_port_is_replaced_unless_it_was_asked_for() -> Outcome {
        let taken = listen(0).map_err(no_port)?;
        let asked = port(&taken).map_err(no_port)?;
        assert!(
            Demo::new(Options {
                port: Some(asked),
                subnet: String::new()
            })
            .is_err()
        );
        let _default = listen(PORT);
        let demo = Demo::new(Options {
            port: None,
            subnet: String::new(),
        })?;
        assert_ne!(demo.port, PORT);
        Ok(())
    }

    #[test]
    fn another_subnet_is_named_wherever_the_mesh_is_joined() -> Outcome {
        let project = Project::locate()?;
        let usual = demo("mesh").invitation(&project);
        assert!(
            usual.contains("http://127.0.0.1:8765/\n") && !usual.contains("--subnet"),
            "{usual}"
        );

        let other = demo("tea & cake").invitation(&project);
        assert!(
            other.contains("http://127.0.0.1:8765/?subnet=tea%20%26%20cake\n"),
            "{other}"
        );
        assert_eq!(other.matches("--subnet 'tea & cake'").count(), 2, "{other}");
        Ok(())
    }
}
