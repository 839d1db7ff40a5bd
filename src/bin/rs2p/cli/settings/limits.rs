//! The table as arguments of clap, and what they make of the library's options.

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use rs2p::native::TransportOptions;
use rs2p::{Config, Scheme};

use super::{Setting, all};

/// The part of the help for limits.
pub(super) const HEADING: &str = "Limits";

/// Every limit of a relay: those that were said, and the defaults of the others.
#[derive(Clone, Debug)]
pub(in super::super) struct Limits {
    pub(super) config: Config,
    pub(super) transport: TransportOptions,
    /// From which pages browsers may link, besides the relay's own.
    pub(super) origins: Vec<String>,
    /// What was said, so that it can be said to a node as well.
    said: Vec<(&'static Setting, Vec<String>)>,
}

impl Default for Limits {
    fn default() -> Self {
        let mut config = Config::default();
        // What leads nowhere from a process of its own is not offered.
        config.dials.retain(|scheme| *scheme != Scheme::Memory);
        Self {
            config,
            transport: TransportOptions::default(),
            origins: Vec::new(),
            said: Vec::new(),
        }
    }
}

impl Limits {
    /// Puts what was said into the configuration of a node; the rest stays as it is there.
    pub(in super::super) fn configure(&self, config: &mut Config) {
        let mut node = Self::default();
        core::mem::swap(&mut node.config, config);
        self.repeat(&mut node);
        *config = node.config;
    }

    /// Puts what was said into the options of a transport; the rest stays as it is there.
    pub(in super::super) fn configure_transport(&self, options: &mut TransportOptions) {
        let mut node = Self::default();
        core::mem::swap(&mut node.transport, options);
        self.repeat(&mut node);
        *options = node.transport;
        for origin in &node.origins {
            let allowed = options.origins.allow(origin);
            debug_assert!(allowed.is_ok(), "it could be said once");
        }
    }

    fn repeat(&self, node: &mut Self) {
        for (setting, words) in &self.said {
            let said = node.say(setting, words.clone());
            debug_assert_eq!(said, Ok(()), "it could be said once");
        }
    }

    /// Takes the words for a setting.
    fn say(&mut self, setting: &'static Setting, words: Vec<String>) -> Result<(), String> {
        setting.form.clear(self);
        for word in &words {
            setting.form.write(self, word)?;
        }
        self.said.push((setting, words));
        Ok(())
    }
}

impl Args for Limits {
    fn augment_args(command: Command) -> Command {
        command.args(all().map(arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Limits {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut limits = Self::default();
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in all() {
            if let Some(words) = matches.get_many::<String>(setting.name) {
                // Each word has been taken once already, by itself.
                self.say(setting, words.cloned().collect())
                    .map_err(|what| {
                        clap::Error::raw(clap::error::ErrorKind::ValueValidation, what)
                    })?;
            }
        }
        Ok(())
    }
}

fn arg(setting: &'static Setting) -> Arg {
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .value_name(setting.form.hint())
        .help(help(setting))
        .help_heading(HEADING)
        .hide_short_help(true)
        .value_parser(parser(setting));
    match setting.form.is_list() {
        true => arg.action(ArgAction::Append).num_args(1..),
        false => arg.action(ArgAction::Set),
    }
}

/// Takes the words that the setting takes, and leaves them as they are.
fn parser(setting: &'static Setting) -> ValueParser {
    ValueParser::from(move |word: &str| {
        let mut scratch = Limits::default();
        let read = setting.form.write(&mut scratch, word);
        read.map(|()| word.to_owned())
    })
}

/// The help of a setting: what it is, its default, its range.
pub(super) fn help(setting: &Setting) -> String {
    let mut limits = Limits::default();
    let default = match setting.form.read(&mut limits) {
        words if words.is_empty() => "none".to_owned(),
        words => words.join(" "),
    };
    let range = match setting.form.range() {
        range if range.is_empty() => range,
        range => format!("; {range}"),
    };
    format!("{}\n[default: {default}{range}]", setting.help)
}
