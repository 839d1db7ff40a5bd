//! The native platform, on tokio: TCP and WebSocket links, with TLS or without, listeners that also serve a page, and a
//! clock.
//!
//! Stands below the driver, as one implementor of its traits. Bytes pass through untouched: nothing here knows what a
//! frame says, who a peer is, or when to dial. No task is spawned, all of it is polled in the driver's one task.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `transport` | dials and listens: [`NativeTransport`] |
//! | `dial`, `opening`, `listener` | how a link comes to be, from either end |
//! | `http`, `files` | what a WebSocket listener says to plain HTTP |
//! | `tls` | TLS: whom to trust, and what to show |
//! | `link`, `tcp`, `websocket` | a link, over any byte stream |
//! | `stream` | the byte streams that there are: TCP, and TLS over it |
//! | `framing` | the frames of a WebSocket, without I/O |
//! | `queued`, `socket` | writes that wait and are counted; reads without idle memory; socket options |
//! | `clock` | tokio's time as the core's |
//! | `identity` | a node's id in a file |
//! | `spawn` | a node as a task |

mod clock;
mod dial;
mod files;
mod framing;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod identity;
mod link;
mod listener;
mod opening;
mod queued;
mod socket;
mod spawn;
mod stream;
mod tcp;
#[cfg(test)]
mod testing;
mod tls;
mod transport;
mod websocket;

pub use clock::TokioClock;
pub use link::NativeLink;
pub use listener::ListenError;
pub use tls::{Authorities, Fingerprint, ServerIdentity, TlsError, TlsOptions, Trust};
pub use transport::{NativeDial, NativeTransport, TransportOptions};
