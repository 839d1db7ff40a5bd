//! Servers and their load as processes: where they run, what they may open, and their end.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::contestant::Ports;
use crate::process::{self, Failure, Outcome};

/// Files that a process may have open: 5,000 connections, and room.
const FILES: &str = "20000";

/// How long a server has to listen, and to end.
const START: Duration = Duration::from_secs(15);
const END: Duration = Duration::from_secs(3);
/// A moment, in which a server that listens gets ready.
const MOMENT: Duration = Duration::from_millis(200);

/// `command` with the room that it needs, on one processor if it is given. It ends when this program does, and its process is
/// the one that is started: each step becomes the next.
pub(crate) fn placed(command: &Command, processor: Option<&str>) -> Command {
    let mut placed = Command::new("setpriv");
    placed.args(["--pdeathsig", "TERM", "sh", "-c"]);
    placed
        .arg(format!("ulimit -n {FILES} && exec \"$@\""))
        .arg("sh");
    if let Some(processor) = processor {
        placed.args(["taskset", "-c", processor]);
    }
    placed.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => placed.env(name, value),
            None => placed.env_remove(name),
        };
    }
    placed
}

/// Ports that were free a moment ago. They differ, as both are held until both are chosen.
pub(crate) fn free_ports() -> Outcome<Ports> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let ports = listen()
        .and_then(|one| Ok((one, listen()?)))
        .and_then(|(one, other)| {
            let (main, other) = (one.local_addr()?.port(), other.local_addr()?.port());
            Ok(Ports { main, other })
        });
    ports.map_err(|error| format!("no free port was found on 127.0.0.1: {error}").into())
}

/// A program that runs. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Running {
    process: Child,
    name: String,
}

impl Running {
    /// Starts it; what it prints goes to `log`.
    pub(crate) fn start(mut command: Command, name: &str, log: &Path) -> Outcome<Self> {
        let file = File::options().create(true).append(true).open(log);
        let file = file.and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) =
            file.map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let process = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| process::not_started(&command, &error))?;
        let name = name.to_owned();
        Ok(Self { process, name })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it listens at this port of 127.0.0.1.
    pub(crate) fn await_port(&mut self, port: u16) -> Outcome {
        let deadline = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("{} ended at its start: {status}", self.name).into());
            }
            if Instant::now() > deadline {
                return Err(format!("{} does not listen at port {port}", self.name).into());
            }
            thread::sleep(MOMENT / 10);
        }
        thread::sleep(MOMENT);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The id is this process's until it has been waited for.
        let id = self.process.id().to_string();
        process::answer(Command::new("kill").args([OsStr::new("-TERM"), OsStr::new(&id)]));
        let deadline = Instant::now() + END;
        while Instant::now() < deadline {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(MOMENT / 20);
        }
        // It may have ended by itself just now, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `command` to its end, and gives what it printed; what it complained of if it failed or took longer than `patience`.
pub(crate) fn output(command: &mut Command, patience: Duration) -> Outcome<String> {
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| process::not_started(command, &error))?;
    let id = process.id();
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || sender.send(process.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(patience) else {
        process::answer(Command::new("kill").args(["-KILL", &id.to_string()]));
        return Err(format!("it was not done after {} s", patience.as_secs()).into());
    };
    let output = output.map_err(|error| Failure::from(error.to_string()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ() {
        let ports = free_ports().expect("ports");
        assert_ne!(ports.main, ports.other);
    }

    #[test]
    fn a_program_ends_when_it_is_dropped() {
        let log = std::env::temp_dir().join(format!("rs2p-bench-{}", std::process::id()));
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        let running = Running::start(sleep, "sleep", &log).expect("a process");
        let files = format!("/proc/{}", running.id());
        assert!(Path::new(&files).exists());
        drop(running);
        assert!(!Path::new(&files).exists());
        let _ = std::fs::remove_file(log);
    }

    #[test]
    fn what_takes_too_long_is_ended_and_what_fails_is_told() {
        let mut sleep = Command::new("sleep");
        let failure = output(sleep.arg("60"), Duration::from_millis(50));
        assert!(failure.is_err());
        let mut complaint = Command::new("sh");
        complaint.args(["-c", "echo no >&2; exit 3"]);
        let failure = output(&mut complaint, Duration::from_secs(10)).expect_err("a failure");
        assert_eq!(failure.to_string(), "no");
    }
}
