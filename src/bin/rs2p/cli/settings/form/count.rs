//! Numbers of things: `4096`.

use super::{Bounds, Form, Limits, Place, within};

/// How many of something there may be.
pub(in super::super) struct Count<T: 'static>(
    pub(in super::super) Place<T>,
    pub(in super::super) Bounds<usize>,
);

impl<T: Copy + TryFrom<usize> + TryInto<usize>> Form for Count<T> {
    fn hint(&self) -> &'static str {
        "N"
    }

    fn range(&self) -> String {
        format!("from {} to {}", self.1.0, self.1.1)
    }

    fn write(&self, limits: &mut Limits, word: &str) -> Result<(), String> {
        let number = parse(word, self.1)?;
        let number = within(number, self.1, word, |number| number.to_string())?;
        *self.0(limits) = T::try_from(number).map_err(|_| format!("{word} is too much"))?;
        Ok(())
    }

    fn read(&self, limits: &mut Limits) -> Vec<String> {
        let number: usize = (*self.0(limits)).try_into().unwrap_or(usize::MAX);
        vec![number.to_string()]
    }
}

fn parse(word: &str, (least, most): Bounds<usize>) -> Result<usize, String> {
    match word.parse() {
        Ok(number) => Ok(number),
        // Only digits, so it is a number, and too long a one.
        Err(_) if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(usize::MAX)
        }
        Err(_) => Err(format!(
            "\"{word}\" does not do: write a number from {least} to {most}"
        )),
    }
}
