//! Why the program ends with something other than 0: one line, and a code.

use core::fmt;
use std::process::ExitCode;

use rs2p::MeshError;

use super::words;

/// What went wrong. Its text is one line that names the cause and, where there is one, the remedy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The job was not done.
    Job = 1,
    /// The command line makes no sense.
    Usage = 2,
}

impl Fault {
    /// The job was not done, for a reason that lies outside the command line.
    pub(super) fn job(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Job,
            text: text.into(),
        }
    }

    /// The command line makes no sense.
    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Usage,
            text: text.into(),
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Fault {
    /// One line, whatever a peer put into it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::printable(&self.text))
    }
}

impl From<MeshError> for Fault {
    fn from(error: MeshError) -> Self {
        match error {
            MeshError::Address(_) | MeshError::Config(_) => Self::usage(error.to_string()),
            error => Self::job(error.to_string()),
        }
    }
}
