//! What each relative makes of a value that we read, and so where the three differ by design:
//!
//! | | we | u-msgpack-python 2.8 | msgpack-lite 0.1 |
//! | --- | --- | --- | --- |
//! | whole numbers | exact, -2^63 to 2^64-1 | as we | a double: rounded beyond 2^53; beyond 32 bits with a sign written as a float |
//! | floats | `f32` and `f64` kept apart | all doubles, written as `f64` | doubles; whole ones written as whole numbers, -0 as 0 |
//! | text that is not UTF-8 | refused | refused | mended, and taken |
//! | equal keys in a map | all kept | refused; 1, 1.0 and true are equal | the last counts |
//! | a map as a key, or in one | kept | refused | keys are made text |
//! | ext -1 | an ext like others | a date; refused if it is none | an ext like others |
//! | ext 1 to 31 | an ext like others | as we | errors, dates, typed arrays; some refused |
//! | nesting, items | within `Limits` | within Python's recursion | no bound |
//!
//! All three refuse what ends early and the byte 0xc1, and take any form of a number, not only the smallest.

use std::collections::BTreeMap;

use rs2p::wire::Value;

use crate::told::Told;

/// Whose msgpack it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relative {
    Python,
    JavaScript,
}

/// What a relative makes of a value that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Value(Told),
    Refused,
    /// Something of its own.
    Unclear,
}

impl Relative {
    pub const ALL: [Self; 2] = [Self::Python, Self::JavaScript];

    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
        }
    }

    /// Whether it takes text that is not UTF-8.
    pub fn mends_text(self) -> bool {
        self == Self::JavaScript
    }

    pub fn expected(self, value: &Value) -> Expected {
        let mut sight = Sight::default();
        let told = match self {
            Self::Python => sight.python(value),
            Self::JavaScript => sight.javascript(value),
        };
        match sight {
            Sight { refused: true, .. } => Expected::Refused,
            Sight { unclear: true, .. } => Expected::Unclear,
            _ => Expected::Value(told),
        }
    }
}

/// What was met on the way through a value.
#[derive(Default)]
struct Sight {
    refused: bool,
    unclear: bool,
}

impl Sight {
    fn python(&mut self, value: &Value) -> Told {
        const TIMESTAMP: i8 = -1;
        match value {
            Value::Int(number) => Told::Int((*number).into()),
            Value::UInt(number) => Told::Int((*number).into()),
            Value::F32(number) => Told::float(Relative::Python, (*number).into()),
            Value::F64(number) => Told::float(Relative::Python, *number),
            Value::Array(items) => {
                Told::Array(items.iter().map(|item| self.python(item)).collect())
            }
            Value::Map(entries) => self.dict(entries),
            Value::Ext(TIMESTAMP, _) => {
                self.unclear = true;
                Told::Other
            }
            other => plain(other),
        }
    }

    fn dict(&mut self, entries: &[(Value, Value)]) -> Told {
        let mut keys = Vec::new();
        let pairs = entries.iter().map(|(key, value)| {
            let key = self.python(key);
            self.refused |= holds_map(&key);
            if let Some(key) = as_key(&key) {
                self.refused |= keys.contains(&key);
                keys.push(key);
            }
            (key, self.python(value))
        });
        let pairs = pairs.collect();
        Told::map(Relative::Python, pairs)
    }

    fn javascript(&mut self, value: &Value) -> Told {
        const OWN: core::ops::Range<i8> = 1..32;
        match value {
            Value::Int(number) => Told::float(Relative::JavaScript, *number as f64),
            Value::UInt(number) => Told::float(Relative::JavaScript, *number as f64),
            Value::F32(number) => Told::float(Relative::JavaScript, (*number).into()),
            Value::F64(number) => Told::float(Relative::JavaScript, *number),
            Value::Array(items) => {
                Told::Array(items.iter().map(|item| self.javascript(item)).collect())
            }
            Value::Map(entries) => self.object(entries),
            Value::Ext(tag, _) if OWN.contains(tag) => {
                self.unclear = true;
                Told::Other
            }
            other => plain(other),
        }
    }

    /// What becomes of a key is clear if it is text, and not the one that objects have of themselves.
    fn object(&mut self, entries: &[(Value, Value)]) -> Told {
        let mut pairs = BTreeMap::new();
        for (key, value) in entries {
            self.unclear |= key.as_str().is_none_or(|key| key == "__proto__");
            pairs.insert(plain(key), self.javascript(value));
        }
        Told::map(Relative::JavaScript, pairs.into_iter().collect())
    }
}

/// A value that is the same everywhere.
fn plain(value: &Value) -> Told {
    match value {
        Value::Nil => Told::Nil,
        Value::Bool(truth) => Told::Bool(*truth),
        Value::Str(text) => Told::Str(text.as_bytes().to_vec()),
        Value::Bin(bytes) => Told::Bin(bytes.to_vec()),
        Value::Ext(tag, bytes) => Told::Ext((*tag).into(), bytes.to_vec()),
        _ => Told::Other,
    }
}

fn holds_map(told: &Told) -> bool {
    match told {
        Told::Map(_) => true,
        Told::Array(items) => items.iter().any(holds_map),
        _ => false,
    }
}

/// A key such that those are equal which Python takes for equal; nothing for a NaN, which equals none.
fn as_key(told: &Told) -> Option<Told> {
    Some(match told {
        Told::Bool(truth) => Told::Int((*truth).into()),
        Told::Float(bits) => {
            let number = f64::from_bits(*bits);
            if number.is_nan() {
                return None;
            }
            // Beyond what msgpack has of whole numbers only floats are equal to each other.
            let is_whole = number.fract() == 0.0 && number.abs() < 1e30;
            if is_whole {
                Told::Int(number as i128)
            } else {
                Told::Float(*bits)
            }
        }
        Told::Array(items) => Told::Array(items.iter().map(as_key).collect::<Option<_>>()?),
        other => other.clone(),
    })
}
