//! The simulator itself: natively, and as wasm in a headless browser.

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

mod applications;
mod faults;
mod figures;
mod presence;
mod relatives;
mod replay;
mod scenarios;
mod worlds;
