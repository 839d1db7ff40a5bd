//! The lines of an input as messages, read on a thread of its own: a read of stdin cannot be given up.
//!
//! What is read ahead is bounded, in lines and in the length of one.

use std::io::{self, BufRead, Read};

use rs2p::Value;
use tokio::sync::mpsc;

/// Lines that are read before the first is taken. With the longest lines, as many MiB.
const AHEAD: usize = 16;

/// A line, without its newline: text where it is UTF-8, else bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// What it says.
    pub(super) text: Value,
}

/// Why there is no next line.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// It is too long to be read.
    #[error(
        "line {number} of stdin is longer than the {limit} bytes that a message may have: split it"
    )]
    TooLong {
        /// Its number, from 1.
        number: u64,
        /// The most bytes of a line.
        limit: usize,
    },
    /// The system fails to read.
    #[error("stdin cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// The lines of `input`, of at most `limit` bytes each. After an error nothing follows.
pub(super) fn read<R: BufRead>(
    input: impl FnOnce() -> R + Send + 'static,
    limit: usize,
) -> mpsc::Receiver<Result<Line, LineError>> {
    let (lines, taken) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let mut input = input();
        for number in 1.. {
            let line = next(&mut input, number, limit).transpose();
            let Some(line) = line else { return };
            let is_last = line.is_err();
            if lines.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    taken
}

fn next(input: &mut impl BufRead, number: u64, limit: usize) -> Result<Option<Line>, LineError> {
    let mut bytes = Vec::new();
    // One byte more than the line may have is for its newline.
    input.take(limit as u64 + 1).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    } else if bytes.len() > limit {
        return Err(LineError::TooLong { number, limit });
    }
    Ok(Some(Line {
        number,
        text: text_or_bytes(bytes),
    }))
}

/// Text where it is UTF-8, else bytes.
pub(super) fn text_or_bytes(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).map_or_else(|error| Value::from(error.into_bytes()), Value::from)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn all(input: &'static [u8], limit: usize) -> (Vec<Line>, Option<LineError>) {
        let mut lines = read(move || Cursor::new(input), limit);
        let (mut good, mut bad) = (Vec::new(), None);
        while let Some(line) = lines.blocking_recv() {
            match line {
                Ok(line) => good.push(line),
                Err(error) => bad = Some(error),
            }
        }
        (good, bad)
    }

    fn texts(input: &'static [u8]) -> Vec<Value> {
        let (lines, error) = all(input, 100);
        assert!(error.is_none());
        assert!(
            lines
                .iter()
                .zip(1..)
                .all(|(line, number)| line.number == number)
        );
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_line_loses_its_newline_and_nothing_else() {
        assert_eq!(
            texts(b"one\n\n two\r\nthree"),
            ["one", "", " two\r", "three"].map(Value::from)
        );
        assert_eq!(texts(b"one\n"), [Value::from("one")]);
        assert_eq!(texts(b""), []);
    }

    #[test]
    fn what_is_no_text_is_bytes() {
        assert_eq!(
            texts(b"\xff\n\xc3\xa9"),
            [Value::from(&b"\xff"[..]), Value::from("\u{e9}")]
        );
    }

    #[test]
    fn a_line_that_is_too_long_ends_the_reading_and_is_named() {
        let (lines, error) = all(b"12345\n12345\n123456\n1\n", 5);
        assert_eq!(lines.len(), 2);
        assert!(error.is_some_and(|error| {
            error
                .to_string()
                .starts_with("line 3 of stdin is longer than the 5 bytes")
        }));
        let (lines, error) = all(b"12345", 5);
        assert_eq!((lines.len(), error.is_none()), (1, true));
    }
}
