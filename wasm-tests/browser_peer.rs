//! A tab as a node of the mesh: the Rust API and the JavaScript class, in a real browser.
//!
//! What needs no other node is tested in `peer/alone.rs`. What does is in `peer/joined.rs`, whose tests are ignored unless
//! asked for: `cargo xtask test peer` starts the native nodes' harness, names its URL in `RS2P_HARNESS` and asks.
#![cfg(target_arch = "wasm32")]

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod peer {
    mod alone;
    mod class;
    mod harness;
    mod joined;
    mod members;
    mod rooms;
}
