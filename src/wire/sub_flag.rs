//! The numbers that say what a message is about: the first item of a payload.
//!
//! Values below [`RESERVED_BELOW`] belong to the protocol, 0x40 to 0x7f to our extensions, which only nodes that announced
//! them are sent. All others are the application's own ([`Flag`](super::Flag)).

/// A message for everyone's application.
pub const BROADCAST: u64 = 0x00;
/// In a renegotiation: the compressions of the link.
pub const COMPRESSION: u64 = 0x01;
/// A message for the neighbour's application.
pub const WHISPER: u64 = 0x02;
/// Reserved, used by none.
pub const PING: u64 = 0x03;
/// Reserved, used by none.
pub const PONG: u64 = 0x04;
/// The first word on a link.
pub const HANDSHAKE: u64 = 0x05;
/// Reserved.
pub const NOTIFY: u64 = 0x06;
/// A list of peers.
pub const PEERS: u64 = 0x07;
/// Asks for the peer list, or for the address of a node.
pub const REQUEST: u64 = 0x08;
/// In a renegotiation: asks for the last message again.
pub const RESEND: u64 = 0x09;
/// Answers a request for the address of a node.
pub const RESPONSE: u64 = 0x0a;
/// Reserved.
pub const STORE: u64 = 0x0b;
/// Reserved.
pub const RETRIEVE: u64 = 0x0c;
/// Reserved.
pub const RETRIEVED: u64 = 0x0d;
/// A whisper for a node further away.
pub const FORWARD: u64 = 0x0e;
/// Reserved.
pub const NEW_PATHS: u64 = 0x0f;
/// Reserved.
pub const REVOKE_PATHS: u64 = 0x10;
/// Reserved.
pub const DELTA: u64 = 0x11;
/// Everything below belongs to the protocol; applications use none of it.
pub const RESERVED_BELOW: u64 = 0x30;
/// Asks a capable neighbour whether it lives.
pub const HEARTBEAT_PING: u64 = 0x40;
/// Answers a heartbeat.
pub const HEARTBEAT_PONG: u64 = 0x41;
/// Names broadcasts that could be had here.
pub const ANNOUNCE: u64 = 0x42;
/// Asks for broadcasts that were announced, and for their sources' next ones without asking.
pub const GRAFT: u64 = 0x43;
/// Asks that broadcasts of one source, or of all, be announced only.
pub const PRUNE: u64 = 0x44;
/// Names all broadcasts that could be had here, to a new neighbour.
pub const HISTORY: u64 = 0x45;
/// Asks for broadcasts that were named.
pub const FETCH: u64 = 0x46;
/// Tells where nodes can be dialled.
pub const ADDRESSES: u64 = 0x47;
/// Names broadcasts that were asked for and cannot be had any more.
pub const GONE: u64 = 0x48;
/// Tells which broadcasts are wanted.
pub const INTEREST: u64 = 0x49;
/// Tells who is in the mesh.
pub const PRESENCE: u64 = 0x4a;
/// Says that the neighbour is about to sleep.
pub const SLEEP: u64 = 0x4b;
/// Ours end here: from here up a number is the application's own again.
pub const OWN_BELOW: u64 = 0x80;

/// Whether a message with this number is for the application: a plain one, or one of its own.
pub const fn is_application(number: u64) -> bool {
    matches!(number, BROADCAST | WHISPER | RESERVED_BELOW..HEARTBEAT_PING | OWN_BELOW..)
}
