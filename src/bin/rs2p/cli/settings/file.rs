//! A TOML file of settings: which keys it has, on which lines, with which words.
//!
//! Knows what a key is called and where it belongs. What its words mean is read where those of the command line are.

use core::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::key::{Key, Shape};
use crate::cli::fault::Fault;

/// The table in which limits stand.
pub(super) const LIMITS: &str = "limits";
/// One letter in so many of a wrong key may differ from the one that was meant.
const TYPO_IN: usize = 3;

/// What the file says to one key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'k> {
    pub(super) key: &'k Key,
    pub(super) words: Vec<String>,
    /// Where it stands, from 1.
    pub(super) number: usize,
}

/// Reads the text of a file, which an error calls `path`.
///
/// # Errors
/// It is no TOML, or has a key that is not one of `keys`, or that cannot have such a value.
pub(super) fn read<'k>(path: &Path, text: &str, keys: &'k [Key]) -> Result<Vec<Line<'k>>, Fault> {
    parse(text, keys).map_err(|(at, what)| {
        let (shown, number) = (path.display(), line(text, &at));
        Fault::usage(format!("{shown}:{number}: {what}"))
    })
}

/// Where something is wrong, and what.
type Wrong = (Range<usize>, String);

fn parse<'k>(text: &str, keys: &'k [Key]) -> Result<Vec<Line<'k>>, Wrong> {
    let document = DeTable::parse(text).map_err(|error| {
        let what = format!("no TOML: {}", error.message().replace('\n', ", "));
        (error.span().unwrap_or_default(), what)
    })?;
    let mut lines = Vec::new();
    for (name, value) in document.get_ref() {
        match value.get_ref() {
            DeValue::Table(limits) if name.get_ref() == LIMITS => {
                for (name, value) in limits {
                    lines.push(item(text, keys, true, name, value)?);
                }
            }
            _ => lines.push(item(text, keys, false, name, value)?),
        }
    }
    Ok(lines)
}

fn item<'k>(
    text: &str,
    keys: &'k [Key],
    is_limit: bool,
    name: &Spanned<impl AsRef<str>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Line<'k>, Wrong> {
    let at = name.span();
    let name = name.get_ref().as_ref();
    let key = find(keys, is_limit, name).map_err(|what| (at.clone(), what))?;
    let words =
        words(key, value.get_ref()).map_err(|what| (value.span(), format!("{name} {what}")))?;
    Ok(Line {
        key,
        words,
        number: line(text, &at),
    })
}

fn line(text: &str, at: &Range<usize>) -> usize {
    let before = &text.as_bytes()[..at.start.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The key of this name, or what to write instead.
fn find<'k>(keys: &'k [Key], is_limit: bool, name: &str) -> Result<&'k Key, String> {
    match keys.iter().find(|key| key.name == name) {
        Some(key) if key.is_limit == is_limit => Ok(key),
        Some(key) if key.is_limit => Err(format!("{name} is a limit: write it under [{LIMITS}]")),
        Some(_) => Err(format!("{name} is no limit: write it above [{LIMITS}]")),
        None => Err(format!("there is no key \"{name}\"{}", advice(keys, name))),
    }
}

/// The key that may have been meant.
fn advice(keys: &[Key], name: &str) -> String {
    let name = name.replace('_', "-").to_lowercase();
    let distances = keys
        .iter()
        .map(|key| (strsim::damerau_levenshtein(&key.name, &name), key));
    let nearest = distances
        .filter(|(distance, _)| distance * TYPO_IN <= name.len())
        .min_by_key(|(distance, _)| *distance);
    nearest.map_or_else(
        || ": --print-config shows those that there are".to_owned(),
        |(_, key)| format!(": is {} meant?", key.name),
    )
}

/// A value as the words of the command line that say the same.
fn words(key: &Key, value: &DeValue<'_>) -> Result<Vec<String>, String> {
    match (value, key.shape) {
        (DeValue::Array(values), Shape::Several) => values
            .iter()
            .map(|value| word(key, value.get_ref()))
            .collect(),
        (DeValue::Array(_), _) => Err("takes one value, and no list".to_owned()),
        (value, _) => Ok(vec![word(key, value)?]),
    }
}

fn word(key: &Key, value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) if text.is_empty() => Err("is empty: leave it out".to_owned()),
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(number) => decimal(number),
        DeValue::Boolean(is_on) if key.is_limit => Ok(if *is_on { "on" } else { "off" }.to_owned()),
        DeValue::Boolean(is_on) => Ok(is_on.to_string()),
        other => Err(format!(
            "takes no {}: write a text or a whole number",
            other.type_str()
        )),
    }
}

fn decimal(number: &DeInteger<'_>) -> Result<String, String> {
    let whole = i64::from_str_radix(number.as_str(), number.radix());
    whole
        .map(|number| number.to_string())
        .map_err(|_| "is beyond every number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<Key> {
        [
            ("listen", Shape::Several, false),
            ("json", Shape::Flag, false),
            ("links", Shape::One, true),
            ("dials", Shape::Several, true),
        ]
        .map(|(name, shape, is_limit)| Key {
            name: name.to_owned(),
            id: name.to_owned(),
            shape,
            is_limit,
        })
        .to_vec()
    }

    /// Key, words, and number of each line.
    type Lines = Vec<(String, String, usize)>;

    fn lines(text: &str) -> Result<Lines, (usize, String)> {
        let keys = keys();
        let lines = parse(text, &keys).map_err(|(at, what)| (line(text, &at), what))?;
        let lines = lines.into_iter();
        Ok(lines
            .map(|line| (line.key.name.clone(), line.words.join(" "), line.number))
            .collect())
    }

    #[test]
    fn values_become_words_with_their_lines() {
        let text = "json = true\nlisten = [\n  \"ws://a:1\",\n  \"tcp://b:2\",\n]\n\n[limits]\nlinks = 0x1_00\ndials = 'none'\n";
        let lines = lines(text).expect("a good file");
        let expected = [
            ("json", "true", 1),
            ("dials", "none", 9),
            ("links", "256", 8),
            ("listen", "ws://a:1 tcp://b:2", 2),
        ];
        assert_eq!(lines.len(), expected.len());
        for (name, words, number) in expected {
            assert!(
                lines.contains(&(name.to_owned(), words.to_owned(), number)),
                "{name} in {lines:?}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, number, told) in [
            ("\nlisten", 2, "no TOML: "),
            (
                "listem = 'x'",
                1,
                "there is no key \"listem\": is listen meant?",
            ),
            (
                "[limits]\n\nlink = 1",
                3,
                "there is no key \"link\": is links meant?",
            ),
            ("wings = 2", 1, "there is no key \"wings\": --print-config"),
            ("[limit]\nlinks = 1", 1, "there is no key \"limit\""),
            ("links = 1", 1, "links is a limit: write it under [limits]"),
            (
                "[limits]\njson = true",
                2,
                "json is no limit: write it above [limits]",
            ),
            ("[limits]\nlinks = [1]", 2, "links takes one value"),
            ("[limits]\nlinks = 1.5", 2, "links takes no float"),
            ("[limits]\nlinks = {}", 2, "links takes no table"),
            ("[limits]\nlinks = ''", 2, "links is empty"),
            ("limits = 1", 1, "there is no key \"limits\""),
            ("[limits]\nlinks = 1\nlinks = 2", 3, "no TOML: "),
        ] {
            let (at, what) = lines(text).expect_err(text);
            assert!(
                at == number && what.starts_with(told),
                "{text}: {at}: {what}"
            );
        }
    }
}
