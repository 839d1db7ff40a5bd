//! The life of the page, told to the node: seen or hidden, frozen or running, network or none.
//!
//! A worker has only the network, Node nothing of this; there, nothing is told.

use js_sys::Reflect;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

use super::globals;
use crate::mesh::Environment;

/// What the document tells of itself (HTML; Page Lifecycle).
const OF_THE_DOCUMENT: [&str; 3] = ["visibilitychange", "freeze", "resume"];

/// What the window tells, and of these a worker `online` and `offline`.
const OF_THE_GLOBAL: [&str; 4] = ["pagehide", "pageshow", "online", "offline"];

/// A watch over the page, for those who run a node in it from Rust. Dropping it removes its listeners.
///
/// ```no_run
/// # #[cfg(target_arch = "wasm32")]
/// # fn watch(mesh: rs2p::MeshSocket) -> rs2p::web::PageWatch {
/// use rs2p::web::PageWatch;
///
/// PageWatch::new(move |environment| {
///     let mesh = mesh.clone();
///     wasm_bindgen_futures::spawn_local(async move { drop(mesh.notice(environment).await) });
/// })
/// # }
/// ```
pub struct PageWatch {
    watched: Vec<(EventTarget, &'static str)>,
    listener: Closure<dyn FnMut(Event)>,
}

impl PageWatch {
    /// Calls `tell` with whatever happens to the page.
    pub fn new(tell: impl Fn(Environment) + 'static) -> Self {
        let listener = Closure::<dyn FnMut(Event)>::new(move |event| {
            if let Some(environment) = environment(&event) {
                tell(environment);
            }
        });
        let of = |target: Option<EventTarget>, names: &'static [&'static str]| {
            target
                .into_iter()
                .flat_map(move |target| names.iter().map(move |name| (target.clone(), *name)))
        };
        let watched: Vec<_> = of(globals::document(), &OF_THE_DOCUMENT)
            .chain(of(globals::global(), &OF_THE_GLOBAL))
            .collect();
        for (target, name) in &watched {
            let _ =
                target.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        Self { watched, listener }
    }
}

impl Drop for PageWatch {
    fn drop(&mut self) {
        for (target, name) in &self.watched {
            let _ = target
                .remove_event_listener_with_callback(name, self.listener.as_ref().unchecked_ref());
        }
    }
}

fn environment(event: &Event) -> Option<Environment> {
    match event.type_().as_str() {
        "visibilitychange" if is_hidden() => Some(Environment::Hidden),
        "visibilitychange" => Some(Environment::Visible),
        "freeze" => Some(Environment::Frozen),
        "resume" => Some(Environment::Resumed),
        // Kept for a way back, or gone for good: nobody knows yet.
        "pagehide" => Some(Environment::Leaving),
        // The first showing of a page is no return.
        "pageshow" => is_return(event).then_some(Environment::Resumed),
        "online" => Some(Environment::Online),
        "offline" => Some(Environment::Offline),
        _ => None,
    }
}

fn is_hidden() -> bool {
    let state =
        globals::document().and_then(|document| globals::property(&document, "visibilityState"));
    state.is_some_and(|state| state == "hidden")
}

fn is_return(event: &Event) -> bool {
    Reflect::get(event, &"persisted".into()).is_ok_and(|persisted| persisted.is_truthy())
}
