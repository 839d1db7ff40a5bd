//! Who listens to what: the emitter behind `on`, `once`, `off` and `emit`.
//!
//! It keeps Node's rules, for those who come from js2p: a name is any string or symbol, a listener added twice is called
//! twice, `off` takes the latest, and one that is removed while an event is told still hears that event. A listener that
//! throws, or whose promise rejects, costs nobody else the event: what it threw goes to `console.error`.

use core::cell::RefCell;

use js_sys::{Array, Function, Symbol};
use wasm_bindgen::{JsCast, JsValue};

use super::report;

/// What the node itself tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Connect,
    Message,
    Close,
    Error,
    Peers,
}

impl From<Topic> for JsValue {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Connect => "connect",
            Topic::Message => "message",
            Topic::Close => "close",
            Topic::Error => "error",
            Topic::Peers => "peers",
        }
        .into()
    }
}

#[derive(Clone)]
struct Listener {
    event: JsValue,
    function: Function,
    once: bool,
    /// The object that it was added to, and so its `this`.
    this: JsValue,
}

/// The listeners of one node, in the order in which they were added.
#[derive(Default)]
pub(super) struct Listeners {
    list: RefCell<Vec<Listener>>,
}

impl Listeners {
    /// Adds one; with `once`, for one event.
    pub(super) fn add(&self, event: JsValue, function: Function, once: bool, this: JsValue) {
        self.list.borrow_mut().push(Listener {
            event,
            function,
            once,
            this,
        });
    }

    /// Removes the latest that is `function`, if there is one.
    pub(super) fn remove(&self, event: &JsValue, function: &Function) {
        let mut list = self.list.borrow_mut();
        if let Some(at) = list
            .iter()
            .rposition(|one| one.event == *event && one.function == *function)
        {
            list.remove(at);
        }
    }

    /// Removes those for one event.
    pub(super) fn remove_all(&self, event: &JsValue) {
        self.list.borrow_mut().retain(|one| one.event != *event);
    }

    /// Removes all.
    pub(super) fn clear(&self) {
        self.list.borrow_mut().clear();
    }

    /// Those for one event, as they were added.
    pub(super) fn functions(&self, event: &JsValue) -> Array {
        self.list
            .borrow()
            .iter()
            .filter(|one| one.event == *event)
            .map(|one| one.function.clone())
            .collect()
    }

    /// Whether anybody listens: if not, the event need not be built.
    pub(super) fn any(&self, event: &JsValue) -> bool {
        self.list.borrow().iter().any(|one| one.event == *event)
    }

    /// Tells everybody who listens, and says whether anybody did. Each is given the `values` for the object that it was
    /// added to.
    pub(super) fn tell(&self, event: &JsValue, values: impl Fn(&JsValue) -> Array) -> bool {
        let told: Vec<_> = self
            .list
            .borrow()
            .iter()
            .filter(|one| one.event == *event)
            .cloned()
            .collect();
        self.list
            .borrow_mut()
            .retain(|one| one.event != *event || !one.once);
        // Nothing is borrowed from here on: a listener may call anything.
        for one in &told {
            let outcome = one.function.apply(&one.this, &values(&one.this));
            let event = event.clone();
            report::failure(outcome, move || format!("a listener for {}", name(&event)));
        }
        !told.is_empty()
    }
}

/// What to call an event in words.
fn name(event: &JsValue) -> String {
    match event.as_string() {
        Some(name) => format!("\"{name}\""),
        None => event.unchecked_ref::<Symbol>().to_string().into(),
    }
}
