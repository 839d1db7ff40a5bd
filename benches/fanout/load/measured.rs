//! What was measured, as one line of JSON.

use std::fmt::{self, Display};

/// Names and values, in the order in which they were told.
#[derive(Default)]
pub(crate) struct Measured(Vec<(&'static str, String)>);

impl Measured {
    /// A number; none if it is no number, as where something was divided by nothing.
    pub(crate) fn number(&mut self, name: &'static str, value: f64, digits: usize) {
        if value.is_finite() {
            self.0.push((name, format!("{value:.digits$}")));
        }
    }

    pub(crate) fn count(&mut self, name: &'static str, value: u64) {
        self.0.push((name, value.to_string()));
    }

    pub(crate) fn flag(&mut self, name: &'static str, value: bool) {
        self.0.push((name, value.to_string()));
    }
}

impl Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self
            .0
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"));
        write!(f, "{{{}}}", fields.collect::<Vec<_>>().join(","))
    }
}

/// The value below which `part` of the sorted `values` are; in their unit.
pub(crate) fn quantile(values: &[u32], part: f64) -> f64 {
    let last = values.len().saturating_sub(1);
    let at = (last as f64 * part).round() as usize;
    values.get(at).map_or(f64::NAN, |&value| value.into())
}
