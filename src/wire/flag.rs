//! [`Flag`]: the sub-flag of an application's message, by which its handlers tell messages apart.
//!
//! A flag is a plain one of the protocol's, or the application's own. It refuses what belongs to the protocol or to this
//! project's extensions: whoever sent that would be misread.

use core::fmt;

use super::sub_flag;
use super::value::Value;

/// Longest text or bytes of a [`Flag`], in bytes: flags are names, not content.
pub const MAX_FLAG: usize = 128;

/// The first item of an application's message: what sort of message it is.
///
/// [`BROADCAST`](Self::BROADCAST) and [`WHISPER`](Self::WHISPER) are plain: every node's application gets such a message
/// from its queue. Any other is an application's own: text or bytes of 1 to [`MAX_FLAG`] bytes, or a whole number from
/// 0x30 up but for 0x40 to 0x7f. Such messages go to handlers only, here as at py2p and js2p.
///
/// Text and bytes are different flags, even of the same bytes.
///
/// ```
/// use rs2p::wire::Flag;
///
/// let news = Flag::try_from("news")?;
/// assert!(!news.is_plain());
/// assert!(Flag::BROADCAST.is_plain());
/// assert!(Flag::try_from(7).is_err(), "the protocol's own: a list of peers");
/// # Ok::<(), rs2p::wire::InvalidFlag>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flag(Repr);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Number(u64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

/// Why something is no [`Flag`]. The fault is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFlag {
    /// The number belongs to the protocol or to its extensions.
    #[error("the sub-flag {0:#x} is reserved: take 0x30 to 0x3f, 0x80 or greater, a text or bytes")]
    Reserved(u64),
    /// The text or bytes are empty, or too long.
    #[error("a sub-flag has 1 to {MAX_FLAG} bytes, this one has {0}")]
    Length(usize),
    /// It is neither a whole number from 0 up, nor text, nor bytes.
    #[error("a sub-flag is a whole number from 0x30 up, a text or bytes")]
    Type,
}

impl Flag {
    /// The plain flag of what goes to everybody, which is the default.
    pub const BROADCAST: Self = Self(Repr::Number(sub_flag::BROADCAST));
    /// The plain flag of what goes to one.
    pub const WHISPER: Self = Self(Repr::Number(sub_flag::WHISPER));

    /// Whether this is one of the two flags of plain messages.
    pub fn is_plain(&self) -> bool {
        *self == Self::BROADCAST || *self == Self::WHISPER
    }

    /// The flag that `value` is on the wire, whatever its length; `None` if no application's message begins so.
    pub(super) fn read(value: Value) -> Option<Self> {
        match value {
            Value::Str(text) => Some(Self(Repr::Text(text.into()))),
            Value::Bin(bytes) => Some(Self(Repr::Bytes(bytes[..].into()))),
            number => Self::try_from(number.as_u64()?).ok(),
        }
    }
}

impl Default for Flag {
    fn default() -> Self {
        Self::BROADCAST
    }
}

impl TryFrom<u64> for Flag {
    type Error = InvalidFlag;

    fn try_from(number: u64) -> Result<Self, InvalidFlag> {
        if sub_flag::is_application(number) {
            Ok(Self(Repr::Number(number)))
        } else {
            Err(InvalidFlag::Reserved(number))
        }
    }
}

impl TryFrom<&str> for Flag {
    type Error = InvalidFlag;

    fn try_from(text: &str) -> Result<Self, InvalidFlag> {
        check_length(text.len())?;
        Ok(Self(Repr::Text(text.into())))
    }
}

impl TryFrom<&[u8]> for Flag {
    type Error = InvalidFlag;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidFlag> {
        check_length(bytes.len())?;
        Ok(Self(Repr::Bytes(bytes.into())))
    }
}

impl TryFrom<&Value> for Flag {
    type Error = InvalidFlag;

    fn try_from(value: &Value) -> Result<Self, InvalidFlag> {
        match value {
            Value::Str(text) => Self::try_from(text.as_str()),
            Value::Bin(bytes) => Self::try_from(&bytes[..]),
            number => Self::try_from(number.as_u64().ok_or(InvalidFlag::Type)?),
        }
    }
}

fn check_length(length: usize) -> Result<(), InvalidFlag> {
    match length {
        1..=MAX_FLAG => Ok(()),
        _ => Err(InvalidFlag::Length(length)),
    }
}

impl From<&Flag> for Value {
    fn from(flag: &Flag) -> Self {
        match &flag.0 {
            Repr::Number(number) => (*number).into(),
            Repr::Text(text) => (&**text).into(),
            Repr::Bytes(bytes) => (&**bytes).into(),
        }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Number(number) => write!(f, "{number:#x}"),
            Repr::Text(text) => write!(f, "{text:?}"),
            Repr::Bytes(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_protocol_and_its_extensions_are_refused() {
        for number in [1, 3, 0x2f, 0x40, 0x7f] {
            assert_eq!(Flag::try_from(number), Err(InvalidFlag::Reserved(number)));
        }
        for number in [0, 2, 0x30, 0x3f, 0x80, u64::MAX] {
            assert!(Flag::try_from(number).is_ok(), "{number:#x}");
        }
    }

    #[test]
    fn a_name_has_a_length() {
        assert_eq!(Flag::try_from(""), Err(InvalidFlag::Length(0)));
        let long = "x".repeat(MAX_FLAG + 1);
        assert_eq!(
            Flag::try_from(long.as_bytes()),
            Err(InvalidFlag::Length(MAX_FLAG + 1))
        );
        assert!(Flag::try_from(&long[1..]).is_ok());
    }

    #[test]
    fn only_numbers_texts_and_bytes_are_flags() {
        for value in [
            Value::Nil,
            Value::F64(48.0),
            Value::Int(-1),
            Value::Array(vec![]),
        ] {
            assert_eq!(Flag::try_from(&value), Err(InvalidFlag::Type), "{value:?}");
            assert_eq!(Flag::read(value), None);
        }
        let text = Flag::try_from(&Value::from("news"));
        let bytes = Flag::try_from(&Value::from(b"news"));
        assert_ne!(text, bytes);
        assert_eq!(text.map(|flag| flag.to_string()), Ok("\"news\"".into()));
        assert_eq!(bytes.map(|flag| flag.to_string()), Ok("b\"news\"".into()));
    }
}
