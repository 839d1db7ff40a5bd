//! What the package has beyond the members of its relatives: the functions of `rooms.js` throw where one is not what its
//! declarations promise.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::harness::{harness_with_package, outcome};

#[wasm_bindgen(module = "/wasm-tests/peer/rooms.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = joins)]
    async fn joins(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = tellsItsStatus)]
    async fn tells_its_status(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = sendsWhenThereArePeers)]
    async fn sends_when_there_are_peers(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = iterates)]
    async fn iterates(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = showsBodies)]
    async fn shows_bodies(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = spreadsTopics)]
    async fn spreads_topics(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = asksAndAnswers)]
    async fn asks_and_answers(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = seesWhoIsThere)]
    async fn sees_who_is_there(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = boundsWhatWaits)]
    async fn bounds_what_waits(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = whispersWithinATime)]
    async fn whispers_within_a_time(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = keepsIdentities)]
    async fn keeps_identities(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = loadsOnce)]
    async fn loads_once(harness: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn join_resolves_in_the_mesh_and_says_why_it_does_not() -> Result<(), JsValue> {
    outcome(joins(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_status_is_told_from_the_first_to_the_last() -> Result<(), JsValue> {
    outcome(tells_its_status(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_send_can_wait_for_a_peer() -> Result<(), JsValue> {
    outcome(sends_when_there_are_peers(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn every_loop_has_all_messages_and_ends_with_its_signal_or_the_node() -> Result<(), JsValue> {
    outcome(iterates(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_body_is_text_bytes_or_json_as_one_likes() -> Result<(), JsValue> {
    outcome(shows_bodies(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_node_that_narrowed_its_interest_is_sent_its_topics_alone() -> Result<(), JsValue> {
    outcome(spreads_topics(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_question_is_answered_by_one_or_by_many() -> Result<(), JsValue> {
    outcome(asks_and_answers(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn members_are_told_and_replayed_to_who_listens_late() -> Result<(), JsValue> {
    outcome(sees_who_is_there(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_full_queue_drops_the_oldest_or_the_newest_or_closes_and_tells() -> Result<(), JsValue> {
    outcome(bounds_what_waits(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_whisper_and_a_reply_wait_no_longer_than_they_are_told() -> Result<(), JsValue> {
    outcome(whispers_within_a_time(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn an_identity_is_kept_and_has_one_owner() -> Result<(), JsValue> {
    outcome(keeps_identities(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_package_loads_once_and_leaves_nothing_to_free() -> Result<(), JsValue> {
    outcome(loads_once(harness_with_package())).await
}
