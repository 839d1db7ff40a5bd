//! The settings of a relay: one table, from which come the flags, the variables, the keys of a file, and what is printed.
//!
//! A setting has its say in three places, and a flag goes before a variable, a variable before the file, the file before the
//! default. What stands in a variable or in the file becomes a word of the command line, as if it had been typed: so there
//! is one reader for all three, and the options that are no limits (where to listen, whom to link) come along.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `table` | every limit: its name, its help, its place in the library's options |
//! | `form` | how a value is written: a number, a size, a time, a word, a list |
//! | `limits` | the table as arguments of clap |
//! | `key` | what can be set at all, read off the command `relay` |
//! | `world`, `file`, `layers` | what the file and the variables say, and who is heard |
//! | `odds` | limits that do not fit together, in the words of their flags |
//! | `print` | what is in force, as a file |

mod file;
mod form;
mod key;
mod layers;
mod limits;
mod odds;
mod print;
mod table;
mod world;

pub(super) use layers::Layers;
pub(super) use limits::Limits;
pub(super) use odds::check;
pub(super) use print::print;
pub(super) use world::World;

use core::fmt;

use form::Form;

/// One limit.
pub(super) struct Setting {
    /// The flag without its dashes, which is the key in a file too; `RS2P_` before it in capitals is the variable.
    name: &'static str,
    /// The field of `Config` or `TransportOptions` where its value is; two settings may share one.
    field: &'static str,
    /// What it is, and why it is as it is, as sentences. Default and range are added.
    help: &'static str,
    /// Where its value is and how it is written.
    form: &'static dyn Form,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Limits of one idea.
pub(super) struct Group {
    /// What they are about.
    title: &'static str,
    settings: &'static [Setting],
}

/// Every setting.
fn all() -> impl Iterator<Item = &'static Setting> {
    table::GROUPS.iter().flat_map(|group| group.settings)
}

#[cfg(test)]
mod tests;
