//! Packets in serde's data model: any Rust type as the packets of a message, and back.
//!
//! A tuple or sequence is its items, one packet each; anything else is one packet. Structs go as maps with their
//! fields' names, which py2p reads as a dict and js2p as an object.

use std::io::{Chain, Cursor, Read};

use bytes::Bytes;
use rmp_serde::decode::{Error, ReadReader};
use rmp_serde::{Deserializer as MessagePack, MSGPACK_EXT_STRUCT_NAME, Serializer};
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::{Serialize, forward_to_deserialize_any};

use super::error::{DecodeError, EncodeError};
use super::scan::{Scanner, Token};
use super::value::{Limits, Value, codec};

/// What the packets of a message may hold so that the message, with its sub-flag, is within the default limits.
const PACKET_LIMITS: Limits = Limits {
    items: Limits::DEFAULT.items - 1,
    ..Limits::DEFAULT
};

/// Packets in msgpack, within [`Limits::DEFAULT`]: ready to go behind a sub-flag, any number of times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawPackets {
    count: usize,
    bytes: Bytes,
}

impl RawPackets {
    /// The packets that `values` are, one each.
    ///
    /// # Errors
    /// [`EncodeError`] if other nodes would not take them; never [`EncodeError::Unserialisable`].
    pub fn from_values(values: &[Value]) -> Result<Self, EncodeError> {
        codec::check_all(values, &PACKET_LIMITS)?;
        let mut bytes = Vec::new();
        values.iter().for_each(|value| value.encode(&mut bytes));
        check_len(&bytes)?;
        Ok(Self {
            count: values.len(),
            bytes: bytes.into(),
        })
    }

    /// The packets that a value of any serialisable type is: the items of a tuple or sequence, else the value itself.
    ///
    /// A `Vec<u8>` is a sequence like any other. For bytes in one packet use [`Value::Bin`] or the crate
    /// `serde_bytes`.
    ///
    /// # Errors
    /// [`EncodeError`] if it cannot be serialised, or other nodes would not take it.
    pub fn serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let mut bytes = Vec::new();
        value
            .serialize(&mut Serializer::new(&mut bytes).with_struct_map())
            .map_err(|error| EncodeError::Unserialisable(error.to_string().into()))?;
        check_len(&bytes)?;
        let mut scanner = Scanner::new(&bytes, &PACKET_LIMITS);
        let (count, start) = match scanner.token() {
            Ok(Token::Array(len)) => (len, bytes.len() - scanner.rest().len()),
            _ => (1, 0),
        };
        check_packets(&bytes[start..], count)?;
        Ok(Self {
            count,
            bytes: Bytes::from(bytes).slice(start..),
        })
    }

    /// Packets that a peer wrote, copied out of what they came in.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are not whole values, or hold more than [`Limits::DEFAULT`] allows.
    pub fn from_encoded(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut scanner = Scanner::new(bytes, &PACKET_LIMITS);
        let mut count = 0;
        while !scanner.rest().is_empty() {
            scanner.announce(1)?;
            scanner.skip_announced(1)?;
            count += 1;
        }
        let bytes = Bytes::copy_from_slice(bytes);
        Ok(Self { count, bytes })
    }

    /// The packets as a value of any type that can be deserialised: a tuple or sequence has their items, anything else is the
    /// one packet there is.
    ///
    /// # Errors
    /// [`DecodeError::OtherType`] if they are of another type.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        Packets::new(&self.bytes, self.count).deserialize()
    }

    /// The packets, one value each.
    pub fn values(&self) -> Vec<Value> {
        let mut scanner = Scanner::sharing(&self.bytes, &Limits::NONE);
        (0..self.count)
            .map_while(|_| scanner.value().ok())
            .collect()
    }

    /// How many packets there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their msgpack, one after the other.
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }
}

fn check_len(bytes: &[u8]) -> Result<(), EncodeError> {
    /// Room for what a message has besides its packets: far more than it can take.
    const BESIDES: usize = 4096;

    match u32::try_from(bytes.len() + BESIDES) {
        Ok(_) => Ok(()),
        Err(_) => Err(EncodeError::TooLong),
    }
}

fn check_packets(bytes: &[u8], count: usize) -> Result<(), EncodeError> {
    let mut scanner = Scanner::new(bytes, &PACKET_LIMITS);
    let checked = scanner
        .announce(count)
        .and_then(|()| scanner.skip_announced(count));
    match checked {
        Ok(()) if scanner.rest().is_empty() => Ok(()),
        Ok(()) => Err(EncodeError::Unserialisable(
            "more than one value was written".into(),
        )),
        Err(DecodeError::TooDeep) => Err(EncodeError::TooDeep),
        Err(DecodeError::TooManyItems) => Err(EncodeError::TooManyItems),
        Err(error) => Err(EncodeError::Unserialisable(error.to_string().into())),
    }
}

/// The head of an array, then its items.
type Joined<'a> = Chain<Cursor<Vec<u8>>, &'a [u8]>;

/// The packets of a message that is known to be valid, as a source for serde.
#[derive(Clone, Copy)]
pub(super) struct Packets<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Packets<'a> {
    pub(super) fn new(bytes: &'a [u8], count: usize) -> Self {
        Self { bytes, count }
    }

    /// The packets as a `T`: as `T` itself asks for them, else the other way. The first failure is what is reported.
    pub(super) fn deserialize<T: DeserializeOwned>(self) -> Result<T, DecodeError> {
        T::deserialize(self)
            .or_else(|error| {
                let alone = self
                    .alone()
                    .and_then(|mut packet| T::deserialize(&mut packet));
                alone.or(Err(error))
            })
            .or_else(|error| T::deserialize(&mut self.sequence()).or(Err(error)))
            .map_err(|error| DecodeError::OtherType(error.to_string().into()))
    }

    /// All packets as one msgpack array.
    fn sequence(self) -> MessagePack<ReadReader<Joined<'a>>> {
        let mut head = Vec::new();
        codec::encode_array_len(self.count, &mut head);
        MessagePack::new(Cursor::new(head).chain(self.bytes))
    }

    /// The only packet there is.
    fn alone(self) -> Result<MessagePack<ReadReader<&'a [u8]>>, Error> {
        match self.count {
            1 => Ok(MessagePack::new(self.bytes)),
            count => Err(Error::Syntax(format!("{count} packets instead of one"))),
        }
    }
}

/// Follows what the type asks for: sequences get all packets, everything else the only one.
impl<'de> Deserializer<'de> for Packets<'_> {
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.count {
            1 => self.alone()?.deserialize_any(visitor),
            _ => self.sequence().deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.sequence().deserialize_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    /// A newtype is what it wraps, except for rmp-serde's way to write an extension.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == MSGPACK_EXT_STRUCT_NAME {
            return self.alone()?.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        const NIL: &[u8] = &[0xc0];

        if self.bytes == NIL {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.alone()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.count {
            0 => visitor.visit_unit(),
            _ => self.alone()?.deserialize_unit_struct(name, visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.alone()?.deserialize_i128(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.alone()?.deserialize_u128(visitor)
    }

    forward_to_deserialize_any! {
        bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 char str string bytes byte_buf unit map struct identifier ignored_any
    }
}
