//! A mesh node over WebSockets and TCP: the same core as a native relay and in a browser tab.
//!
//! Whoever wants to use a mesh needs [`MeshSocket`] and, on the way to it, [`Builder`]:
//!
//! ```no_run
//! # async fn example() -> Result<(), rs2p::MeshError> {
//! let relay = rs2p::MeshSocket::builder("chat").listen("ws://127.0.0.1:0").spawn().await?;
//! let node = rs2p::MeshSocket::builder("chat").peer(relay.listening()[0].to_string()).spawn().await?;
//! node.joined().await?;
//! node.send("hello").await?;
//! let message = relay.recv().await.expect("the relay is open");
//! assert_eq!(message.decode::<String>()?, "hello");
//! # Ok(())
//! # }
//! ```
//!
//! It speaks protocol 0.7 of the p2p.today family, with py2p and js2p as they are.
//!
//! # The floors
//!
//! Each module knows those below it and none above:
//!
//! | module | its job |
//! | --- | --- |
//! | `testing` | a relay for the tests of others. Native only |
//! | `native`, `web` | a platform: tokio, or a browser. One of the two is compiled |
//! | [`socket`] | what a user holds: [`MeshSocket`], its events and errors |
//! | [`driver`] | one loop that runs a core over any transport and clock |
//! | [`transport`] | the traits of a platform; [`memory`] is one for tests |
//! | [`sim`] | a network of cores on virtual time, for tests |
//! | [`mesh`] | the sans-IO core: who is linked, what is forwarded, what is due |
//! | [`wire`] | frames, messages and values; stateless |
//! | [`id`], [`time`], [`network`], [`address`] | names, moments and places |
//!
//! # Running the core yourself
//!
//! A simulator, or a platform that is neither, drives [`mesh::Mesh`] by hand:
//!
//! 1. Make it of a [`mesh::Config`], an identity and a random seed, and tell it the wall clock.
//! 2. Feed it: `handle_link` what the network does, `handle_command` what the user wants, `handle_timeout` when its one
//!    deadline has come.
//! 3. After each, drain `poll_output` and do what it says, in order.
//! 4. Wait for the next input or for `poll_timeout`. Go to 2.
//!
//! Or implement [`transport::Transport`] and [`transport::Clock`], and let [`driver::Driver`] do that.
//!
//! # What it refuses to do
//!
//! It stores nothing, orders nothing across senders, and proves no author: a message is as true as its sender. It never
//! blocks, and nothing that a peer sends makes it panic or grow beyond the bounds in its configuration.

#![forbid(unsafe_code)]

pub mod address;
pub mod driver;
pub mod id;
pub mod memory;
pub mod mesh;
pub mod network;
mod ordered;
pub mod sim;
pub mod socket;
pub mod time;
pub mod transport;
pub mod wire;

#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use address::{Address, AddressError, Scheme};
pub use id::{MessageId, NodeId};
pub use mesh::{
    CommandError, Config, Departure, Doubt, EndReason, Environment, Failure, Hearsay, Member,
    MemberState, Peer,
};
pub use socket::{
    Builder, Event, EventKind, Events, Fault, InboxLimits, MemberEvent, MemberEvents, MeshError,
    MeshSocket, Message, Messages, Overflow, Replies, RequestOptions, SendOptions, Sent, Status,
    StatusChanges, Topology,
};
pub use wire::{Flag, Interest, Topic, Value};

/// The examples of the README, which are to compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The example for those who come from py2p.
#[cfg(doctest)]
#[doc = include_str!("../docs/COMING_FROM_PY2P.md")]
struct ComingFromPy2p;
