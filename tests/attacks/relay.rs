//! The relay under attack: the real program, what it costs its machine, and what it says.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rs2p::{Address, Scheme};
use tokio::time::sleep;

use crate::pace::until;

/// The program under attack.
const RS2P: &str = env!("CARGO_BIN_EXE_rs2p");
/// Longer than a relay takes to start, on a machine that is busy.
const START: Duration = Duration::from_secs(30);
/// Lines of the log that are kept.
const LINES: usize = 100_000;
/// The clock ticks in a second in which Linux tells processor time to programs, whatever its own are (proc(5)).
const TICKS: u32 = 100;

/// Where a relay listens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) scheme: Scheme,
    pub(crate) at: SocketAddr,
}

/// A relay, killed when this is dropped.
pub(crate) struct Relay {
    child: Child,
    doors: Vec<Door>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// A relay on a free WebSocket port and a free TCP port, with its defaults.
    pub(crate) fn start() -> Self {
        Self::with(&["ws://127.0.0.1:0", "tcp://127.0.0.1:0"], &[])
    }

    /// A relay that listens here, with further words.
    pub(crate) fn with(listen: &[&str], words: &[&str]) -> Self {
        let mut command = Command::new(RS2P);
        command.arg("relay").arg("--listen").args(listen);
        Self::of(command.args(words), listen.len())
    }

    /// A relay that may have so many descriptors open.
    pub(crate) fn with_descriptors(limit: u32, listen: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        let script = format!("ulimit -n {limit} && exec \"$0\" relay --listen \"$@\"");
        Self::of(shell.args(["-c", &script, RS2P]).args(listen), listen.len())
    }

    fn of(command: &mut Command, listeners: usize) -> Self {
        let mut child = command
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the relay starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        keep(child.stderr.take().expect("a pipe"), log.clone());
        let said = follow(child.stdout.take().expect("a pipe"));
        // From here on it is killed whatever fails.
        let mut relay = Self {
            child,
            doors: Vec::new(),
            log,
        };
        for _ in 0..listeners {
            let line = said
                .recv_timeout(START)
                .unwrap_or_else(|_| panic!("it does not listen: {:#?}", relay.lines()));
            relay.doors.push(door(&line));
        }
        relay
    }

    /// Ends it as a loss of power does, and after a while starts it again where it listened.
    pub(crate) async fn restart(mut self, after: Duration) -> Self {
        let urls: Vec<_> = self.doors.iter().map(Door::url).collect();
        self.kill();
        sleep(after).await;
        let urls: Vec<_> = urls.iter().map(String::as_str).collect();
        Self::with(&urls, &[])
    }

    fn kill(&mut self) {
        // It may have ended by itself, which the test has seen by then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Where it listens on a kind of transport.
    pub(crate) fn door(&self, scheme: Scheme) -> Door {
        let mut doors = self.doors.iter();
        *doors
            .find(|door| door.scheme == scheme)
            .expect("it listens there")
    }

    /// Everywhere that it listens.
    pub(crate) fn doors(&self) -> Vec<Door> {
        self.doors.clone()
    }

    /// A door of those that take plain links, by turns.
    pub(crate) fn plain_door(&self, turn: usize) -> Door {
        self.door([Scheme::Ws, Scheme::Tcp][turn % 2])
    }

    /// Memory that it holds, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most memory that it held since the last look at it from here on, in KiB.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Forgets the most memory that it held.
    pub(crate) fn forget_peak(&self) {
        // "5" resets the peak resident set size (proc(5), clear_refs).
        fs::write(self.file("clear_refs"), "5").expect("a process of ours");
    }

    fn status(&self, field: &str) -> u64 {
        let text = self.read("status");
        let line = text.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("no {field} in {text}"))
    }

    /// Processor time that it took so far.
    pub(crate) fn processor(&self) -> Duration {
        let text = self.read("stat");
        // The name of the program, in parentheses, may hold spaces; behind it utime is the 12th field, stime the 13th.
        let (_, fields) = text.rsplit_once(')').expect("a name");
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u32 = ticks
            .map(|field| field.parse::<u32>().expect("ticks"))
            .sum();
        Duration::from_secs(1) * ticks / TICKS
    }

    /// Descriptors that it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(self.file("fd")).expect("it runs").count()
    }

    /// Waits until it has no more than so many descriptors open; how long that took, unless it takes too long.
    pub(crate) async fn has_descriptors(
        &self,
        most: usize,
        patience: Duration,
    ) -> Option<Duration> {
        let start = Instant::now();
        let came = until(patience, || self.descriptors() <= most).await;
        came.then(|| start.elapsed())
    }

    /// How many lines of its log have one of these words in them, in whatever case.
    pub(crate) fn said(&self, words: &[&str]) -> usize {
        let has = |line: &&String| words.iter().any(|word| line.to_lowercase().contains(word));
        self.lines().iter().filter(has).count()
    }

    /// Its log so far.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).expect("it runs")
    }

    fn file(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Door {
    fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.at)
    }
}

/// The listener that a line of the relay's announces.
fn door(line: &str) -> Door {
    let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
    let url: Address = line["url"]
        .as_str()
        .expect("a URL")
        .parse()
        .expect("an address");
    Door {
        scheme: url.scheme(),
        at: (Ipv4Addr::LOCALHOST, url.port()).into(),
    }
}

/// The lines of a pipe, as they come.
fn follow(pipe: impl Read + Send + 'static) -> std::sync::mpsc::Receiver<String> {
    let (to, from) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    from
}

/// Keeps the lines of a pipe, up to a bound.
fn keep(pipe: impl Read + Send + 'static, lines: Arc<Mutex<Vec<String>>>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() < LINES {
                lines.push(line);
            }
        }
    });
}
