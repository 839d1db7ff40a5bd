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
    Job,
    /// The command line makes no sense.
    Usage,
    /// Another program failed, with this code.
    Other(u8),
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

    /// Another program was run and failed with this exit code.
    pub(super) fn of_other(text: impl Into<String>, code: i32) -> Self {
        Self {
            // Beyond a byte no system of today has codes; what does not fit is a failure all the same.
            kind: u8::try_from(code).map_or(Kind::Job, Kind::Other),
            text: text.into(),
        }
    }

    /// The exit code.
    pub(super) fn code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Job => 1,
            Kind::Usage => 2,
            Kind::Other(code) => code,
        })
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
