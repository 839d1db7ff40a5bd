//! The way from the node's events to JavaScript's, and from the page's life to the node.

use std::rc::Rc;

use futures::StreamExt;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::error::Thrown;
use super::events::Topic;
use super::objects::{self, object};
use super::outlet::Outlet;
use crate::id::NodeId;
use crate::mesh::CloseReason;
use crate::socket::{Event, Events, MeshSocket};
use crate::web::page::PageWatch;

/// Begins to tell what happens in the node, which keeps it running until it is closed, and to tell it what happens to the
/// page.
pub(super) fn start(socket: &MeshSocket, outlet: &Rc<Outlet>) {
    // Subscribed now, so that nothing is missed between this and the task's first turn.
    spawn_local(pump(outlet.clone(), socket.clone(), socket.events()));
}

async fn pump(outlet: Rc<Outlet>, socket: MeshSocket, mut events: Events) {
    let watch = watch(&socket);
    let mut ended_here = None;
    while let Some(event) = events.next().await {
        tell(&outlet, &socket, event, &mut ended_here);
    }
    drop(watch);
    let last = || closed(JsValue::NULL, "closed", "the node was closed");
    outlet.end(last).await;
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

fn tell(outlet: &Rc<Outlet>, socket: &MeshSocket, event: Event, ended_here: &mut EndedHere) {
    let topology = || objects::topology(socket.id(), &socket.topology());
    match event {
        Event::Connected => outlet.tell_connect(),
        Event::Message(message) => {
            // What waits for Rust's takers is the same, and there are none.
            drop(socket.try_recv());
            outlet.handle_message(message);
        }
        Event::Flagged(message) => outlet.handle_message(message),
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
        } => outlet.tell_fault(error.into()),
        Event::Lagged(missed) => outlet.tell_fault(Thrown::lagged(missed)),
        Event::Gap { unknown } => outlet.tell_fault(Thrown::gap(unknown)),
        Event::DialFailed { .. } | Event::LinkClosed { .. } | Event::Disconnected => {}
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
