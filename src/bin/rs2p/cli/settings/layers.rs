//! Who is heard: a flag before a variable, a variable before the file.
//!
//! What the lower two say is turned into words of the command line, for the options that have none there.

use core::fmt;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::file;
use super::form::NONE;
use super::key::{self, Key, Shape};
use super::world::World;
use crate::cli::fault::Fault;

/// The variable that names the file, as `--config` does.
const CONFIG: &str = "RS2P_CONFIG";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Default,
    /// A line of the file, from 1.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "file {}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// What is said to the options, and by whom.
#[derive(Debug)]
pub(in super::super) struct Layers {
    said: BTreeMap<String, Said>,
}

#[derive(Debug)]
struct Said {
    source: Source,
    /// Nothing for a flag: that is on the command line already.
    words: Vec<OsString>,
}

impl Layers {
    /// Hears the variables and the file, for what the command line leaves open. `command` has been built, and `matches` is
    /// what the command line says to it; the file is `config` or what its variable names.
    ///
    /// # Errors
    /// A variable or a file that cannot be understood, whatever the options make of its words.
    pub(in super::super) fn gather(
        command: &Command,
        matches: &ArgMatches,
        config: Option<&Path>,
        world: &World<'_>,
    ) -> Result<Self, Fault> {
        let keys: Vec<Key> = key::options(command).map(|(key, _)| key).collect();
        let named = (world.variable)(CONFIG).filter(|path| !path.is_empty());
        let path = config.map(Path::to_owned).or(named.map(PathBuf::from));
        let mut layers = Self {
            said: BTreeMap::new(),
        };
        layers.hear_flags(&keys, matches);
        layers.hear_variables(&keys, world)?;
        if let Some(path) = path {
            layers.hear_file(&keys, &path, world)?;
        }
        Ok(layers)
    }

    fn hear_flags(&mut self, keys: &[Key], matches: &ArgMatches) {
        for key in keys {
            if matches.value_source(&key.id) == Some(ValueSource::CommandLine) {
                self.say(key, Source::Flag, Vec::new());
            }
        }
    }

    fn hear_variables(&mut self, keys: &[Key], world: &World<'_>) -> Result<(), Fault> {
        for key in keys {
            let name = key.variable();
            // Empty counts as not set: so a variable can be taken back where it cannot be removed.
            let Some(value) = (world.variable)(&name).filter(|value| !value.is_empty()) else {
                continue;
            };
            let text = value
                .into_string()
                .map_err(|_| Fault::usage(format!("{name}: what it holds is no UTF-8")))?;
            let words = match key.shape {
                Shape::Several => text.split_whitespace().map(str::to_owned).collect(),
                Shape::Flag | Shape::One => vec![text],
            };
            let words =
                flags(key, &words).map_err(|what| Fault::usage(format!("{name}: {what}")))?;
            self.say(key, Source::Variable(name), words);
        }
        Ok(())
    }

    fn hear_file(&mut self, keys: &[Key], path: &Path, world: &World<'_>) -> Result<(), Fault> {
        let text = (world.file)(path).map_err(|error| {
            let path = path.display();
            Fault::job(format!("--config: {path} cannot be read ({error})"))
        })?;
        for line in file::read(path, &text, keys)? {
            let place = Source::File(path.to_owned(), line.number);
            let words = flags(line.key, &line.words)
                .map_err(|what| Fault::usage(about(&line.key.name, &place, &what)))?;
            self.say(line.key, place, words);
        }
        Ok(())
    }

    /// Who comes first is heard.
    fn say(&mut self, key: &Key, source: Source, words: Vec<OsString>) {
        let said = Said { source, words };
        self.said.entry(key.name.clone()).or_insert(said);
    }

    /// What variables and file say, as words of the command line.
    pub(in super::super) fn words(&self) -> impl Iterator<Item = OsString> {
        self.said.values().flat_map(|said| said.words.clone())
    }

    /// Where the value of an option came from.
    pub(super) fn source(&self, name: &str) -> &Source {
        let said = self.said.get(name);
        said.map_or(&Source::Default, |said| &said.source)
    }

    /// What is wrong with an option, `--so`, and where to mend it.
    pub(in super::super) fn about(&self, option: &str, what: &str) -> String {
        let name = option.trim_start_matches('-');
        about(name, self.source(name), what)
    }
}

/// What is wrong with an option, beginning with where to mend it.
fn about(name: &str, source: &Source, what: &str) -> String {
    match source {
        Source::Default | Source::Flag => format!("--{name}: {what}"),
        Source::Variable(variable) => format!("{variable}: {what}"),
        Source::File(path, line) => format!("{}:{line}: {name}: {what}", path.display()),
    }
}

/// What is said to a key, as words of the command line.
fn flags(key: &Key, words: &[String]) -> Result<Vec<OsString>, String> {
    let name = &key.name;
    match (key.shape, words) {
        (Shape::Flag, [word]) => match &word[..] {
            "true" => Ok(vec![format!("--{name}").into()]),
            "false" => Ok(Vec::new()),
            _ => Err(format!("\"{word}\" is neither true nor false")),
        },
        // A list of limits that is empty is not the default.
        (Shape::Several, []) if key.is_limit => Ok(vec![format!("--{name}={NONE}").into()]),
        (_, words) => Ok(words
            .iter()
            .map(|word| format!("--{name}={word}").into())
            .collect()),
    }
}
