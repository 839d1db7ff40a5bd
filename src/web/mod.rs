//! The browser: a WebSocket transport, a clock, and the class `MeshSocket` that JavaScript holds.
//!
//! Runs in a window, in a worker and in Node from version 22: what it needs it finds on the global object. Everything
//! lives on one thread. A browser only dials; nothing here listens, and nothing decides about the mesh.
//!
//! | module | its one idea |
//! | --- | --- |
//! | `transport`, `websocket` | dialling, and one WebSocket as a link |
//! | `clock` | `performance.now()` and `setTimeout` as the core's time |
//! | `page` | hidden, frozen, offline: what a page lives through |
//! | `globals` | what is found on the global object |
//! | `spawn` | a node as a task |
//! | `bindings` | the JavaScript class: it converts and never decides |

mod bindings;
mod clock;
mod globals;
mod page;
mod spawn;
mod transport;
mod websocket;

pub use clock::WebClock;
pub use transport::{WebDial, WebTransport};
pub use websocket::WebLink;
