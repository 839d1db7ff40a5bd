//! Reading msgpack within limits: tokens, a scan that allocates nothing, and the building of [`Value`]s.
//!
//! The limits are charged when a container announces its items, before anything is read or allocated for them, and no
//! container may announce more items than there are bytes left.

use bytes::Bytes;
use rmp::Marker;

use super::error::DecodeError;
use super::value::{Limits, Value};

/// One step of a msgpack document: a scalar, or the head of a container.
pub(super) enum Token<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    /// Above `i64::MAX`.
    UInt(u64),
    F32(f32),
    F64(f64),
    Str(&'a str),
    Bin(&'a [u8]),
    Ext(i8, &'a [u8]),
    /// This many values follow.
    Array(usize),
    /// Twice this many values follow.
    Map(usize),
}

/// Reads values off the front of some bytes.
#[derive(Clone)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
    items_left: usize,
    depth: usize,
    /// The buffer that `rest` lies in, if binary values shall share it.
    shared: Option<&'a Bytes>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self {
            rest: bytes,
            items_left: limits.items,
            depth: limits.depth.min(Limits::MAX_DEPTH),
            shared: None,
        }
    }

    /// A scanner whose binary values are slices of `bytes` instead of copies.
    pub(super) fn sharing(bytes: &'a Bytes, limits: &Limits) -> Self {
        Self {
            shared: Some(bytes),
            ..Self::new(bytes, limits)
        }
    }

    /// The bytes not yet read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Charges `items` values that an enclosing array announced.
    pub(super) fn announce(&mut self, items: usize) -> Result<(), DecodeError> {
        self.charge(items)?;
        if items > self.rest.len() {
            return Err(DecodeError::Truncated);
        }
        Ok(())
    }

    /// Passes over `items` values that were announced, validating them.
    pub(super) fn skip_announced(&mut self, items: usize) -> Result<(), DecodeError> {
        (0..items).try_for_each(|_| self.skip_charged(self.depth))
    }

    /// Passes over `len` bytes that were read by other means.
    pub(super) fn pass(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }

    /// Passes over one value, validating it.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        self.charge(1)?;
        self.skip_charged(self.depth)
    }

    /// Builds one value.
    pub(super) fn value(&mut self) -> Result<Value, DecodeError> {
        self.charge(1)?;
        self.value_charged(self.depth)
    }

    fn skip_charged(&mut self, depth: usize) -> Result<(), DecodeError> {
        let values = match self.token()? {
            Token::Array(len) => len,
            Token::Map(len) => len * 2,
            _ => return Ok(()),
        };
        let depth = self.enter(values, depth)?;
        (0..values).try_for_each(|_| self.skip_charged(depth))
    }

    fn value_charged(&mut self, depth: usize) -> Result<Value, DecodeError> {
        Ok(match self.token()? {
            Token::Nil => Value::Nil,
            Token::Bool(truth) => Value::Bool(truth),
            Token::Int(number) => Value::Int(number),
            Token::UInt(number) => Value::UInt(number),
            Token::F32(number) => Value::F32(number),
            Token::F64(number) => Value::F64(number),
            Token::Str(text) => Value::Str(text.to_owned()),
            Token::Bin(bytes) => Value::Bin(self.own(bytes)),
            Token::Ext(tag, bytes) => Value::Ext(tag, self.own(bytes)),
            Token::Array(len) => {
                let depth = self.enter(len, depth)?;
                Value::Array(self.array(len, depth)?)
            }
            Token::Map(len) => {
                let depth = self.enter(len * 2, depth)?;
                Value::Map(self.map(len, depth)?)
            }
        })
    }

    fn array(&mut self, len: usize, depth: usize) -> Result<Vec<Value>, DecodeError> {
        let mut values = Vec::with_capacity(len);
        for _ in 0..len {
            values.push(self.value_charged(depth)?);
        }
        Ok(values)
    }

    fn map(&mut self, len: usize, depth: usize) -> Result<Vec<(Value, Value)>, DecodeError> {
        let mut entries = Vec::with_capacity(len);
        for _ in 0..len {
            entries.push((self.value_charged(depth)?, self.value_charged(depth)?));
        }
        Ok(entries)
    }

    fn own(&self, bytes: &[u8]) -> Bytes {
        match self.shared {
            Some(buffer) => buffer.slice_ref(bytes),
            None => Bytes::copy_from_slice(bytes),
        }
    }

    /// Steps into a container of `values` values, and says how deep they may nest.
    fn enter(&mut self, values: usize, depth: usize) -> Result<usize, DecodeError> {
        let below = depth.checked_sub(1).ok_or(DecodeError::TooDeep)?;
        self.announce(values)?;
        Ok(below)
    }

    fn charge(&mut self, values: usize) -> Result<(), DecodeError> {
        self.items_left = self
            .items_left
            .checked_sub(values)
            .ok_or(DecodeError::TooManyItems)?;
        Ok(())
    }

    /// The next token, without charging it to the limits.
    #[inline]
    pub(super) fn token(&mut self) -> Result<Token<'a>, DecodeError> {
        let [marker] = self.take_array()?;
        match marker {
            // What the header of a message is made of.
            0x00..=0x7f => return Ok(Token::Int(marker.into())),
            0x90..=0x9f => return Ok(Token::Array((marker & 0x0f).into())),
            0xc4 => return self.len8().and_then(|len| self.take(len)).map(Token::Bin),
            _ => {}
        }
        self.rarer_token(Marker::from_u8(marker))
    }

    fn rarer_token(&mut self, marker: Marker) -> Result<Token<'a>, DecodeError> {
        Ok(match marker {
            Marker::Null => Token::Nil,
            Marker::False => Token::Bool(false),
            Marker::True => Token::Bool(true),
            Marker::FixPos(number) => Token::Int(number.into()),
            Marker::FixNeg(number) => Token::Int(number.into()),
            Marker::U8 => Token::Int(u8::from_be_bytes(self.take_array()?).into()),
            Marker::U16 => Token::Int(u16::from_be_bytes(self.take_array()?).into()),
            Marker::U32 => Token::Int(u32::from_be_bytes(self.take_array()?).into()),
            Marker::U64 => unsigned(u64::from_be_bytes(self.take_array()?)),
            Marker::I8 => Token::Int(i8::from_be_bytes(self.take_array()?).into()),
            Marker::I16 => Token::Int(i16::from_be_bytes(self.take_array()?).into()),
            Marker::I32 => Token::Int(i32::from_be_bytes(self.take_array()?).into()),
            Marker::I64 => Token::Int(i64::from_be_bytes(self.take_array()?)),
            Marker::F32 => Token::F32(f32::from_be_bytes(self.take_array()?)),
            Marker::F64 => Token::F64(f64::from_be_bytes(self.take_array()?)),
            marker => return self.sized(marker),
        })
    }

    /// The token behind a marker that has a length.
    fn sized(&mut self, marker: Marker) -> Result<Token<'a>, DecodeError> {
        match marker {
            Marker::FixStr(len) => self.text(len.into()),
            Marker::Str8 => self.len8().and_then(|len| self.text(len)),
            Marker::Str16 => self.len16().and_then(|len| self.text(len)),
            Marker::Str32 => self.len32().and_then(|len| self.text(len)),
            Marker::Bin8 => self.len8().and_then(|len| self.take(len)).map(Token::Bin),
            Marker::Bin16 => self.len16().and_then(|len| self.take(len)).map(Token::Bin),
            Marker::Bin32 => self.len32().and_then(|len| self.take(len)).map(Token::Bin),
            Marker::FixArray(len) => Ok(Token::Array(len.into())),
            Marker::Array16 => self.len16().map(Token::Array),
            Marker::Array32 => self.len32().and_then(countable).map(Token::Array),
            Marker::FixMap(len) => Ok(Token::Map(len.into())),
            Marker::Map16 => self.len16().map(Token::Map),
            Marker::Map32 => self.len32().and_then(countable).map(Token::Map),
            Marker::FixExt1 => self.extension(1),
            Marker::FixExt2 => self.extension(2),
            Marker::FixExt4 => self.extension(4),
            Marker::FixExt8 => self.extension(8),
            Marker::FixExt16 => self.extension(16),
            Marker::Ext8 => self.len8().and_then(|len| self.extension(len)),
            Marker::Ext16 => self.len16().and_then(|len| self.extension(len)),
            Marker::Ext32 => self.len32().and_then(|len| self.extension(len)),
            _ => Err(DecodeError::ReservedMarker),
        }
    }

    fn text(&mut self, len: usize) -> Result<Token<'a>, DecodeError> {
        let bytes = self.take(len)?;
        core::str::from_utf8(bytes)
            .map(Token::Str)
            .map_err(|_| DecodeError::NotUtf8)
    }

    fn extension(&mut self, len: usize) -> Result<Token<'a>, DecodeError> {
        let tag = i8::from_be_bytes(self.take_array()?);
        Ok(Token::Ext(tag, self.take(len)?))
    }

    fn len8(&mut self) -> Result<usize, DecodeError> {
        Ok(u8::from_be_bytes(self.take_array()?).into())
    }

    fn len16(&mut self) -> Result<usize, DecodeError> {
        Ok(u16::from_be_bytes(self.take_array()?).into())
    }

    fn len32(&mut self) -> Result<usize, DecodeError> {
        // A length that this machine cannot address is certainly longer than the bytes at hand.
        usize::try_from(u32::from_be_bytes(self.take_array()?)).map_err(|_| DecodeError::Truncated)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }
}

/// One number has one form: only what exceeds `i64` stays unsigned.
fn unsigned(number: u64) -> Token<'static> {
    i64::try_from(number).map_or(Token::UInt(number), Token::Int)
}

/// A count that can still be doubled for the keys and values of a map, on a machine of 32 bits too.
fn countable(len: usize) -> Result<usize, DecodeError> {
    match len.checked_mul(2) {
        Some(_) => Ok(len),
        None => Err(DecodeError::TooManyItems),
    }
}
