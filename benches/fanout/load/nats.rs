//! NATS' protocol of a client, as far as one subject needs it.

use std::io::{Error, Result};

/// What a line of the server's means here.
pub(crate) enum Line {
    /// A message of so many bytes follows, and the end of its line.
    Message(usize),
    /// The server shows itself: it is to be answered by [`connect`].
    Info,
    Ping,
    /// It has taken all that was said before.
    Pong,
    Other,
}

pub(crate) fn parse(line: &[u8]) -> Result<Line> {
    if line.starts_with(b"MSG ") {
        let digits = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next();
        let digits = digits.unwrap_or_default().iter();
        let length = digits.fold(0, |sum, digit| {
            sum * 10 + usize::from(digit.wrapping_sub(b'0'))
        });
        return Ok(Line::Message(length + 2));
    }
    Ok(match line {
        line if line.starts_with(b"INFO") => Line::Info,
        line if line.starts_with(b"PING") => Line::Ping,
        line if line.starts_with(b"PONG") => Line::Pong,
        line if line.starts_with(b"-ERR") => {
            return Err(Error::other(String::from_utf8_lossy(line).into_owned()));
        }
        _ => Line::Other,
    })
}

/// Joins, subscribes to the subject if there is one, and asks for a sign that this has been done.
pub(crate) fn connect(subject: Option<&str>) -> String {
    let subscription = subject.map_or_else(String::new, |subject| format!("SUB {subject} 1\r\n"));
    format!(
        "CONNECT {{\"verbose\":false,\"pedantic\":false,\"echo\":false,\"lang\":\"rs2p\",\
         \"version\":\"1\",\"protocol\":1}}\r\n{subscription}PING\r\n"
    )
}

/// What stands before the payload of a message.
pub(crate) fn publish(subject: &str, length: usize) -> String {
    format!("PUB {subject} {length}\r\n")
}
