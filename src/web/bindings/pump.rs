//! The way from the node's events to JavaScript's listeners, and from the page's life to the node.

use std::rc::Rc;

use futures::StreamExt;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::error::Thrown;
use super::events::{Listeners, Topic};
use super::objects::{self, Messages, object};
use crate::id::NodeId;
use crate::mesh::CloseReason;
use crate::socket::{Event, Events, MeshSocket, Message};
use crate::web::page::PageWatch;

/// Where one node's events go.
pub(super) struct Outlet {
    pub(super) listeners: Listeners,
    messages: Messages,
}

impl Outlet {
    /// Begins to tell what happens in the node, which keeps it running until it is closed, and to tell it what happens to
    /// the page.
    pub(super) fn open(socket: &MeshSocket) -> Result<Rc<Self>, JsValue> {
        let outlet = Rc::new(Self {
            listeners: Listeners::default(),
            messages: Messages::new(socket)?,
        });
        // Subscribed now, so that nothing is missed between this and the task's first turn.
        spawn_local(pump(outlet.clone(), socket.clone(), socket.events()));
        Ok(outlet)
    }

    /// A message as JavaScript sees it.
    pub(super) fn message(&self, message: &Message) -> JsValue {
        self.messages.object(message)
    }

    fn tell(&self, topic: Topic, value: impl FnOnce() -> JsValue) {
        if self.listeners.any(topic) {
            let value = value();
            self.listeners.tell(topic, |_| value.clone());
        }
    }
}

async fn pump(outlet: Rc<Outlet>, socket: MeshSocket, mut events: Events) {
    let watch = watch(&socket);
    let mut ended_here = None;
    while let Some(event) = events.next().await {
        tell(&outlet, &socket, event, &mut ended_here);
    }
    drop(watch);
    outlet.tell(Topic::Close, || {
        closed(JsValue::NULL, "closed", "the node was closed")
    });
    // They may hold the objects of the class, which hold this.
    outlet.listeners.clear();
}

fn watch(socket: &MeshSocket) -> PageWatch {
    let socket = socket.clone();
    PageWatch::new(move |environment| {
        let socket = socket.clone();
        // A node that has closed meanwhile does not mind.
        spawn_local(async move { drop(socket.notice(environment).await) });
    })
}

/// A link that this node closed, of whose end as a peer the next event tells.
type EndedHere = Option<(NodeId, CloseReason)>;

fn tell(outlet: &Outlet, socket: &MeshSocket, event: Event, ended_here: &mut EndedHere) {
    let topology = || objects::topology(socket.id(), &socket.topology());
    match event {
        Event::Connected => outlet.listeners.tell(Topic::Connect, JsValue::clone),
        Event::Message(message) => outlet.tell(Topic::Message, || outlet.message(&message)),
        Event::PeerUp(_) | Event::TopologyChanged => outlet.tell(Topic::Peers, topology),
        Event::LinkClosed {
            node: Some(node),
            reason,
            ..
        } => *ended_here = Some((node, reason)),
        Event::PeerDown { node, reason } => {
            let by_us = ended_here
                .take()
                .filter(|(ended, _)| *ended == node)
                .map(|(_, reason)| reason);
            outlet.tell(Topic::Close, || {
                closed(objects::id(&node), close_code(by_us.as_ref()), &reason)
            });
            outlet.tell(Topic::Peers, topology);
        }
        // A dial that is not repeated is a promise's to report, or an address that only a peer named.
        Event::DialFailed {
            error,
            retry_in: Some(_),
            ..
        } => {
            outlet.tell(Topic::Error, || Thrown::from(error).into());
        }
        Event::Lagged(missed) => outlet.tell(Topic::Error, || Thrown::lagged(missed).into()),
        Event::Flagged(_)
        | Event::DialFailed { .. }
        | Event::LinkClosed { .. }
        | Event::Disconnected => {}
    }
}

fn close_code(by_us: Option<&CloseReason>) -> &'static str {
    match by_us {
        Some(CloseReason::Disconnected) => "disconnected",
        Some(CloseReason::Shutdown) => "closed",
        _ => "lost",
    }
}

fn closed(peer: JsValue, code: &str, reason: &str) -> JsValue {
    object([
        ("peer", peer),
        ("code", code.into()),
        ("reason", reason.into()),
    ])
    .into()
}
