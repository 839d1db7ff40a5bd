//! A command line with variables and a file beside it, none of which are the system's.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

use super::super::{Limits, World};
use crate::cli::args::{Command, Relay};
use crate::cli::parse::{Unparsed, parse};

/// What is said besides the command line.
#[derive(Clone, Default)]
pub(super) struct Said {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) file: Option<String>,
}

impl Said {
    pub(super) fn variable(name: &str, value: &str) -> Self {
        Self {
            variables: [(name.to_owned(), value.to_owned())].into(),
            file: None,
        }
    }

    pub(super) fn file(text: impl Into<String>) -> Self {
        Self {
            file: Some(text.into()),
            ..Self::default()
        }
    }

    pub(super) fn parse(&self, words: &[&str]) -> Result<Relay, Unparsed> {
        let world = World {
            variable: &|name| self.variables.get(name).map(OsString::from),
            file: &|_| {
                let text = self.file.clone();
                text.ok_or_else(|| io::ErrorKind::NotFound.into())
            },
        };
        let mut all = vec!["rs2p", "relay"];
        if self.file.is_some() {
            all.extend(["--config", "relay.toml"]);
        }
        all.extend_from_slice(words);
        match parse(all.into_iter().map(OsString::from), &world)?.command {
            Command::Relay(relay) => Ok(*relay),
            other => panic!("{other:?}"),
        }
    }

    /// The relay that listens with these words besides.
    pub(super) fn relay(&self, words: &[&str]) -> Relay {
        let words = [words, &["--listen", "ws://127.0.0.1:0"]].concat();
        self.parse(&words).expect("a relay")
    }

    pub(super) fn limits(&self, words: &[&str]) -> Limits {
        self.relay(words).limits
    }

    pub(super) fn printed(&self, words: &[&str]) -> String {
        match self.parse(&[words, &["--print-config"]].concat()) {
            Err(Unparsed::Shown(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn refused(&self, words: &[&str]) -> String {
        match self.parse(&[words, &["--listen", "ws://127.0.0.1:0"]].concat()) {
            Err(Unparsed::Fault(fault)) => fault.to_string(),
            other => panic!("{other:?}"),
        }
    }
}
