//! Who listens to what: the emitter behind `on`, `once` and `off`.
//!
//! It keeps Node's rules, for those who come from js2p: a listener added twice is called twice, `off` takes the latest,
//! and one that is removed while an event is told still hears that event. A listener that throws costs nobody else
//! the event: what it threw goes to `console.error`.

use core::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(what: &str, thrown: &JsValue);
}

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Connect,
    Message,
    Close,
    Error,
    Peers,
}

impl Topic {
    const ALL: [Self; 5] = [
        Self::Connect,
        Self::Message,
        Self::Close,
        Self::Error,
        Self::Peers,
    ];

    /// The topic of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// All names, for people.
    pub(super) fn names() -> String {
        Self::ALL
            .map(|topic| format!("\"{}\"", topic.name()))
            .join(", ")
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Message => "message",
            Self::Close => "close",
            Self::Error => "error",
            Self::Peers => "peers",
        }
    }
}

#[derive(Clone)]
struct Listener {
    topic: Topic,
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
    pub(super) fn add(&self, topic: Topic, function: Function, once: bool, this: JsValue) {
        self.list.borrow_mut().push(Listener {
            topic,
            function,
            once,
            this,
        });
    }

    /// Removes the latest that is `function`, if there is one.
    pub(super) fn remove(&self, topic: Topic, function: &Function) {
        let mut list = self.list.borrow_mut();
        if let Some(at) = list
            .iter()
            .rposition(|one| one.topic == topic && one.function == *function)
        {
            list.remove(at);
        }
    }

    /// Removes all.
    pub(super) fn clear(&self) {
        self.list.borrow_mut().clear();
    }

    /// Whether anybody listens: if not, the event need not be built.
    pub(super) fn any(&self, topic: Topic) -> bool {
        self.list.borrow().iter().any(|one| one.topic == topic)
    }

    /// Tells everybody who listens. Each is given its own `value`, made by `value` from the object that it was added to.
    pub(super) fn tell(&self, topic: Topic, value: impl Fn(&JsValue) -> JsValue) {
        let told: Vec<_> = self
            .list
            .borrow()
            .iter()
            .filter(|one| one.topic == topic)
            .cloned()
            .collect();
        self.list
            .borrow_mut()
            .retain(|one| one.topic != topic || !one.once);
        // Nothing is borrowed from here on: a listener may call anything.
        for one in told {
            if let Err(thrown) = one.function.call1(&one.this, &value(&one.this)) {
                console_error(
                    &format!("a listener for \"{}\" threw:", topic.name()),
                    &thrown,
                );
            }
        }
    }
}
