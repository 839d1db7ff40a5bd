//! The chain of handlers: each message goes to one after the other, until one says that it acted on it.
//!
//! A handler that fails has not acted; whoever runs the chain is told, and the next one is asked.

use core::cell::{Cell, RefCell};

use js_sys::Function;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::promises::promised;

#[derive(Clone)]
struct Handler {
    number: u64,
    function: Function,
}

/// The handlers of one node, in the order in which they were registered.
#[derive(Default)]
pub(super) struct Handlers {
    list: RefCell<Vec<Handler>>,
    registered: Cell<u64>,
}

impl Handlers {
    /// Registers one; the number is for [`Handlers::remove`].
    pub(super) fn add(&self, function: Function) -> u64 {
        let number = self.registered.get();
        self.registered.set(number + 1);
        self.list.borrow_mut().push(Handler { number, function });
        number
    }

    pub(super) fn remove(&self, number: u64) {
        self.list.borrow_mut().retain(|one| one.number != number);
    }

    pub(super) fn clear(&self) {
        self.list.borrow_mut().clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Whether one of those registered now acts on the message. `failed` is told what a handler threw.
    pub(super) async fn act(
        &self,
        message: &JsValue,
        peer: &JsValue,
        failed: impl Fn(&JsValue),
    ) -> bool {
        let asked = self.list.borrow().clone();
        for Handler { number, function } in asked {
            // One before it may have taken its time, and this one its leave.
            if !self.has(number) {
                continue;
            }
            match answer(&function, message, peer).await {
                Ok(true) => return true,
                Ok(false) => {}
                Err(thrown) => failed(&thrown),
            }
        }
        false
    }

    fn has(&self, number: u64) -> bool {
        self.list.borrow().iter().any(|one| one.number == number)
    }
}

/// Nothing but `true` is a yes: a handler that happens to return something has not acted.
async fn answer(function: &Function, message: &JsValue, peer: &JsValue) -> Result<bool, JsValue> {
    let answer = function.call2(&JsValue::UNDEFINED, message, peer)?;
    let answer = match promised(&answer) {
        Some(promise) => JsFuture::from(promise).await?,
        None => answer,
    };
    Ok(answer == JsValue::TRUE)
}
