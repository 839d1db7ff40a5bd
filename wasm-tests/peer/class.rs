//! The JavaScript class, tested in JavaScript: the functions of `class.js` throw where it is not what its types promise.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::harness::{harness_with_package, outcome};

#[wasm_bindgen(module = "/wasm-tests/peer/class.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = begins)]
    async fn begins(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = refuses)]
    async fn refuses(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = namesWhatCannotBeSent)]
    async fn names_what_cannot_be_sent(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = keepsTime)]
    async fn keeps_time(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = ends)]
    async fn ends(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = joins)]
    async fn joins(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = carriesValues)]
    async fn carries_values(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = sharesMessages)]
    async fn shares_messages(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = mindsItsListeners)]
    async fn minds_its_listeners(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = tellsOfLosses)]
    async fn tells_of_losses(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = saysWhyItIsRefused)]
    async fn says_why_it_is_refused(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = livesWithThePage)]
    async fn lives_with_the_page(harness: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_begins_with_an_id_of_its_own_and_nobody_else() -> Result<(), JsValue> {
    outcome(begins(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_refuses_what_it_does_not_take() -> Result<(), JsValue> {
    outcome(refuses(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_names_what_cannot_be_sent_by_its_place() -> Result<(), JsValue> {
    outcome(names_what_cannot_be_sent(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_waits_no_longer_than_it_is_told() -> Result<(), JsValue> {
    outcome(keeps_time(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_ends_everything_that_waits_when_it_is_closed() -> Result<(), JsValue> {
    outcome(ends(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_joins_a_relay_and_shows_it() -> Result<(), JsValue> {
    outcome(joins(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_carries_values_of_every_kind() -> Result<(), JsValue> {
    outcome(carries_values(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_gives_each_message_to_every_listener_and_one_taker() -> Result<(), JsValue> {
    outcome(shares_messages(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_minds_its_listeners() -> Result<(), JsValue> {
    outcome(minds_its_listeners(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_tells_of_a_loss_and_of_the_way_back() -> Result<(), JsValue> {
    outcome(tells_of_losses(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_says_why_it_is_refused() -> Result<(), JsValue> {
    outcome(says_why_it_is_refused(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_class_lives_with_its_page() -> Result<(), JsValue> {
    outcome(lives_with_the_page(harness_with_package())).await
}
