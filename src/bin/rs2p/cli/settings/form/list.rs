//! Several values, each a word; `none` for no value at all.

use super::{Form, Limits, Place};

/// The word for a list without values.
pub(in super::super) const NONE: &str = "none";

/// A list.
pub(in super::super) struct List<T: 'static> {
    /// Where it is.
    pub(in super::super) place: Place<Vec<T>>,
    /// What stands for one value in the help.
    pub(in super::super) hint: &'static str,
    /// The value of a word, or what to write.
    pub(in super::super) parse: fn(&str) -> Result<T, String>,
    /// The word of a value.
    pub(in super::super) show: fn(&T) -> String,
}

impl<T: Sync> Form for List<T> {
    fn hint(&self) -> &'static str {
        self.hint
    }

    fn range(&self) -> String {
        String::new()
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        if word != NONE {
            let value = (self.parse)(word)?;
            (self.place)(limits).push(value);
        }
        Ok(())
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        (self.place)(limits).iter().map(self.show).collect()
    }

    fn is_list(&self) -> bool {
        true
    }

    fn clear(&self, limits: &mut Limits) {
        (self.place)(limits).clear();
    }
}
