//! The core, node by node on virtual time: natively, and as wasm in a headless browser.
//!
//! In a worker: minutes of tests in a page keep it from answering the driver, which gives a page up after 30 seconds.

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

mod addresses;
mod anchors;
mod by_hand;
mod catch_up;
mod chunking;
mod close;
mod contest;
mod drain;
mod environment;
mod faults;
mod flags;
mod flood;
mod forwarding;
mod greeting;
mod hearsay;
mod heartbeat;
mod hostile;
mod legacy;
mod lending;
mod limits;
mod locating;
mod lookup;
mod mass_failure;
mod neighbourly;
mod newcomers;
mod presence;
mod questions;
mod rates;
mod redial;
mod relays;
mod replay;
mod report;
mod reunion;
mod second_link;
mod sleep;
mod status;
mod topics;
mod trees;
mod world;
