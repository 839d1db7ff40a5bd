//! What a page's own code throws, or its promises reject with: told on the console, which is where people look.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::promises::promised;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(what: &str, thrown: &JsValue);
}

/// Writes that `who` threw something.
pub(super) fn thrown(who: &str, thrown: &JsValue) {
    console_error(&format!("{who} threw:"), thrown);
}

/// Reports what came of a call if that is a failure, now or once its promise is settled; nobody waits for that.
pub(super) fn failure(outcome: Result<JsValue, JsValue>, who: impl Fn() -> String + 'static) {
    match outcome.map(|value| promised(&value)) {
        Ok(None) => {}
        Ok(Some(promise)) => spawn_local(async move {
            if let Err(reason) = JsFuture::from(promise).await {
                thrown(&who(), &reason);
            }
        }),
        Err(error) => thrown(&who(), &error),
    }
}
