//! What is found on the global object, whether that is a window's, a worker's or Node's.
//!
//! Everything is looked up by name and may be missing; nothing here assumes a `window`.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Crypto, EventTarget, Performance};

/// `globalThis[name]`, unless undefined or null.
pub(super) fn named(name: &str) -> Option<JsValue> {
    property(&js_sys::global(), name)
}

/// `object[name]`, unless undefined, null or throwing.
pub(super) fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &name.into())
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

/// The monotonic clock of the page, worker or process.
pub(super) fn performance() -> Option<Performance> {
    // By shape, not by `instanceof`: a window's class is not a worker's, and Node names no class of it.
    named("performance")
        .filter(|found| has_method(found, "now"))
        .map(JsCast::unchecked_into)
}

/// The global object, if it sends events: Node's does not.
pub(super) fn global() -> Option<EventTarget> {
    event_target(js_sys::global().into())
}

/// The document, which only a window has.
pub(super) fn document() -> Option<EventTarget> {
    named("document").and_then(event_target)
}

fn event_target(object: JsValue) -> Option<EventTarget> {
    has_method(&object, "addEventListener").then(|| object.unchecked_into())
}

/// Whether the page came over TLS, where a browser refuses to dial `ws://`.
pub(super) fn is_secure_page() -> bool {
    let protocol = named("location").and_then(|location| property(&location, "protocol"));
    protocol.is_some_and(|protocol| protocol == "https:")
}

/// Bytes from the platform's generator; `None` where there is none.
pub(super) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let crypto: Crypto = named("crypto")
        .filter(|found| has_method(found, "getRandomValues"))?
        .unchecked_into();
    crypto.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes)
}

fn has_method(object: &JsValue, name: &str) -> bool {
    property(object, name).is_some_and(|method| method.is_function())
}
