//! ADDRESSES: what two nodes of ours tell each other of where nodes can be dialled, on every kind of transport.
//!
//! A whisper `[0x47, ask, dials, own, known]`, an extension that only nodes with
//! [`Capabilities::ADDRESSES`](super::Capabilities::ADDRESSES) are sent. `dials` names the schemes that the speaker can
//! dial, `own` are the addresses at which it can be dialled itself, and `known` are `[address, id, age in seconds]` of
//! others. What is malformed in a list is passed over. Whether an address is to be believed is the core's to say.

use super::error::DecodeError;
use super::message::IdForm;
use super::sub_flag;
use super::value::Value;
use crate::address::{Address, Scheme};
use crate::id::NodeId;

/// Schemes that are read of one message: one for each kind of transport.
const MAX_SCHEMES: usize = 5;
/// Own addresses that are read of one message: one for each kind of transport that has addresses.
pub const MAX_OWN: usize = 4;
/// Addresses of others that are read of one message.
pub const MAX_KNOWN: usize = 32;
/// Longest address that is read, in bytes: a host of 255 with a short path.
pub const MAX_ADDRESS: usize = 320;

/// Where nodes can be dialled, as one node tells another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Whether the speaker wants to be told in turn.
    pub ask: bool,
    /// The kinds of transport that the speaker can dial.
    pub dials: Vec<Scheme>,
    /// Where the speaker can be dialled, at most [`MAX_OWN`]; none for a browser.
    pub own: Vec<Address>,
    /// Where others can be dialled, at most [`MAX_KNOWN`].
    pub known: Vec<KnownAddress>,
}

/// The address of a third node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAddress {
    /// Where.
    pub address: Address,
    /// Who is said to be there.
    pub node: NodeId,
    /// Seconds since somebody was linked to it.
    pub age: u32,
}

impl Addresses {
    pub(super) fn parse(packets: &[Value]) -> Result<Self, DecodeError> {
        let bad = DecodeError::BadSignal("addresses are a truth value and three lists");
        let [
            Value::Bool(ask),
            Value::Array(dials),
            Value::Array(own),
            Value::Array(known),
            ..,
        ] = packets
        else {
            return Err(bad);
        };
        let dials = dials.iter().take(MAX_SCHEMES);
        let own = own.iter().take(MAX_OWN);
        let known = known.iter().take(MAX_KNOWN);
        Ok(Self {
            ask: *ask,
            dials: dials.filter_map(scheme_of).collect(),
            own: own.filter_map(address_of).collect(),
            known: known.filter_map(known_of).collect(),
        })
    }

    pub(super) fn payload(&self) -> Vec<Value> {
        let dials = self
            .dials
            .iter()
            .map(|scheme| Value::from(scheme.as_str()))
            .collect();
        let own = self.own.iter().map(address_value).collect();
        let known = self.known.iter().map(known_value).collect();
        vec![
            sub_flag::ADDRESSES.into(),
            Value::Bool(self.ask),
            Value::Array(dials),
            Value::Array(own),
            Value::Array(known),
        ]
    }
}

fn scheme_of(value: &Value) -> Option<Scheme> {
    let word = value.as_str()?;
    let all = [
        Scheme::Tcp,
        Scheme::Tls,
        Scheme::Ws,
        Scheme::Wss,
        Scheme::Memory,
    ];
    all.into_iter().find(|scheme| scheme.as_str() == word)
}

fn address_of(value: &Value) -> Option<Address> {
    let text = value.as_str().filter(|text| text.len() <= MAX_ADDRESS)?;
    text.parse().ok()
}

fn known_of(value: &Value) -> Option<KnownAddress> {
    let [address, node, age, ..] = value.as_array()? else {
        return None;
    };
    Some(KnownAddress {
        address: address_of(address)?,
        node: NodeId::new(node.as_bytes()?).ok()?,
        age: u32::try_from(age.as_u64()?).unwrap_or(u32::MAX),
    })
}

fn address_value(address: &Address) -> Value {
    Value::from(address.to_string().as_str())
}

fn known_value(known: &KnownAddress) -> Value {
    [
        address_value(&known.address),
        IdForm::Text.value(known.node.as_bytes()),
        u64::from(known.age).into(),
    ]
    .into()
}
