//! What the class has of py2p's and js2p's members besides: the functions of `members.js` throw where one is not what its
//! types promise.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use super::harness::{harness_with_package, outcome};

#[wasm_bindgen(module = "/wasm-tests/peer/members.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = handlersTakeMessages)]
    async fn handlers_take_messages(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = handlersHaveAnOrder)]
    async fn handlers_have_an_order(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = handlersMayFail)]
    async fn handlers_may_fail(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = handlersCanGo)]
    async fn handlers_can_go(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = messagesWaitForHandlers)]
    async fn messages_wait_for_handlers(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = handlersCannotHoldTheEnd)]
    async fn handlers_cannot_hold_the_end(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = refusesNoFunctions)]
    async fn refuses_no_functions(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = emits)]
    async fn emits(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = showsListeners)]
    async fn shows_listeners(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = listenersMayTakeTime)]
    async fn listeners_may_take_time(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = takesByNumber)]
    async fn takes_by_number(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = tellsWhatWasDropped)]
    async fn tells_what_was_dropped(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = showsItsPeers)]
    async fn shows_its_peers(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = looksBeyondItsPeers)]
    async fn looks_beyond_its_peers(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = flagsAreForHandlers)]
    async fn flags_are_for_handlers(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = peersKeepToThemselves)]
    async fn peers_keep_to_themselves(harness: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = refusesFlags)]
    async fn refuses_flags(harness: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_handler_that_acts_keeps_the_message_from_everybody_else() -> Result<(), JsValue> {
    outcome(handlers_take_messages(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn handlers_are_asked_in_their_order_and_only_true_ends_the_chain() -> Result<(), JsValue> {
    outcome(handlers_have_an_order(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_handler_that_fails_has_not_acted_and_is_reported() -> Result<(), JsValue> {
    outcome(handlers_may_fail(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_handler_that_is_unregistered_is_asked_no_more() -> Result<(), JsValue> {
    outcome(handlers_can_go(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn messages_wait_behind_a_slow_handler_and_other_events_do_not() -> Result<(), JsValue> {
    outcome(messages_wait_for_handlers(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_handler_that_never_ends_does_not_keep_the_node_from_ending() -> Result<(), JsValue> {
    outcome(handlers_cannot_hold_the_end(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn what_is_no_function_name_or_number_is_refused() -> Result<(), JsValue> {
    outcome(refuses_no_functions(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn emit_calls_every_listener_with_its_values_and_says_whether_there_was_one()
-> Result<(), JsValue> {
    outcome(emits(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn listeners_are_shown_as_a_copy_and_removed_one_by_one_or_all() -> Result<(), JsValue> {
    outcome(shows_listeners(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_listener_may_be_asynchronous_and_what_it_throws_is_reported() -> Result<(), JsValue> {
    outcome(listeners_may_take_time(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn recv_with_a_quantity_takes_what_waits_and_no_more() -> Result<(), JsValue> {
    outcome(takes_by_number(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn messages_that_nobody_took_in_time_are_told_of() -> Result<(), JsValue> {
    outcome(tells_what_was_dropped(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn the_links_and_the_routing_table_are_there_to_look_at() -> Result<(), JsValue> {
    outcome(shows_its_peers(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn asking_the_peers_for_theirs_shows_the_links_beyond() -> Result<(), JsValue> {
    outcome(looks_beyond_its_peers(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_flag_of_ones_own_goes_both_ways_and_reaches_handlers_alone() -> Result<(), JsValue> {
    outcome(flags_are_for_handlers(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn what_is_sent_to_the_peers_goes_no_further() -> Result<(), JsValue> {
    outcome(peers_keep_to_themselves(harness_with_package())).await
}

#[wasm_bindgen_test]
#[ignore = "needs the harness: cargo xtask test peer"]
async fn a_reserved_flag_is_refused_before_anything_is_sent() -> Result<(), JsValue> {
    outcome(refuses_flags(harness_with_package())).await
}
