//! [`Value`]s to and from msgpack, in the smallest forms, as py2p's u-msgpack writes them.

use super::{Limits, Value};
use crate::wire::error::{DecodeError, EncodeError};
use crate::wire::scan::Scanner;

impl Value {
    /// Appends the value's msgpack to `out`.
    ///
    /// Texts, bytes and containers of 4 GiB or more have no msgpack; [`RawPackets`](crate::wire::RawPackets) refuses
    /// them, and no frame could hold them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nil => written(rmp::encode::write_nil(out)),
            Self::Bool(truth) => written(rmp::encode::write_bool(out, *truth)),
            Self::Int(number) => written(rmp::encode::write_sint(out, *number)),
            Self::UInt(number) => written(rmp::encode::write_uint(out, *number)),
            Self::F32(number) => written(rmp::encode::write_f32(out, *number)),
            Self::F64(number) => written(rmp::encode::write_f64(out, *number)),
            Self::Str(text) => encode_str(text, out),
            Self::Bin(bytes) => encode_bin(bytes, out),
            Self::Array(items) => {
                encode_array_len(items.len(), out);
                items.iter().for_each(|item| item.encode(out));
            }
            Self::Map(entries) => {
                written(rmp::encode::write_map_len(out, length(entries.len())));
                for (key, value) in entries {
                    key.encode(out);
                    value.encode(out);
                }
            }
            Self::Ext(tag, bytes) => {
                written(rmp::encode::write_ext_meta(out, length(bytes.len()), *tag));
                out.extend_from_slice(bytes);
            }
        }
    }

    /// Reads one value off the front of `bytes`, and says how many bytes it took.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are no msgpack, end early, hold text that is not UTF-8, or exceed `limits`.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<(Self, usize), DecodeError> {
        let mut scanner = Scanner::new(bytes, limits);
        let value = scanner.value()?;
        Ok((value, bytes.len() - scanner.rest().len()))
    }

    /// Validates one value at the front of `bytes` without building it, and says how many bytes it takes.
    ///
    /// # Errors
    /// Exactly those of [`decode`](Self::decode).
    pub fn scan(bytes: &[u8], limits: &Limits) -> Result<usize, DecodeError> {
        let mut scanner = Scanner::new(bytes, limits);
        scanner.skip()?;
        Ok(bytes.len() - scanner.rest().len())
    }

    /// Checks that the value is within `limits`, so that [`decode`](Self::decode) with the same limits takes it.
    ///
    /// # Errors
    /// [`EncodeError::TooDeep`], [`EncodeError::TooManyItems`].
    pub fn check(&self, limits: &Limits) -> Result<(), EncodeError> {
        check_all(core::slice::from_ref(self), limits)
    }
}

/// Checks that `values`, taken together, are within `limits`.
pub(in crate::wire) fn check_all(values: &[Value], limits: &Limits) -> Result<(), EncodeError> {
    let mut left = limits.items;
    let depth = limits.depth.min(Limits::MAX_DEPTH);
    values
        .iter()
        .try_for_each(|value| charge(value, depth, &mut left))
}

fn charge(value: &Value, depth: usize, left: &mut usize) -> Result<(), EncodeError> {
    *left = left.checked_sub(1).ok_or(EncodeError::TooManyItems)?;
    let below = || depth.checked_sub(1).ok_or(EncodeError::TooDeep);
    match value {
        Value::Array(items) => {
            let below = below()?;
            items.iter().try_for_each(|item| charge(item, below, left))
        }
        Value::Map(entries) => {
            let below = below()?;
            entries.iter().try_for_each(|(key, value)| {
                charge(key, below, left)?;
                charge(value, below, left)
            })
        }
        _ => Ok(()),
    }
}

pub(in crate::wire) fn encode_array_len(len: usize, out: &mut Vec<u8>) {
    written(rmp::encode::write_array_len(out, length(len)));
}

pub(in crate::wire) fn encode_uint(number: u64, out: &mut Vec<u8>) {
    written(rmp::encode::write_uint(out, number));
}

pub(in crate::wire) fn encode_str(text: &str, out: &mut Vec<u8>) {
    written(rmp::encode::write_str_len(out, length(text.len())));
    out.extend_from_slice(text.as_bytes());
}

pub(in crate::wire) fn encode_bin(bytes: &[u8], out: &mut Vec<u8>) {
    written(rmp::encode::write_bin_len(out, length(bytes.len())));
    out.extend_from_slice(bytes);
}

fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// A `Vec` takes every write; rmp's signatures cannot say so.
fn written<T, E>(result: Result<T, E>) {
    debug_assert!(result.is_ok(), "writing to a Vec cannot fail");
}
