//! [`Told`]: a value as a relative tells it.

use serde_json::Value as Json;

use crate::differs::Relative;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Nil,
    Bool(bool),
    Int(i128),
    /// A floating point number by its bits.
    Float(u64),
    Str(Vec<u8>),
    Bin(Vec<u8>),
    Array(Vec<Told>),
    Map(Vec<(Told, Told)>),
    Ext(i64, Vec<u8>),
    /// What has no other counterpart: a date, an error.
    Other,
}

impl Told {
    /// Reads the JSON of `tests/support/msgpack_told.*`.
    pub fn read(relative: Relative, json: &Json) -> Self {
        let all = |json: &Json| -> Vec<Self> {
            let items = json.as_array().expect("a list").iter();
            items.map(|item| Self::read(relative, item)).collect()
        };
        match json[0].as_str().expect("a type") {
            "nil" => Self::Nil,
            "bool" => Self::Bool(json[1].as_bool().expect("a truth value")),
            "int" => Self::Int(
                json[1]
                    .as_str()
                    .and_then(|n| n.parse().ok())
                    .expect("digits"),
            ),
            "float" => Self::float(relative, f64::from_bits(bits(&json[1]))),
            "str" => Self::Str(bytes(&json[1])),
            "bin" => Self::Bin(bytes(&json[1])),
            "array" => Self::Array(all(&json[1])),
            "map" => {
                let pairs = json[1].as_array().expect("a list").iter();
                let pairs = pairs.map(|pair| match &all(pair)[..] {
                    [key, value] => (key.clone(), value.clone()),
                    _ => panic!("a pair is no {pair}"),
                });
                Self::map(relative, pairs.collect())
            }
            "ext" => Self::Ext(json[1].as_i64().expect("a tag"), bytes(&json[2])),
            _ => Self::Other,
        }
    }

    /// All NaNs are one: only their bits tell them apart, which Python and JavaScript do not keep. In JavaScript 0 has no sign
    /// once it was written.
    pub fn float(relative: Relative, number: f64) -> Self {
        Self::Float(match number {
            _ if number.is_nan() => f64::NAN.to_bits(),
            _ if number == 0.0 && relative == Relative::JavaScript => 0,
            _ => number.to_bits(),
        })
    }

    /// Keys come in their order in Python, and in an order of its own in JavaScript.
    pub fn map(relative: Relative, mut pairs: Vec<(Self, Self)>) -> Self {
        if relative == Relative::JavaScript {
            pairs.sort();
        }
        Self::Map(pairs)
    }
}

fn bits(json: &Json) -> u64 {
    u64::from_str_radix(json.as_str().expect("bits"), 16).expect("bits")
}

/// The bytes that a text is the hexadecimal of.
pub fn bytes(json: &Json) -> Vec<u8> {
    let text = json.as_str().expect("a text");
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}
