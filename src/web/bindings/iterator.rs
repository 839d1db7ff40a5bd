//! `for await (const message of mesh)`.

use core::cell::Cell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::objects::object;
use super::outlet::Outlet;
use super::promises::promise;

/// An async iterator over the messages of a node. All iterators of one node, and its `recv()`, share them.
#[wasm_bindgen(private, skip_typescript)]
#[derive(Clone)]
pub struct MessageIterator {
    outlet: Rc<Outlet>,
    /// Whether the loop was left.
    left: Rc<Cell<bool>>,
}

impl MessageIterator {
    pub(super) fn new(outlet: &Rc<Outlet>) -> Self {
        Self {
            outlet: outlet.clone(),
            left: Rc::default(),
        }
    }
}

#[wasm_bindgen]
impl MessageIterator {
    #[wasm_bindgen(skip_typescript)]
    pub fn next(&self) -> Promise {
        let iterator = self.clone();
        promise(async move {
            if iterator.left.get() {
                return Ok(done());
            }
            let message = iterator.outlet.receive(None).await;
            Ok(message.map_or_else(done, |message| {
                step(iterator.outlet.message(&message), false)
            }))
        })
    }

    /// What a loop calls that is left early.
    #[wasm_bindgen(js_name = "return", skip_typescript)]
    pub fn leave(&self) -> Promise {
        self.left.set(true);
        Promise::resolve(&done())
    }

    #[wasm_bindgen(js_name = "[Symbol.asyncIterator]", skip_typescript)]
    pub fn itself(&self) -> MessageIterator {
        self.clone()
    }
}

fn done() -> JsValue {
    step(JsValue::UNDEFINED, true)
}

fn step(value: JsValue, done: bool) -> JsValue {
    object([("value", value), ("done", done.into())]).into()
}
