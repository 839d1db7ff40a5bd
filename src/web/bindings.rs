//! The JavaScript class `MeshSocket`. What it promises is written in `bindings/mesh.d.ts`, which is its documentation.
//!
//! It converts and never decides: every method checks its arguments, asks the Rust [`MeshSocket`], and turns the answer
//! into a JavaScript value. Nothing that JavaScript passes in or throws can trap, and no borrow is held while foreign
//! code runs.

mod emitter;
mod error;
mod events;
mod from_js;
mod handlers;
mod inbox;
mod iterator;
mod objects;
mod options;
mod outlet;
mod promises;
mod pump;
mod report;
mod this;
mod to_js;

use core::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Map, Promise, Reflect, Symbol};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::driver::Until;
use crate::id::{NodeId, ProtocolId};
use crate::mesh::DEFAULT_SUBNET;
use crate::socket::{MeshError, MeshSocket};
use crate::wire::RawPackets;
use error::Thrown;
use iterator::MessageIterator;
use options::Options;
use outlet::Outlet;
use promises::{promise, within};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("bindings/mesh.d.ts");

thread_local! {
    /// Whether the class was finished by [`finish_class`].
    static FINISHED: Cell<bool> = const { Cell::new(false) };
}

/// The class. Its wrapper objects come and go; the node runs until `close()`.
#[wasm_bindgen(js_name = MeshSocket, skip_typescript)]
pub struct JsMeshSocket {
    socket: MeshSocket,
    outlet: Rc<Outlet>,
}

#[wasm_bindgen(js_class = MeshSocket)]
impl JsMeshSocket {
    #[wasm_bindgen(constructor, skip_typescript)]
    pub fn new(options: JsValue) -> Result<JsMeshSocket, JsValue> {
        let socket = start(&Options::new(options)?)?;
        let outlet = Outlet::new(&socket)?;
        pump::start(&socket, &outlet);
        finish_class(|| Self {
            socket: socket.clone(),
            outlet: outlet.clone(),
        })?;
        Ok(Self { socket, outlet })
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn id(&self) -> String {
        self.socket.id().to_string()
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn subnet(&self) -> String {
        self.socket.subnet().to_owned()
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn status(&self) -> String {
        self.socket.status().as_str().to_owned()
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn peers(&self) -> Array {
        objects::peers(&self.socket.peers())
    }

    #[wasm_bindgen(getter, js_name = routingTable, skip_typescript)]
    pub fn routing_table(&self) -> Map {
        objects::table(&self.socket.peers())
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn incoming(&self) -> Array {
        objects::ids(&self.socket.incoming())
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn outgoing(&self) -> Array {
        objects::ids(&self.socket.outgoing())
    }

    /// Where this node can be dialled: a browser takes no links.
    #[wasm_bindgen(getter, js_name = outAddr, skip_typescript)]
    pub fn out_addr(&self) -> JsValue {
        JsValue::NULL
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn faults(&self) -> Array {
        self.outlet.faults()
    }

    #[wasm_bindgen(getter, skip_typescript)]
    pub fn topology(&self) -> JsValue {
        objects::topology(self.socket.id(), &self.socket.topology())
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn connect(&self, url: JsValue, options: JsValue) -> Promise {
        let socket = self.socket.clone();
        promise(async move {
            let address = options::address(&url)?;
            let options = Options::new(options)?;
            let expected = options
                .text("id")?
                .map(|id| options::node(&id.into()))
                .transpose()?;
            let linked = within(
                options.millis("timeoutMs")?,
                socket.connect_to(&address, expected),
            )
            .await;
            linked.unwrap_or(Err(MeshError::Timeout))?;
            Ok(JsValue::UNDEFINED)
        })
    }

    #[wasm_bindgen(variadic, skip_typescript)]
    pub fn send(&self, packets: Array) -> Promise {
        let socket = self.socket.clone();
        // Read now: the caller may change them as soon as this returns.
        let packets = from_js::packets(&packets);
        promise(async move { Ok(objects::sent(&socket.send_values(&packets?).await?)) })
    }

    #[wasm_bindgen(js_name = sendWith, variadic, skip_typescript)]
    pub fn send_with(&self, options: JsValue, packets: Array) -> Promise {
        let socket = self.socket.clone();
        let options = Options::new(options).and_then(|options| options.sending());
        let packets = from_js::packets(&packets);
        promise(async move {
            let packets = RawPackets::from_values(&packets?).map_err(MeshError::from)?;
            let sent = socket
                .broadcast(&options?, packets, Until::Accepted)
                .await?;
            Ok(objects::sent(&sent))
        })
    }

    #[wasm_bindgen(variadic, skip_typescript)]
    pub fn whisper(&self, to: JsValue, packets: Array) -> Promise {
        whisper(&self.socket, options::node(&to), &packets)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn recv(&self, options: JsValue) -> Promise {
        let outlet = self.outlet.clone();
        promise(async move {
            let millis = Options::new(options)?.millis("timeoutMs")?;
            let message = outlet.receive(millis).await;
            Ok(message.map_or(JsValue::NULL, |message| outlet.message(&message)))
        })
    }

    #[wasm_bindgen(js_name = recvMany, skip_typescript)]
    pub fn recv_many(&self, quantity: JsValue) -> Result<Array, JsValue> {
        Ok(self.outlet.take(options::quantity(&quantity)?))
    }

    #[wasm_bindgen(js_name = "[Symbol.asyncIterator]", skip_typescript)]
    pub fn messages(&self) -> MessageIterator {
        MessageIterator::new(&self.outlet)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn disconnect(&self, id: JsValue) -> Promise {
        let socket = self.socket.clone();
        promise(async move {
            socket.disconnect(&options::node(&id)?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    #[wasm_bindgen(js_name = requestPeers, skip_typescript)]
    pub fn request_peers(&self) {
        let socket = self.socket.clone();
        // A closed node has no peers to ask, which is no error to throw later and elsewhere.
        spawn_local(async move { drop(socket.request_peers().await) });
    }

    #[wasm_bindgen(js_name = registerHandler, skip_typescript)]
    pub fn register_handler(&self, handler: JsValue) -> Result<JsValue, JsValue> {
        let handler = options::function(handler, "handler")?;
        let number = self.outlet.handlers.add(handler);
        let outlet = Rc::downgrade(&self.outlet);
        let unregister = Closure::<dyn Fn()>::new(move || {
            if let Some(outlet) = outlet.upgrade() {
                outlet.handlers.remove(number);
            }
        });
        disposable(unregister.into_js_value())
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn close(&self) -> Promise {
        let socket = self.socket.clone();
        promise(async move {
            // A second close is harmless in JavaScript: it ends when the first does.
            drop(socket.close().await);
            Ok(JsValue::UNDEFINED)
        })
    }

    #[wasm_bindgen(js_name = "[Symbol.asyncDispose]", skip_typescript)]
    pub fn dispose(&self) -> Promise {
        self.close()
    }
}

/// The id of a network on a transport: js2p's `Protocol.id`.
#[wasm_bindgen(js_name = protocolId, skip_typescript)]
pub fn protocol_id(subnet: JsValue, transport: JsValue) -> Result<String, JsValue> {
    let (subnet, transport) = (
        options::text(&subnet, "subnet")?,
        options::text(&transport, "transport")?,
    );
    Ok(ProtocolId::new(&subnet, &transport).to_string())
}

fn start(options: &Options) -> Result<MeshSocket, Thrown> {
    let subnet = options
        .text("subnet")?
        .unwrap_or_else(|| DEFAULT_SUBNET.to_owned());
    let mut builder = MeshSocket::builder(subnet);
    for url in options.texts("peers")? {
        builder = builder.peer(options::address(&url.into())?.to_string());
    }
    let (socket, _) = builder.start()?;
    Ok(socket)
}

/// Does to the class what wasm-bindgen cannot; once, with the first of its objects.
fn finish_class(first: impl FnOnce() -> JsMeshSocket) -> Result<(), JsValue> {
    if FINISHED.replace(true) {
        return Ok(());
    }
    emitter::finish(&first().into())
}

/// A function that `using` calls at the end of its block too, where the platform knows that.
fn disposable(function: JsValue) -> Result<JsValue, JsValue> {
    let dispose = JsValue::from(Symbol::dispose());
    if dispose.is_symbol() {
        Reflect::set(&function, &dispose, &function)?;
    }
    Ok(function)
}

fn whisper(socket: &MeshSocket, to: Result<NodeId, Thrown>, packets: &Array) -> Promise {
    let socket = socket.clone();
    let packets = from_js::packets(packets);
    promise(async move {
        socket.whisper_values(&to?, &packets?).await?;
        Ok(JsValue::UNDEFINED)
    })
}
