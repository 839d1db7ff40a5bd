//! Names of things: nodes, messages, links and networks. Newtypes with a text form, nothing else.
//!
//! Ids that come off the wire are opaque bytes: they are compared, never interpreted, except for the numeric order of
//! base58 text that protocol 0.7 uses to settle conflicts.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use sha2::{Digest, Sha256, Sha384};

use crate::ordered::{Key, prefix_of_bytes};

/// Version of the protocol that goes into every [`ProtocolId`].
pub const PROTOCOL_VERSION: &str = "0.7";

/// Longest [`NodeId`] that is accepted, in bytes. Ids of the family have 64 to 66.
pub const MAX_NODE_ID: usize = 128;

/// The id of a node: opaque bytes, 1 to [`MAX_NODE_ID`] of them, base58 text in practice.
///
/// Cheap to clone. Compared by bytes, as one member of the family writes ids as text and another as bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// The first eight bytes as a number, by which nearly all ids are told apart without looking further.
    prefix: u64,
    bytes: Arc<[u8]>,
}

/// Why bytes are no [`NodeId`]. The fault is with whoever supplied them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node id has 1 to {MAX_NODE_ID} bytes, this one has {0}")]
pub struct InvalidNodeId(pub usize);

impl NodeId {
    /// Takes `bytes` for an id.
    ///
    /// # Errors
    /// [`InvalidNodeId`] if there are none or more than [`MAX_NODE_ID`].
    pub fn new(bytes: &[u8]) -> Result<Self, InvalidNodeId> {
        match bytes.len() {
            1..=MAX_NODE_ID => Ok(Self::of(bytes.into())),
            n => Err(InvalidNodeId(n)),
        }
    }

    /// The id that 48 random bytes make: their SHA-384 as a base58 integer, as the family forms its ids.
    pub fn from_entropy(entropy: &[u8; 48]) -> Self {
        Self::of(base58_integer(&Sha384::digest(entropy)).into_bytes().into())
    }

    fn of(bytes: Arc<[u8]>) -> Self {
        Self {
            prefix: prefix_of_bytes(&bytes),
            bytes,
        }
    }

    /// The bytes of the id.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The order of the ids as base58 integers, by which protocol 0.7 settles which of two links survives.
    ///
    /// For text of the Bitcoin alphabet this is the numeric order: leading zeros (`1`) aside, longer is greater,
    /// and the alphabet is sorted by ASCII. Other bytes get some total order.
    pub fn numeric_cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (strip_zeros(&self.bytes), strip_zeros(&other.bytes));
        a.len().cmp(&b.len()).then_with(|| a.cmp(b))
    }

    /// The first eight characters: enough to tell nodes apart in a log.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

fn strip_zeros(mut digits: &[u8]) -> &[u8] {
    while let [b'1', rest @ ..] = digits {
        digits = rest;
    }
    digits
}

impl Key for NodeId {
    fn prefix(&self) -> u64 {
        self.prefix
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids are text in practice; a hostile one must not write control characters into a log.
        if self.bytes.iter().all(u8::is_ascii_graphic) {
            f.write_str(&String::from_utf8_lossy(&self.bytes))
        } else {
            write!(f, "{}", self.bytes.escape_ascii())
        }
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

impl FromStr for NodeId {
    type Err = InvalidNodeId;

    fn from_str(text: &str) -> Result<Self, InvalidNodeId> {
        Self::new(text.as_bytes())
    }
}

/// The id of a message: the SHA-256 of its packed bytes (protocol 0.7, Frame).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub [u8; 32]);

impl MessageId {
    /// The id of the message with these packed bytes.
    pub fn of(packed: &[u8]) -> Self {
        Self(Sha256::digest(packed).into())
    }
}

impl Key for MessageId {
    fn prefix(&self) -> u64 {
        prefix_of_bytes(&self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

/// A link of one node. Numbers are never used twice in the life of a node.
///
/// The core numbers the links that it dials and the transport those that it accepted, so neither has to ask the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The `number`-th link that this node dialled.
    pub const fn dialled(number: u64) -> Self {
        Self(number << 1)
    }

    /// The `number`-th link that this node accepted.
    pub const fn accepted(number: u64) -> Self {
        Self(number << 1 | 1)
    }

    /// The link with this number, as [`number`](Self::number) gives it.
    pub const fn numbered(number: u64) -> Self {
        Self(number)
    }

    /// A number for places where there are no types.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Whether this node dialled the link (else it accepted it).
    pub const fn is_dialled(self) -> bool {
        self.0 & 1 == 0
    }
}

impl Key for LinkId {
    fn prefix(&self) -> u64 {
        self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.is_dialled() { "out" } else { "in" };
        write!(f, "{side}-{}", self.0 >> 1)
    }
}

/// What a subnet is called on one kind of transport: `base58(int(sha256(subnet + encryption + "0.7")))`
/// (protocol 0.7, Ids).
///
/// The same subnet has another id on each transport; a node that bridges them holds one for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolId(Arc<str>);

impl ProtocolId {
    /// The id of `subnet` on the transport that protocol 0.7 calls `encryption`: `Plaintext`, `SSL`, `ws` or `wss`.
    pub fn new(subnet: &str, encryption: &str) -> Self {
        let digest = Sha256::new_with_prefix(subnet)
            .chain_update(encryption)
            .chain_update(PROTOCOL_VERSION)
            .finalize();
        Self(base58_integer(&digest).into())
    }

    /// The text of the id, as it stands in handshakes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProtocolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Base58 of the integer that `bytes` spell: unlike base58 of bytes, leading zero bytes leave no leading `1`.
fn base58_integer(bytes: &[u8]) -> String {
    let significant = bytes
        .iter()
        .position(|&byte| byte != 0)
        .map_or(&bytes[..0], |start| &bytes[start..]);
    bs58::encode(significant).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_zero_byte_leaves_no_leading_one() {
        assert_eq!(base58_integer(&[0, 0, 58]), "21");
        assert_eq!(base58_integer(&[0, 0]), "");
    }

    #[test]
    fn ids_are_ordered_as_the_integers_they_spell() {
        let id = |text: &str| NodeId::from_str(text).expect("a short text is an id");
        assert_eq!(id("z").numeric_cmp(&id("21")), Ordering::Less);
        assert_eq!(id("11z").numeric_cmp(&id("z")), Ordering::Equal);
        assert_eq!(id("3a").numeric_cmp(&id("2z")), Ordering::Greater);
    }

    #[test]
    fn an_id_has_between_one_and_the_longest_length() {
        assert_eq!(NodeId::new(&[]), Err(InvalidNodeId(0)));
        assert!(NodeId::new(&[b'a'; MAX_NODE_ID]).is_ok());
        assert_eq!(
            NodeId::new(&[b'a'; MAX_NODE_ID + 1]),
            Err(InvalidNodeId(MAX_NODE_ID + 1))
        );
    }

    #[test]
    fn a_hostile_id_is_escaped_when_shown() {
        let id = NodeId::new(b"a\x1b[2J").expect("five bytes");
        assert_eq!(id.to_string(), "a\\x1b[2J");
    }

    #[test]
    fn a_link_knows_which_side_dialled() {
        assert!(LinkId::dialled(3).is_dialled());
        assert!(!LinkId::accepted(3).is_dialled());
        assert_ne!(LinkId::dialled(3), LinkId::accepted(3));
        let link = LinkId::accepted(3);
        assert_eq!(LinkId::numbered(link.number()), link);
    }
}
