//! The JavaScript class `MeshSocket`. What it promises is written in `bindings/mesh.d.ts`, which is its documentation.
//!
//! It converts and never decides: every method checks its arguments, asks the Rust [`MeshSocket`], and turns the answer
//! into a JavaScript value. Nothing that JavaScript passes in or throws can trap, and no borrow is held while foreign
//! code runs.

mod error;
mod events;
mod from_js;
mod iterator;
mod objects;
mod options;
mod pump;
mod this;
mod to_js;

use core::cell::Cell;
use core::future::Future;
use std::rc::Rc;

use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, spawn_local};

use crate::id::NodeId;
use crate::mesh::DEFAULT_SUBNET;
use crate::socket::{MeshError, MeshSocket, Message};
use error::Thrown;
use events::Topic;
use iterator::MessageIterator;
use options::Options;
use pump::Outlet;

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
        let outlet = Outlet::open(&socket)?;
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

    #[wasm_bindgen(variadic, skip_typescript)]
    pub fn whisper(&self, to: JsValue, packets: Array) -> Promise {
        whisper(&self.socket, options::node(&to), &packets)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn recv(&self, options: JsValue) -> Promise {
        let (socket, outlet) = (self.socket.clone(), self.outlet.clone());
        promise(async move {
            let message = receive(&socket, Options::new(options)?.millis("timeoutMs")?).await;
            Ok(message.map_or(JsValue::NULL, |message| outlet.message(&message)))
        })
    }

    #[wasm_bindgen(js_name = "[Symbol.asyncIterator]", skip_typescript)]
    pub fn messages(&self) -> MessageIterator {
        MessageIterator::new(&self.socket, &self.outlet)
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

    // `this` comes from the proxy around these three, see `finish_class`.

    #[wasm_bindgen(skip_typescript)]
    pub fn on(&self, event: JsValue, listener: JsValue, this: JsValue) -> Result<JsValue, JsValue> {
        self.outlet.listeners.add(
            topic(&event)?,
            options::function(listener)?,
            false,
            this.clone(),
        );
        Ok(this)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn once(
        &self,
        event: JsValue,
        listener: JsValue,
        this: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.outlet.listeners.add(
            topic(&event)?,
            options::function(listener)?,
            true,
            this.clone(),
        );
        Ok(this)
    }

    #[wasm_bindgen(skip_typescript)]
    pub fn off(
        &self,
        event: JsValue,
        listener: JsValue,
        this: JsValue,
    ) -> Result<JsValue, JsValue> {
        self.outlet
            .listeners
            .remove(topic(&event)?, &options::function(listener)?);
        Ok(this)
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

fn start(options: &Options) -> Result<MeshSocket, Thrown> {
    let subnet = options
        .text("subnet")?
        .unwrap_or_else(|| DEFAULT_SUBNET.to_owned());
    let mut builder = MeshSocket::builder(subnet);
    for url in options.texts("peers")? {
        builder = builder.peer(options::address(&url.into())?.to_string());
    }
    Ok(builder.start()?)
}

/// Does to the class what wasm-bindgen cannot; once, with the first of its objects.
fn finish_class(first: impl FnOnce() -> JsMeshSocket) -> Result<(), JsValue> {
    if FINISHED.replace(true) {
        return Ok(());
    }
    this::hand_over(&first().into(), &["on", "once", "off"], 2)
}

fn topic(event: &JsValue) -> Result<Topic, Thrown> {
    let name = event.as_string().unwrap_or_else(|| "that".to_owned());
    let unknown = || {
        Thrown::bad_argument(format!(
            "there is no event \"{name}\", only {}",
            Topic::names()
        ))
    };
    Topic::named(&name).ok_or_else(unknown)
}

fn whisper(socket: &MeshSocket, to: Result<NodeId, Thrown>, packets: &Array) -> Promise {
    let socket = socket.clone();
    let packets = from_js::packets(packets);
    promise(async move {
        socket.whisper_values(&to?, &packets?).await?;
        Ok(JsValue::UNDEFINED)
    })
}

/// The next message; `None` if none comes in time, or ever.
async fn receive(socket: &MeshSocket, millis: Option<u32>) -> Option<Message> {
    match millis {
        Some(0) => socket.try_recv(),
        millis => within(millis, socket.recv()).await.flatten(),
    }
}

/// What `future` gives within a time, if there is a bound.
async fn within<F: Future>(millis: Option<u32>, future: F) -> Option<F::Output> {
    let Some(millis) = millis else {
        return Some(future.await);
    };
    match select(core::pin::pin!(future), TimeoutFuture::new(millis)).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

fn promise(future: impl Future<Output = Result<JsValue, Thrown>> + 'static) -> Promise {
    future_to_promise(async move { Ok(future.await?) })
}
