//! JavaScript methods that see their `this`.
//!
//! wasm-bindgen gives a method its Rust value, not the object that it was called on; but `on(…)` has to return that very
//! object, and a message is a plain object whose `reply()` reads it. A `Proxy` sees `this` and needs no code to be
//! evaluated, which a page may forbid.

use js_sys::{Array, Function, Object, Proxy, Reflect};
use wasm_bindgen::prelude::*;

/// A function that is called with its `this` and its arguments.
pub(super) fn method(
    call: impl Fn(JsValue, Array) -> Result<JsValue, JsValue> + 'static,
) -> Result<JsValue, JsValue> {
    let apply = move |_: JsValue, this: JsValue, arguments: Array| call(this, arguments);
    let apply = Closure::<dyn Fn(JsValue, JsValue, Array) -> Result<JsValue, JsValue>>::new(apply)
        .into_js_value();
    let handler = Object::new();
    Reflect::set(&handler, &"apply".into(), &apply)?;
    // Any function will do as what it stands for, as calls never reach it.
    Ok(Proxy::new(&apply, &handler).into())
}

/// Makes `names`, methods of the class of `instance`, take the object that they are called on as one more argument, behind
/// `arity` others. For the whole class; to be done once.
pub(super) fn hand_over(instance: &JsValue, names: &[&str], arity: u32) -> Result<(), JsValue> {
    let prototype = Reflect::get_prototype_of(instance)?;
    for name in names {
        let inner: Function = Reflect::get(&prototype, &(*name).into())?.unchecked_into();
        let outer = method(move |this, arguments| {
            let arguments: Array = (0..arity)
                .map(|at| arguments.get(at))
                .chain([this.clone()])
                .collect();
            inner.apply(&this, &arguments)
        })?;
        Reflect::set(&prototype, &(*name).into(), &outer)?;
    }
    Ok(())
}
