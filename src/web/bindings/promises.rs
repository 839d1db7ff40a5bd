//! Promises and time: Rust's futures as promises, JavaScript's promises as futures, and waits with an end.

use core::future::Future;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::error::Thrown;

/// What a method returns that takes time.
pub(super) fn promise(future: impl Future<Output = Result<JsValue, Thrown>> + 'static) -> Promise {
    future_to_promise(async move { Ok(future.await?) })
}

/// The promise that a function returned, if it did: anything with a `then`, whoever made it.
pub(super) fn promised(value: &JsValue) -> Option<Promise> {
    let then = value
        .is_object()
        .then(|| Reflect::get(value, &"then".into()).ok())??;
    then.is_function().then(|| Promise::resolve(value))
}

/// What `future` gives within a time, if there is a bound.
pub(super) async fn within<F: Future>(millis: Option<u32>, future: F) -> Option<F::Output> {
    let Some(millis) = millis else {
        return Some(future.await);
    };
    match select(core::pin::pin!(future), TimeoutFuture::new(millis)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}
