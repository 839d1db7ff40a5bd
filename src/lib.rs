//! A mesh node over WebSockets and TCP: the same core as a native relay and in a browser tab.

#![forbid(unsafe_code)]

pub mod address;
pub mod driver;
pub mod id;
pub mod memory;
pub mod mesh;
pub mod socket;
pub mod time;
pub mod transport;
pub mod wire;

pub use address::{Address, AddressError, Scheme};
pub use id::{MessageId, NodeId};
pub use mesh::{CommandError, Config, Environment, Failure, Peer};
pub use socket::{
    Builder, Event, Events, MeshError, MeshSocket, Message, Sent, Status, Topology,
};
pub use wire::Value;
