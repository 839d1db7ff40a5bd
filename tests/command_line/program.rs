//! A running program: its output line by line with a deadline, and its end.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// Longer than anything takes here; what takes as long is a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The program under test.
pub(crate) const RS2P: &str = env!("CARGO_BIN_EXE_rs2p");

/// A process with its own group, all of which is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

/// The lines of a pipe, read as they come.
pub(crate) struct Lines {
    from: Receiver<String>,
    seen: Vec<String>,
}

/// `rs2p` with these words.
pub(crate) fn rs2p(words: &[&str]) -> Command {
    let mut command = Command::new(RS2P);
    command.args(words);
    command
}

/// Runs `rs2p` with these words to its end.
pub(crate) fn run(words: &[&str]) -> Ended {
    Program::start(&mut rs2p(words)).end()
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("the program starts");
        let stdin = child.stdin.take();
        let stdout = Lines::of(child.stdout.take().expect("a pipe"));
        let stderr = Lines::of(child.stderr.take().expect("a pipe"));
        Self {
            child,
            stdin,
            stdout,
            stderr,
        }
    }

    /// Its number in the system.
    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to the program's stdin.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stdin
            .as_mut()
            .expect("stdin is open")
            .write_all(bytes)
            .expect("the program reads");
    }

    /// The program's stdin, which is open for as long as this is kept.
    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().expect("stdin is open")
    }

    /// Sends `TERM`, `INT`, …
    pub(crate) fn signal(&self, name: &str) {
        self.signals(&[name]);
    }

    /// Sends signals, one right after the other.
    pub(crate) fn signals(&self, names: &[&str]) {
        let kills = names
            .iter()
            .map(|name| format!("kill -{name} {}", self.child.id()));
        let script = kills.collect::<Vec<_>>().join(" && ");
        let killed = Command::new("sh").args(["-c", &script]).status();
        assert!(killed.expect("there is a shell").success());
    }

    /// Closes stdin and waits for the end, with the whole output, what was looked at before included.
    pub(crate) fn end(mut self) -> Ended {
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.all(), self.stderr.all());
        // Both pipes are at their end, so the program is at its own.
        let code = self.child.wait().expect("a child").code();
        Ended {
            code,
            stdout,
            stderr,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended, as a rule; `kill` then finds nobody.
        if let Ok(None) = self.child.try_wait() {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
            let _ = self.child.wait();
        }
    }
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (to, from) = channel();
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                if to
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
        Self {
            from,
            seen: Vec::new(),
        }
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> String {
        self.next_before(Instant::now() + DEADLINE)
    }

    fn next_before(&mut self, end: Instant) -> String {
        let line = self
            .from
            .recv_timeout(end.saturating_duration_since(Instant::now()));
        self.seen
            .push(line.unwrap_or_else(|_| panic!("no further line after {:#?}", self.seen)));
        self.seen[self.seen.len() - 1].clone()
    }

    /// The next line in which `part` stands.
    pub(crate) fn next_with(&mut self, part: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let line = self.next_before(end);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Whether a line in which `part` stands has come.
    pub(crate) fn have(&mut self, part: &str) -> bool {
        self.seen.extend(self.from.try_iter());
        self.seen.iter().any(|line| line.contains(part))
    }

    /// Every line, those included that were looked at before, to the end of the pipe.
    fn all(&mut self) -> Vec<String> {
        let end = Instant::now() + DEADLINE;
        loop {
            match self
                .from
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => {
                    return core::mem::take(&mut self.seen);
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no end after {:#?}", self.seen)
                }
            }
        }
    }
}

impl Ended {
    /// The one line on stderr of a program that ended with `code` and wrote nothing else.
    pub(crate) fn fault(&self, code: i32) -> &str {
        assert_eq!(
            (self.code, self.stdout.len(), self.stderr.len()),
            (Some(code), 0, 1),
            "{self:#?}"
        );
        self.stderr[0]
            .strip_prefix("rs2p: ")
            .unwrap_or_else(|| panic!("{self:#?}"))
    }

    /// Asserts that it ended with 0 and no word on stderr.
    pub(crate) fn well(&self) -> &Self {
        assert!(self.code == Some(0) && self.stderr.is_empty(), "{self:#?}");
        self
    }

    /// Asserts that it ended with 0, and that stderr says at most how far it was at times.
    pub(crate) fn well_in_the_end(&self) -> &Self {
        let is_progress = |line: &String| line.contains(" %") || line.contains(" seeds");
        let is_well = self.code == Some(0) && self.stderr.iter().all(is_progress);
        assert!(is_well, "{self:#?}");
        self
    }

    /// The packets of each line that `listen` wrote.
    pub(crate) fn packets(&self) -> Vec<Json> {
        self.stdout
            .iter()
            .map(|line| json(line)["packets"].clone())
            .collect()
    }
}

/// A line that must be JSON.
pub(crate) fn json(line: &str) -> Json {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// A relay, and where it listens.
pub(crate) struct Relay {
    pub(crate) program: Program,
    /// What it said of each.
    lines: Vec<Json>,
}

impl Relay {
    /// A relay on a WebSocket and a TCP port that are free.
    pub(crate) fn start() -> Self {
        Self::with(&["--listen", "ws://127.0.0.1:0", "tcp://127.0.0.1:0"], 2)
    }

    /// A relay with these words, which make it listen on so many addresses.
    pub(crate) fn with(words: &[&str], listeners: usize) -> Self {
        Self::of(rs2p(&["relay"]).args(words), listeners)
    }

    /// A relay that this command starts.
    pub(crate) fn of(command: &mut Command, listeners: usize) -> Self {
        let mut program = Program::start(command);
        let lines = (0..listeners).map(|_| json(&program.stdout.next()));
        let lines = lines.collect();
        Self { program, lines }
    }

    /// Where it listens on a kind of transport.
    pub(crate) fn url(&self, scheme: &str) -> &str {
        self.listening(scheme)["url"].as_str().expect("a URL")
    }

    /// What others are to pin of its listener on a kind of transport.
    pub(crate) fn pin(&self, scheme: &str) -> Option<&str> {
        self.listening(scheme)["pin"].as_str()
    }

    fn listening(&self, scheme: &str) -> &Json {
        let is_there = |line: &&Json| {
            let url = line["url"].as_str().expect("a URL");
            url.starts_with(&format!("{scheme}://"))
        };
        let line = self.lines.iter().find(is_there);
        line.unwrap_or_else(|| panic!("no {scheme} in {:?}", self.lines))
    }

    /// `host:port` of its listener on a kind of transport.
    pub(crate) fn authority(&self, scheme: &str) -> &str {
        &self.url(scheme)[scheme.len() + "://".len()..]
    }

    /// Waits until the next node is linked.
    pub(crate) fn peer_up(&mut self) {
        self.program.stderr.next_with("peer up");
    }

    /// A listener with these further words, which is linked over `scheme`.
    pub(crate) fn listener(&mut self, scheme: &str, words: &[&str]) -> Program {
        let program = Program::start(rs2p(&["listen", "--peer", self.url(scheme)]).args(words));
        self.peer_up();
        program
    }

    /// Ends it as one should.
    pub(crate) fn end(self) -> Ended {
        self.program.signal("TERM");
        let ended = self.program.end();
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended
    }
}

/// Runs a task of nodes of the library's, to whom the program is one more node.
pub(crate) fn in_a_runtime<T>(task: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let task = async { tokio::time::timeout(DEADLINE, task).await };
    runtime.expect("a runtime").block_on(task).expect("in time")
}

/// A port that nobody listens on, and that nobody gets who asks for any free one: it is below those that systems give out
/// (from 32768 on Linux, from 49152 elsewhere).
pub(crate) fn quiet_port() -> u16 {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    // Tests that run at once in another process look elsewhere first.
    let start = std::process::id() as usize % 100 * 100;
    let mut ports = core::iter::repeat_with(|| NUMBER.fetch_add(1, Ordering::Relaxed))
        .take(10_000)
        .filter_map(|number| u16::try_from(20_000 + (start + number) % 10_000).ok());
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// An empty folder, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("cli-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a new folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it lies in this folder")).expect("a new folder");
        fs::write(path, text).expect("a new file");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
