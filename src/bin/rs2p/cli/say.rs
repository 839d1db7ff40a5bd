//! What the program says on stderr in its own name: `rs2p: …`, one line each.
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

fn line(text: fmt::Arguments<'_>) {
    // With stderr gone there is nowhere to say that it is gone.
    let _ = writeln!(io::stderr(), "{text}");
}
