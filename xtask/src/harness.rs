//! The native side of the browser peer's tests: a process with real relays, told what to do over HTTP.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::process::{self, Outcome};
use crate::project::Project;

const START: Duration = Duration::from_secs(30);

/// A running harness. Dropped, it ends.
pub(crate) struct Harness {
    process: Child,
    url: String,
}

impl Harness {
    /// Builds and starts it, and waits until it says where it listens.
    pub(crate) fn start(project: &Project) -> Outcome<Self> {
        process::run(project.cargo().args(["build", "--example", "harness"]))?;
        let mut command = Command::new(project.built("debug/examples/harness"));
        process::echo(&command);
        let mut process = command
            // It ends with this pipe, whatever becomes of this process.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| process::not_started(&command, &error))?;
        let url = process.stdout.take().and_then(listening);
        let mut harness = Self {
            process,
            url: String::new(),
        };
        harness.url = url.ok_or("the harness did not say where it listens; its output is above")?;
        Ok(harness)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        // It may have ended by itself, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The URL that the harness prints; its further output goes to the terminal.
fn listening(output: ChildStdout) -> Option<String> {
    let (found, url) = mpsc::sync_channel(1);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("harness: {line}");
            if let Some(url) = url_in(&line) {
                // Only the first URL is waited for.
                let _ = found.try_send(url.to_owned());
            }
        }
    });
    url.recv_timeout(START).ok()
}

/// The value of `"url"` in a line such as `{"event":"listening","url":"http://127.0.0.1:4040"}`.
fn url_in(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("\"url\"")?;
    let (_, value) = rest.split_once('"')?;
    value.split_once('"').map(|(url, _)| url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_read_from_the_line_that_announces_it() {
        let line = r#"{"event":"listening","url":"http://127.0.0.1:4040"}"#;
        assert_eq!(url_in(line), Some("http://127.0.0.1:4040"));
        assert_eq!(
            url_in(r#"{"url": "http://[::1]:1/"}"#),
            Some("http://[::1]:1/")
        );
        assert_eq!(url_in(r#"{"event":"stopped"}"#), None);
    }
}
