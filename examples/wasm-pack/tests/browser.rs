//! Runs in a real browser against a real relay: `rs2p with-relay -- wasm-pack test --headless --chrome`.

#![cfg(target_arch = "wasm32")]

use guestbook::GuestBook;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Where `rs2p with-relay` has put the relay.
const RELAY: &str = env!("RS2P_RELAY", "run: rs2p with-relay -- wasm-pack test --headless --chrome");

#[wasm_bindgen_test]
async fn what_one_page_writes_another_reads() {
    let mut ann = GuestBook::open(RELAY).await.expect("a relay");
    let mut ben = GuestBook::open(RELAY).await.expect("a relay");
    ann.write("Ann was here").await.expect("a peer");
    assert_eq!(ben.read().await, Some("Ann was here"));
}
