//! What can be set at all: each option of `relay` is a key of the file, and a variable.

use clap::{Arg, ArgAction, Command};

use super::limits::HEADING;

/// Options that say what to do now, and are no settings.
const NO_SETTINGS: [&str; 4] = ["config", "print-config", "help", "version"];

/// An option that a file and a variable can give too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its name in a file; a flag has dashes before it.
    pub(super) name: String,
    /// What clap calls it.
    pub(super) id: String,
    pub(super) shape: Shape,
    /// Whether it stands under `[limits]`.
    pub(super) is_limit: bool,
}

/// What stands behind the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing: it is there or not.
    Flag,
    One,
    Several,
}

impl Key {
    /// The variable of the environment.
    pub(super) fn variable(&self) -> String {
        format!("RS2P_{}", self.name.replace('-', "_").to_uppercase())
    }
}

/// The options of a command, which has been built, with their keys, in the order of the help.
pub(super) fn options(command: &Command) -> impl Iterator<Item = (Key, &Arg)> {
    command
        .get_arguments()
        .filter_map(|arg| Some((of(arg)?, arg)))
}

/// The key of an option, if it is a setting.
fn of(arg: &Arg) -> Option<Key> {
    let name = arg.get_long().filter(|name| !NO_SETTINGS.contains(name))?;
    let shape = match arg.get_action() {
        ArgAction::SetTrue => Shape::Flag,
        ArgAction::Append => Shape::Several,
        _ => Shape::One,
    };
    Some(Key {
        name: name.to_owned(),
        id: arg.get_id().to_string(),
        shape,
        is_limit: arg.get_help_heading() == Some(HEADING),
    })
}
