//! What is in force, as a file that can be given back.

use std::ffi::OsStr;

use clap::{Arg, ArgMatches, Command};

use super::file::LIMITS;
use super::key::{self, Key, Shape};
use super::layers::{Layers, Source};
use super::{Limits, Setting, limits, table};
use crate::cli::fault::Fault;

/// What stands at the top.
const TOP: &str = "What is in force in a relay of rs2p. Behind each value is where it came from. The file can be given \
                   back: rs2p relay --config FILE";

/// Longest line of a comment, in characters.
const WIDTH: usize = 100;

/// The file. `command` has been built, and `matches` is all that is said to it, of whatever source.
///
/// # Errors
/// A path that is no text, which no file can hold.
pub(in super::super) fn print(
    command: &Command,
    matches: &ArgMatches,
    limits: &Limits,
    layers: &Layers,
) -> Result<String, Fault> {
    let mut page = Page::default();
    page.comment(TOP);
    for (key, arg) in key::options(command).filter(|(key, _)| !key.is_limit) {
        page.gap();
        page.comment(&help(arg));
        match value(&key, matches)? {
            Some(value) => page.value(&key.name, &value, layers.source(&key.name)),
            None => page.comment(&format!("{} = {} # not set", key.name, quoted(&hint(arg)))),
        }
    }
    page.gap();
    page.line(&format!("[{LIMITS}]"));
    let mut limits = limits.clone();
    for group in &table::GROUPS {
        page.gap();
        page.comment(&format!("---- {} ----", group.title));
        for setting in group.settings {
            page.gap();
            page.comment(&limits::help(setting));
            let value = limit(setting, &mut limits);
            page.value(setting.name, &value, layers.source(setting.name));
        }
    }
    Ok(page.0)
}

/// The lines of a file.
#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn gap(&mut self) {
        self.line("");
    }

    fn value(&mut self, name: &str, value: &str, source: &Source) {
        // A file's name can have a line break in it.
        let source = source.to_string().replace(char::is_control, " ");
        self.line(&format!("{name} = {value} # {source}"));
    }

    /// Words as a comment, in lines that are no longer than they should be.
    fn comment(&mut self, text: &str) {
        for paragraph in text.lines().filter(|line| !line.trim().is_empty()) {
            let mut line = String::from("#");
            for word in paragraph.split_whitespace() {
                if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
                    self.line(&line);
                    line.truncate(1);
                }
                line.push(' ');
                line.push_str(word);
            }
            self.line(&line);
        }
    }
}

fn help(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help());
    help.map(ToString::to_string).unwrap_or_default()
}

/// What stands for the value of an option in the help.
fn hint(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    names.first().map(ToString::to_string).unwrap_or_default()
}

/// The value of an option, if it has one.
fn value(key: &Key, matches: &ArgMatches) -> Result<Option<String>, Fault> {
    let raw = || matches.get_raw(&key.id).into_iter().flatten();
    match key.shape {
        Shape::Flag => Ok(Some(matches.get_flag(&key.id).to_string())),
        Shape::One => raw().next().map(|word| text(key, word)).transpose(),
        Shape::Several => {
            let words: Result<Vec<_>, _> = raw().map(|word| text(key, word)).collect();
            Ok(Some(list(&words?)))
        }
    }
}

fn text(key: &Key, word: &OsStr) -> Result<String, Fault> {
    let name = &key.name;
    let text = word
        .to_str()
        .ok_or_else(|| Fault::usage(format!("--{name}: what no UTF-8 is no file can hold")))?;
    Ok(quoted(text))
}

/// The value of a limit.
fn limit(setting: &Setting, limits: &mut Limits) -> String {
    let words = setting.form.read(limits);
    let words: Vec<String> = words.iter().map(|word| number_or_quoted(word)).collect();
    match &words[..] {
        [word] if !setting.form.is_list() => word.clone(),
        words => list(words),
    }
}

/// A plain number needs no quotes.
fn number_or_quoted(word: &str) -> String {
    let number: Option<i64> = word.parse().ok();
    number.map_or_else(|| quoted(word), |number| number.to_string())
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.join(", "))
}
