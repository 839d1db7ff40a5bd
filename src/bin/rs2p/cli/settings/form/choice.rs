//! One of a few words: `on`, `off`.

use super::{Form, Limits, Place};

/// A value that has a word of its own.
pub(in super::super) struct Choice<T: 'static> {
    /// Where it is.
    pub(in super::super) place: Place<T>,
    /// The words as the help has them, `on|off`.
    pub(in super::super) hint: &'static str,
    /// Each word and its value.
    pub(in super::super) words: &'static [(&'static str, T)],
}

impl Choice<bool> {
    /// `on` or `off`.
    pub(in super::super) const fn switch(place: Place<bool>) -> Self {
        Self {
            place,
            hint: "on|off",
            words: &[("on", true), ("off", false)],
        }
    }
}

impl<T: Clone + PartialEq + Sync> Form for Choice<T> {
    fn hint(&self) -> &'static str {
        self.hint
    }

    fn range(&self) -> String {
        String::new()
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        match self.words.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => {
                *(self.place)(limits) = value.clone();
                Ok(())
            }
            None => Err(format!(
                "\"{word}\" is none of the words: write {}",
                self.hint.replace('|', " or ")
            )),
        }
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        let value = (self.place)(limits);
        let word = self.words.iter().find(|(_, known)| known == value);
        word.map(|(name, _)| (*name).to_owned())
            .into_iter()
            .collect()
    }
}
