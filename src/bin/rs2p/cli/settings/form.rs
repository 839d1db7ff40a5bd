//! How a value is written, and where it is.
//!
//! A form knows nothing of flags and files: it is given a word, and gives one.

mod bytes;
mod choice;
mod count;
mod list;
mod rate;
mod span;

pub(super) use bytes::{Bytes, BytesOrOff};
pub(super) use choice::Choice;
pub(super) use count::Count;
pub(super) use list::{List, NONE};
pub(super) use rate::{Always, Of, RateOrOff};
pub(super) use span::Span;

use super::Limits;

/// Where a value of type `T` is.
type Place<T> = fn(&mut Limits) -> &mut T;

/// One way to write values.
pub(super) trait Form: Sync {
    /// What stands for the value in the help.
    fn hint(&self) -> &'static str;

    /// From what to what, as it follows "default: 5;"; empty if that goes without saying.
    fn range(&self) -> String;

    /// Puts the value of a word in its place; a list takes one value after the other.
    ///
    /// # Errors
    /// What is wrong with the word, and what to write.
    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String>;

    /// The value that is in its place, in the shortest exact words; several of a list. Nothing is changed.
    fn read(&self, limits: &mut Limits) -> Vec<String>;

    /// Whether there may be several values.
    fn is_list(&self) -> bool {
        false
    }

    /// Empties a list, before its values are written.
    fn clear(&self, _limits: &mut Limits) {}
}

/// What stands for what is not done at all, or not bounded.
const OFF: &str = "off";

/// What to write, where [`OFF`] is another choice.
fn or_off(what: String) -> String {
    format!("{what}, or {OFF}")
}

/// Where a number may lie, both ends included.
type Bounds<T> = (T, T);

/// Whether a value lies in its bounds; otherwise what to write, with the ends in the words of `show`.
fn within<T: PartialOrd + Copy>(
    value: T,
    (least, most): Bounds<T>,
    word: &str,
    show: impl Fn(T) -> String,
) -> Result<T, String> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let side = if value < least { "little" } else { "much" };
    let (least, most) = (show(least), show(most));
    Err(format!(
        "{word} is too {side}: write one from {least} to {most}"
    ))
}
