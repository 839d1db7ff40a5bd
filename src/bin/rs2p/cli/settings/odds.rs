//! Limits that do not fit together: the core names its fields, whoever runs a relay knows its flags.

use super::layers::{Layers, Source};
use super::{Limits, Setting, all};
use crate::cli::fault::Fault;

/// Whether the limits fit together.
///
/// # Errors
/// The first that does not, by its flags, with its value, and where that came from if it was not a flag.
pub(in super::super) fn check(limits: &Limits, layers: &Layers) -> Result<(), Fault> {
    let Err(error) = limits.config.validate() else {
        return Ok(());
    };
    let at_fault: Vec<&Setting> = all()
        .filter(|setting| setting.field == error.field)
        .collect();
    if at_fault.is_empty() {
        return Err(Fault::usage(error.to_string()));
    }
    let mut limits = limits.clone();
    let values = at_fault
        .iter()
        .map(|setting| with_value(setting, &mut limits, layers.source(setting.name)));
    let values = values.collect::<Vec<_>>().join(" and ");
    let rule = in_flags(error.rule);
    Err(Fault::usage(format!("{values} must be {rule}")))
}

/// `--silence 5s`, or with `(file relay.toml:3)` behind it.
fn with_value(setting: &Setting, limits: &mut Limits, source: &Source) -> String {
    let value = setting.form.read(limits).join(" ");
    match source {
        Source::Flag => format!("--{} {value}", setting.name),
        source => format!("--{} {value} ({source})", setting.name),
    }
}

/// A rule of the core's with the flags in place of the fields that it names.
fn in_flags(rule: &str) -> String {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
    rule.split_inclusive(|c| !is_of_name(c))
        .map(|part| {
            let word = part.trim_end_matches(|c| !is_of_name(c));
            match all().find(|setting| setting.field == word) {
                Some(setting) => format!("--{}{}", setting.name, &part[word.len()..]),
                None => part.to_owned(),
            }
        })
        .collect()
}
