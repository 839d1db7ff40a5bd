//! The native platform, on tokio: TCP and WebSocket links, with TLS or without, listeners that also serve a page, and a
//! clock.
//!
//! Stands below the driver, as one implementor of its traits. Bytes pass through untouched: nothing here knows what a
//! frame says, who a peer is, or when to dial. No task is spawned, all of it is polled in the driver's one task.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `transport` | dials and listens: [`NativeTransport`] |
//! | `dial`, `opening` | how a link comes to be that is dialled |
//! | `listener`, `lobby` | how one comes to be that is accepted: a port, and what a connection goes through behind it |
//! | `house`, `crowd`, `census`, `notices` | how many strangers and links there may be, and who makes room |
//! | `http`, `files` | what a WebSocket listener says to plain HTTP, and what a visit may take |
//! | `upgrade`, `origins`, `proxy` | who asks for a WebSocket: by the rules, from which page, through which proxy |
//! | `reports` | what it says there of its node: [`Reports`] |
//! | `tls` | TLS: whom to trust, and what to show |
//! | `link`, `tcp`, `websocket` | a link, over any byte stream |
//! | `stream`, `straight` | the byte streams that there are: TCP, and TLS over it; how the first is written to |
//! | `metered` | what is read for a TLS session, against what comes of it |
//! | `framing`, `masking` | the frames of a WebSocket, without I/O |
//! | `patience` | how long a peer is borne that sends frames of nothing |
//! | `queued`, `waiting`, `socket` | writes that wait and are counted; reads without idle memory; socket options |
//! | `clock` | tokio's time as the core's |
//! | `identity` | a node's id in a file |
//! | `spawn` | a node as a task |

mod census;
mod clock;
mod crowd;
mod dial;
mod files;
mod framing;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod house;
mod http;
mod identity;
mod link;
mod listener;
mod lobby;
mod masking;
mod metered;
mod notices;
mod opening;
mod origins;
mod patience;
mod proxy;
mod queued;
mod reports;
mod room;
mod socket;
mod spawn;
#[cfg_attr(not(target_os = "linux"), path = "straight/elsewhere.rs")]
mod straight;
mod stream;
mod tcp;
#[cfg(test)]
mod testing;
mod tls;
mod transport;
mod upgrade;
mod waiting;
mod websocket;
mod wrapping;

pub use clock::TokioClock;
pub use link::NativeLink;
pub use listener::ListenError;
pub use origins::{OriginError, Origins};
pub use reports::{Reports, UnknownReports};
pub use tls::{Authorities, Fingerprint, ServerIdentity, TlsError, TlsOptions, Trust};
pub use transport::{NativeDial, NativeTransport, TransportOptions};
