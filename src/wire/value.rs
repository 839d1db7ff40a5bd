//! [`Value`]: every value that msgpack can write, as payloads carry them.
//!
//! A value may hold anything; how much of it is taken from a peer is the matter of [`Limits`].

pub(super) mod codec;
mod convert;
mod serde;

use bytes::Bytes;

/// A msgpack value.
///
/// Values are equal when their msgpack is: numbers by value, whichever of [`Int`](Self::Int) and
/// [`UInt`](Self::UInt) holds them, floats by their bits (a NaN equals itself, an `f32` never an `f64`), maps in
/// their order.
///
/// Encoding and dropping a value recurse as deep as it nests. What is decoded nests at most [`Limits::MAX_DEPTH`]
/// deep; who builds deeper ones answers for the stack.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing: `nil`, `None` in Python, `null` in JavaScript.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number from -2^63 to 2^63-1.
    Int(i64),
    /// A whole number above `i64::MAX`. Decoding gives an [`Int`](Self::Int) below that.
    UInt(u64),
    /// A number of single precision. Neither relative writes one, both read it.
    F32(f32),
    /// A number of double precision.
    F64(f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bin(Bytes),
    /// Values in order.
    Array(Vec<Value>),
    /// Keys and values in the order of the wire. Keys may be of any type and may repeat.
    Map(Vec<(Value, Value)>),
    /// A type tag with bytes that only an application understands. js2p does not read these.
    Ext(i8, Bytes),
}

/// How much of a value is taken from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many containers may stand one in another: 0 takes scalars only. Default 16, at most
    /// [`MAX_DEPTH`](Self::MAX_DEPTH).
    pub depth: usize,
    /// How many values there may be in all: each item, key and value, and the containers themselves. In a message,
    /// those of the payload together. Default 65,536.
    pub items: usize,
}

impl Limits {
    /// What a node takes unless it is told otherwise.
    pub const DEFAULT: Self = Self {
        depth: 16,
        items: 65_536,
    };

    /// The deepest nesting that is decoded whatever [`depth`](Self::depth) says: decoding recurses, and a stack is
    /// finite.
    pub const MAX_DEPTH: usize = 128;

    /// No limit but the bytes themselves and [`MAX_DEPTH`](Self::MAX_DEPTH).
    pub(super) const NONE: Self = Self {
        depth: Self::MAX_DEPTH,
        items: usize::MAX,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Value {
    /// Whether this is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The whole number, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::UInt(number) => i64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The whole number, if it is one and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Int(number) => u64::try_from(*number).ok(),
            Self::UInt(number) => Some(*number),
            _ => None,
        }
    }

    /// The floating point number, if it is one. Whole numbers are none.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::F32(number) => Some((*number).into()),
            Self::F64(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes, of bytes and of text alike: what one relative writes as bytes, the other writes as text.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => Some(text.as_bytes()),
            Self::Bin(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The items, if it is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The tag and bytes, if it is an extension.
    pub fn as_ext(&self) -> Option<(i8, &[u8])> {
        match self {
            Self::Ext(tag, bytes) => Some((*tag, bytes)),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(_) | Self::UInt(_), Self::Int(_) | Self::UInt(_)) => {
                (self.as_i64(), self.as_u64()) == (other.as_i64(), other.as_u64())
            }
            (Self::F32(a), Self::F32(b)) => a.to_bits() == b.to_bits(),
            (Self::F64(a), Self::F64(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bin(a), Self::Bin(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Ext(tag, a), Self::Ext(other_tag, b)) => tag == other_tag && a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_equals_itself_in_either_variant() {
        assert_eq!(Value::UInt(7), Value::Int(7));
        assert_ne!(Value::UInt(u64::MAX), Value::Int(-1));
        assert_ne!(Value::Int(1), Value::F64(1.0));
    }

    #[test]
    fn floats_are_compared_by_their_bits() {
        assert_eq!(Value::F64(f64::NAN), Value::F64(f64::NAN));
        assert_ne!(Value::F64(0.0), Value::F64(-0.0));
        assert_ne!(Value::F32(1.0), Value::F64(1.0));
    }

    #[test]
    fn accessors_answer_for_their_own_kind_only() {
        assert_eq!(Value::Int(-1).as_u64(), None);
        assert_eq!(Value::UInt(u64::MAX).as_i64(), None);
        assert_eq!(Value::from("text").as_bytes(), Some(&b"text"[..]));
        assert_eq!(Value::from(&b"bytes"[..]).as_str(), None);
        assert_eq!(Value::Int(1).as_f64(), None);
    }
}
