//! The browser: a WebSocket transport, a clock, and the door through which the JavaScript package reaches the core.
//!
//! Runs in a window, in a worker and in Node from version 22: what it needs it finds on the global object. Everything
//! lives on one thread. A browser only dials; nothing here listens, and nothing decides about the mesh.
//!
//! Programs in Rust use the first group, by way of [`MeshSocket`](crate::MeshSocket); the npm package uses the second and
//! brings sockets, timers and promises of its own, so that none of the first is in its wasm.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `transport`, `websocket` | dialling, and one WebSocket as a link |
//! | `clock` | `performance.now()` and `setTimeout` as the core's time |
//! | `page` | hidden, frozen, offline: what a page lives through |
//! | `globals` | what is found on the global object |
//! | `spawn` | a node as a task |
//! | `boundary` | the core for JavaScript: bytes in, bytes out |

mod boundary;
mod clock;
mod globals;
mod page;
mod spawn;
mod transport;
mod websocket;

pub use clock::WebClock;
pub use page::PageWatch;
pub use transport::{WebDial, WebTransport};
pub use websocket::WebLink;
