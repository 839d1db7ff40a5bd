//! A reader of Prometheus' text exposition format 0.0.4, as strict as a scraper may be.

use std::collections::{BTreeMap, BTreeSet};

/// What a page of metrics says.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    /// Each sample: its name, with its labels in the order of their names.
    samples: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
}

impl Exposition {
    /// Reads a page, which must be whole and right in every line.
    pub(crate) fn read(text: &str) -> Self {
        assert!(
            text.ends_with('\n'),
            "the last line ends with a line feed too"
        );
        let mut read = Self::default();
        let (mut helped, mut current) = (BTreeSet::new(), String::new());
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').expect("a name and its help");
                assert!(!words.is_empty() && is_name(name), "{line}");
                assert!(helped.insert(name.to_owned()), "helped twice: {line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and its type");
                assert!(helped.contains(name), "no help before: {line}");
                assert!(matches!(kind, "counter" | "gauge"), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                let before = read.kinds.insert(name.to_owned(), kind.to_owned());
                assert!(before.is_none(), "a type given twice: {line}");
                current = name.to_owned();
            } else {
                read.sample(&current, line);
            }
        }
        assert_eq!(
            helped.len(),
            read.kinds.len(),
            "each has its help and its type"
        );
        read
    }

    /// A sample, which must be of the metric whose type stands above it.
    fn sample(&mut self, metric: &str, line: &str) {
        let end = line.find(['{', ' ']).expect("a name");
        assert_eq!(&line[..end], metric, "{line}");
        let (labels, value) = match line[end..].strip_prefix('{') {
            Some(rest) => labels(rest),
            None => (BTreeMap::new(), &line[end..]),
        };
        let value: f64 = value.trim_start().parse().expect("a number");
        let pairs: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let name = format!("{metric}{{{}}}", pairs.join(","));
        assert!(self.samples.insert(name, value).is_none(), "twice: {line}");
    }

    /// The value of a sample, named as `name{label=value}` without quotes.
    pub(crate) fn value(&self, name: &str) -> f64 {
        let full = if name.ends_with('}') {
            name.to_owned()
        } else {
            format!("{name}{{}}")
        };
        let found = self.samples.get(&full);
        *found.unwrap_or_else(|| panic!("no {full} in {:#?}", self.samples))
    }

    /// Every sample of a counter.
    pub(crate) fn counters(&self) -> impl Iterator<Item = (&String, f64)> {
        let is_counter = |name: &str| {
            name.split('{')
                .next()
                .is_some_and(|n| n.ends_with("_total"))
        };
        let counters = self
            .samples
            .iter()
            .filter(move |(name, _)| is_counter(name));
        counters.map(|(name, value)| (name, *value))
    }
}

fn is_name(name: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    name.starts_with(is_first) && name.chars().all(|c| is_first(c) || c.is_ascii_digit())
}

/// The labels before a closing brace, and what stands behind it.
fn labels(mut rest: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    while !rest.starts_with('}') {
        let (name, value) = rest.split_once("=\"").expect("a label and its value");
        assert!(is_name(name) && !name.contains(':'), "{name}");
        let (value, after) = unquoted(value);
        assert!(labels.insert(name.to_owned(), value).is_none(), "{name}");
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    (labels, &rest[1..])
}

/// A value up to its closing quote, and what stands behind it.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next().map(|(_, c)| c) {
                Some('n') => '\n',
                Some(c @ ('\\' | '"')) => c,
                other => panic!("{other:?} is not to be escaped"),
            }),
            c => value.push(c),
        }
    }
    panic!("no closing quote in {text}");
}
