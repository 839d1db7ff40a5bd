//! stdout: whole lines, JSON for programs and words for people.

use std::io::{self, IsTerminal};

use tokio::io::{AsyncWriteExt, Stdout};

use super::fault::Fault;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A program: JSON.
    Program,
    /// Somebody at a terminal: words, coloured or not.
    Person {
        /// Whether to use colours.
        colour: bool,
    },
}

/// Whether the user lets programs use colours (no-color.org).
pub(super) fn may_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What came of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is written.
    Whole,
    /// Nobody reads stdout any more.
    Unread,
}

/// The standard output. Waiting for a slow reader does not hold up the rest of the program.
#[derive(Debug)]
pub(super) struct Output {
    stdout: Stdout,
    reader: Reader,
}

impl Output {
    /// Words if a terminal is there and `json` does not forbid it, else JSON.
    pub(super) fn new(json: bool) -> Self {
        let reader = match io::stdout().is_terminal() && !json {
            true => Reader::Person {
                colour: may_colour(),
            },
            false => Reader::Program,
        };
        Self {
            stdout: tokio::io::stdout(),
            reader,
        }
    }

    /// Who reads.
    pub(super) fn reader(&self) -> Reader {
        self.reader
    }

    /// Writes one line, and its newline.
    ///
    /// # Errors
    /// stdout takes nothing, for another reason than that nobody reads it.
    pub(super) async fn line(&mut self, mut line: String) -> Result<Written, Fault> {
        line.push('\n');
        let written = async {
            self.stdout.write_all(line.as_bytes()).await?;
            self.stdout.flush().await
        };
        match written.await {
            Ok(()) => Ok(Written::Whole),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Written::Unread),
            Err(error) => Err(Fault::job(format!("stdout cannot be written: {error}"))),
        }
    }
}

/// Done when nobody reads stdout any more, where the system tells; elsewhere that shows at the next line only.
#[cfg(unix)]
pub(super) async fn unread() {
    use std::os::fd::AsFd;

    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;

    // Only looked at, never written through, so it need not be set to non-blocking. A file cannot be watched, nor need it:
    // somebody always reads it.
    let stdout = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .and_then(Sender::from_owned_fd_unchecked);
    if let Ok(stdout) = stdout {
        while let Ok(state) = stdout.ready(Interest::WRITABLE).await {
            if state.is_write_closed() || state.is_error() {
                return;
            }
            // Waits for the next change, as after a write that finds no room.
            let _ = stdout.try_io(|| io::Result::<()>::Err(io::ErrorKind::WouldBlock.into()));
        }
    }
    core::future::pending::<()>().await;
}

/// Done never: the system does not tell.
#[cfg(not(unix))]
pub(super) async fn unread() {
    core::future::pending::<()>().await;
}
