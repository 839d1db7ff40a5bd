//! The part of the class that is an emitter: `on`, `once`, `off`, `emit` and the looks at who listens.

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;

use super::{JsMeshSocket, options, this};

/// Those that take the object that they are called on, behind two other arguments.
const SEE_THIS: [&str; 4] = ["on", "once", "off", "removeAllListeners"];

#[wasm_bindgen(js_class = MeshSocket)]
impl JsMeshSocket {
    #[wasm_bindgen(skip_typescript)]
    pub fn on(&self, event: JsValue, listener: JsValue, this: JsValue) -> Result<JsValue, JsValue> {
        self.listen(event, listener, false, this)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn once(
        &self,
        event: JsValue,
        listener: JsValue,
        this: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.listen(event, listener, true, this)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn off(
        &self,
        event: JsValue,
        listener: JsValue,
        this: JsValue,
    ) -> Result<JsValue, JsValue> {
        let listener = options::function(listener, "listener")?;
        self.outlet
            .listeners
            .remove(&options::event(event)?, &listener);
        Ok(this)
    }

    #[wasm_bindgen(js_name = removeAllListeners, skip_typescript)]
    pub fn remove_all_listeners(
        &self,
        event: JsValue,
        _: JsValue,
        this: JsValue,
    ) -> Result<JsValue, JsValue> {
        if event.is_undefined() || event.is_null() {
            self.outlet.listeners.clear();
        } else {
            self.outlet.listeners.remove_all(&options::event(event)?);
        }
        Ok(this)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn listeners(&self, event: JsValue) -> Result<Array, JsValue> {
        Ok(self.outlet.listeners.functions(&options::event(event)?))
    }

    #[wasm_bindgen(variadic, skip_typescript)]
    pub fn emit(&self, event: JsValue, values: Array) -> Result<bool, JsValue> {
        let event = options::event(event)?;
        Ok(self.outlet.listeners.tell(&event, |_| values.clone()))
    }

    fn listen(
        &self,
        event: JsValue,
        listener: JsValue,
        once: bool,
        this: JsValue,
    ) -> Result<JsValue, JsValue> {
        let (event, listener) = (
            options::event(event)?,
            options::function(listener, "listener")?,
        );
        self.outlet
            .listeners
            .add(event, listener, once, this.clone());
        Ok(this)
    }
}

/// Does to the class what wasm-bindgen cannot, given one of its objects.
pub(super) fn finish(instance: &JsValue) -> Result<(), JsValue> {
    this::hand_over(instance, &SEE_THIS, 2)?;
    let prototype = Reflect::get_prototype_of(instance)?;
    let off = Reflect::get(&prototype, &"off".into())?;
    Reflect::set(&prototype, &"removeListener".into(), &off).map(drop)
}
