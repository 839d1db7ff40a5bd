//! What the program says on stderr in its own name: `rs2p: …`, one line each; and on stdout, what it was asked to show.
//!
//! What happens in the node is the log's matter, not this one's.

use core::fmt;
use std::io::{self, IsTerminal, Write};

use super::fault::Fault;
use super::words;

/// Why the program ends.
pub(super) fn fault(fault: &Fault) {
    line(format_args!("rs2p: {fault}"));
}

/// Something that the program can do without.
pub(super) fn warning(text: &str) {
    line(format_args!("rs2p: warning: {}", words::printable(text)));
}

/// What goes on, for somebody who watches: said to a terminal only.
pub(super) fn progress(text: impl fmt::Display) {
    if io::stderr().is_terminal() {
        line(format_args!("{text}"));
    }
}

/// A text that is all that the program was to write.
///
/// # Errors
/// Nobody takes it.
pub(super) fn whole(text: &str) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    written.map_err(|error| Fault::job(format!("stdout cannot be written ({error})")))
}

fn line(text: fmt::Arguments<'_>) {
    // With stderr gone there is nowhere to say that it is gone.
    let _ = writeln!(io::stderr(), "{text}");
}
