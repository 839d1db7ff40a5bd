//! One WebSocket as a [`Link`]: its events in, its bytes out, its handlers owned and cleared here.
//!
//! A browser gives no way to slow a WebSocket down: what arrives is queued here until the driver takes it, up to
//! [`MOST_RECEIVED`]. It tells no reason when a dial fails, so the text names the likely ones. It has no event for
//! "written" either, so `bufferedAmount` is watched by a timer while something waits.

use core::cell::RefCell;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::globals;
use crate::address::{Address, Scheme};
use crate::mesh::{CloseReason, LinkDown, LinkInfo};
use crate::transport::Link;

/// Most bytes that wait for the driver, 16 MiB: it is woken for each message, so only a page that does not run its
/// tasks gets near.
const MOST_RECEIVED: usize = 16 << 20;

/// Longest reason in a close frame, in bytes (RFC 6455, 5.5: 125 with the code).
const LONGEST_REASON: usize = 123;

/// First and longest pause between two looks at `bufferedAmount`, in milliseconds. The first is short because an idle
/// network takes a message at once, and a sender waits for that.
const PAUSE: (u32, u32) = (1, 64);

/// The code for a peer that sent text, from the range that a page may use; the RFC's own 1003 is not in it.
const TEXT_REFUSED: u16 = 4009;

/// A WebSocket link. Dropping it closes the socket and clears its handlers.
pub struct WebLink {
    socket: WebSocket,
    info: LinkInfo,
    shared: Rc<RefCell<Shared>>,
    progress: Progress,
    closing: bool,
    _handlers: Handlers,
}

impl WebLink {
    /// Begins to open a socket to `address`, which has to be `ws` or `wss`.
    pub(super) fn open(address: &Address) -> Result<Self, LinkDown> {
        let socket =
            WebSocket::new(&address.to_string()).map_err(|_| refused_by_browser(address))?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let shared = Rc::new(RefCell::new(Shared::new(address)));
        let info = LinkInfo {
            scheme: address.scheme(),
            remote: Some(address.to_string()),
            local_host: None,
            proxied: false,
        };
        let handlers = Handlers::attach(&socket, &shared);
        Ok(Self {
            socket,
            info,
            shared,
            progress: Progress::default(),
            closing: false,
            _handlers: handlers,
        })
    }

    /// Ready when the socket is open, or will not be.
    pub(super) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkDown>> {
        let mut shared = self.shared.borrow_mut();
        match &shared.phase {
            Phase::Opening => {
                shared.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            Phase::Open => Poll::Ready(Ok(())),
            Phase::Ended(down) => Poll::Ready(Err(down.clone())),
        }
    }
}

impl Link for WebLink {
    fn info(&self) -> LinkInfo {
        self.info.clone()
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkDown>> {
        let mut shared = self.shared.borrow_mut();
        if let Some(bytes) = shared.take() {
            return Poll::Ready(Ok(bytes));
        }
        if let Phase::Ended(down) = &shared.phase {
            return Poll::Ready(Err(down.clone()));
        }
        shared.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn send(&mut self, frame: Bytes) {
        // The browser copies the bytes before it returns. It throws only before the socket is open; after its end it
        // counts them into `bufferedAmount` and drops them, and the end is told by `poll_flush`.
        match self.socket.send_with_u8_array(&frame) {
            Ok(()) => self.progress.sent += frame.len() as u64,
            Err(_) => end(&self.shared, |_| {
                LinkDown::Failed("the browser refused to send".to_owned())
            }),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, LinkDown>> {
        let mut shared = self.shared.borrow_mut();
        match &shared.phase {
            // What came before the end is read first; then `poll_receive` tells the end.
            Phase::Ended(_) if !shared.received.is_empty() => return Poll::Pending,
            Phase::Ended(down) => return Poll::Ready(Err(down.clone())),
            _ => shared.writer = Some(cx.waker().clone()),
        }
        drop(shared);
        self.progress.poll(&self.socket, cx).map(Ok)
    }

    fn poll_close(&mut self, reason: &CloseReason, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.shared.borrow_mut();
        if matches!(shared.phase, Phase::Ended(_)) {
            return Poll::Ready(());
        }
        shared.writer = Some(cx.waker().clone());
        drop(shared);
        if !core::mem::replace(&mut self.closing, true) {
            close(&self.socket, reason.code(), &reason.to_string());
        }
        Poll::Pending
    }
}

impl Drop for WebLink {
    fn drop(&mut self) {
        // Harmless on a socket that is closing or closed.
        close(&self.socket, 1000, "");
    }
}

impl fmt::Debug for WebLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebLink")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// How far a socket is. `Ended` is final: the first end is the one that is told.
enum Phase {
    Opening,
    Open,
    Ended(LinkDown),
}

/// What the handlers write and the link reads. Never borrowed while foreign code runs.
struct Shared {
    address: Address,
    phase: Phase,
    received: VecDeque<Bytes>,
    received_bytes: usize,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Shared {
    fn new(address: &Address) -> Self {
        Self {
            address: address.clone(),
            phase: Phase::Opening,
            received: VecDeque::new(),
            received_bytes: 0,
            reader: None,
            writer: None,
        }
    }

    fn take(&mut self) -> Option<Bytes> {
        let bytes = self.received.pop_front()?;
        self.received_bytes -= bytes.len();
        Some(bytes)
    }

    fn put(&mut self, bytes: Vec<u8>) {
        self.received_bytes += bytes.len();
        self.received.push_back(bytes.into());
    }
}

/// What of the sent bytes was taken by the network, as far as was told.
#[derive(Default)]
struct Progress {
    /// Bytes handed to the browser.
    sent: u64,
    /// Bytes told to the driver.
    told: u64,
    pause: Option<(u32, TimeoutFuture)>,
}

impl Progress {
    /// How many bytes more the network took. Where it took some and not all, or none, it is looked at again after a while.
    fn poll(&mut self, socket: &WebSocket, cx: &mut Context<'_>) -> Poll<usize> {
        let mut news = 0;
        loop {
            let taken = self
                .sent
                .saturating_sub(u64::from(socket.buffered_amount()));
            if taken > self.told {
                news += taken - self.told;
                self.told = taken;
                self.pause = None;
            }
            if taken < self.sent && self.poll_pause(cx).is_ready() {
                continue;
            }
            return if taken < self.sent && news == 0 {
                Poll::Pending
            } else {
                Poll::Ready(usize::try_from(news).unwrap_or(usize::MAX))
            };
        }
    }

    /// Ready after a while, which is twice as long the next time.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (millis, timer) = self
            .pause
            .get_or_insert_with(|| (PAUSE.0, TimeoutFuture::new(PAUSE.0)));
        ready!(Pin::new(&mut *timer).poll(cx));
        *millis = (*millis * 2).min(PAUSE.1);
        *timer = TimeoutFuture::new(*millis);
        Poll::Ready(())
    }
}

/// The handlers of one socket, kept alive for as long as it may call them.
struct Handlers {
    socket: WebSocket,
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
    _error: Closure<dyn FnMut(Event)>,
}

impl Handlers {
    fn attach(socket: &WebSocket, shared: &Rc<RefCell<Shared>>) -> Self {
        let (opened, received, closed, failed) = (
            shared.clone(),
            shared.clone(),
            shared.clone(),
            shared.clone(),
        );
        let (read, socket) = (socket.clone(), socket.clone());
        let open = Closure::<dyn FnMut()>::new(move || on_open(&opened));
        let message =
            Closure::<dyn FnMut(_)>::new(move |event| on_message(&received, &read, &event));
        let close = Closure::<dyn FnMut(_)>::new(move |event| on_close(&closed, &event));
        let error = Closure::<dyn FnMut(_)>::new(move |_| on_error(&failed));
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        socket.set_onerror(Some(error.as_ref().unchecked_ref()));
        Self {
            socket,
            _open: open,
            _message: message,
            _close: close,
            _error: error,
        }
    }
}

impl Drop for Handlers {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.set_onerror(None);
    }
}

fn on_open(shared: &RefCell<Shared>) {
    let waker = {
        let mut shared = shared.borrow_mut();
        if matches!(shared.phase, Phase::Opening) {
            shared.phase = Phase::Open;
        }
        shared.reader.take()
    };
    wake([waker]);
}

fn on_message(shared: &RefCell<Shared>, socket: &WebSocket, event: &MessageEvent) {
    let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else {
        end(shared, |_| {
            LinkDown::Failed("the peer sent text, where only binary messages belong".to_owned())
        });
        return close(
            socket,
            TEXT_REFUSED,
            "text, where only binary messages belong",
        );
    };
    let bytes = Uint8Array::new(&buffer).to_vec();
    let mut state = shared.borrow_mut();
    if bytes.is_empty() || matches!(state.phase, Phase::Ended(_)) {
        return;
    }
    if state.received_bytes + bytes.len() > MOST_RECEIVED {
        drop(state);
        end(shared, |_| {
            LinkDown::Failed("the page did not keep up with what it was sent".to_owned())
        });
        return close(
            socket,
            CloseReason::SlowReader.code(),
            "the page does not keep up",
        );
    }
    state.put(bytes);
    // A hidden page's timers run once a second or a minute; its messages do not wait, so they look for progress too.
    let wakers = [state.reader.take(), state.writer.take()];
    drop(state);
    wake(wakers);
}

fn on_close(shared: &RefCell<Shared>, event: &CloseEvent) {
    let (code, reason) = (event.code(), event.reason());
    end(shared, |state| match (&state.phase, code) {
        (Phase::Opening, _) => never_opened(&state.address),
        // Codes that no peer sends (RFC 6455, 7.4.1): without a close frame, and with one that has no code.
        (_, 1006) => broken(),
        (_, 1005) => LinkDown::ClosedByPeer { code: None, reason },
        _ => LinkDown::ClosedByPeer {
            code: Some(code),
            reason,
        },
    });
}

/// In browsers a close event follows; in Node, after a failed dial, none does.
fn on_error(shared: &RefCell<Shared>) {
    end(shared, |state| match state.phase {
        Phase::Opening => never_opened(&state.address),
        _ => broken(),
    });
}

fn end(shared: &RefCell<Shared>, down: impl FnOnce(&Shared) -> LinkDown) {
    let wakers = {
        let mut shared = shared.borrow_mut();
        if !matches!(shared.phase, Phase::Ended(_)) {
            shared.phase = Phase::Ended(down(&shared));
        }
        [shared.reader.take(), shared.writer.take()]
    };
    wake(wakers);
}

fn wake(wakers: impl IntoIterator<Item = Option<Waker>>) {
    wakers.into_iter().flatten().for_each(Waker::wake);
}

fn close(socket: &WebSocket, code: u16, reason: &str) {
    // It throws for codes and reasons that these are not, and does nothing when the socket is already closing.
    let _ = socket.close_with_code_and_reason(legal_code(code), shortened(reason, LONGEST_REASON));
}

/// As much of `text` as has at most `most` bytes and ends with a whole character.
fn shortened(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A code that a page may close with (HTML, WebSocket.close): 1000 or 3000 to 4999.
fn legal_code(code: u16) -> u16 {
    if matches!(code, 3_000..=4_999) {
        code
    } else {
        1_000
    }
}

fn broken() -> LinkDown {
    LinkDown::Failed("the connection broke (1006)".to_owned())
}

fn never_opened(address: &Address) -> LinkDown {
    let page = if globals::is_secure_page() {
        "this https page"
    } else {
        "this page"
    };
    LinkDown::Unreachable(format!(
        "no WebSocket at {address}: is the relay running, is the address right, and may {page} reach it?"
    ))
}

/// The constructor threw: over the address, or because a secure page may not dial an insecure one.
fn refused_by_browser(address: &Address) -> LinkDown {
    LinkDown::Unreachable(match address.scheme() {
        Scheme::Ws if globals::is_secure_page() => {
            format!("an https page may not dial {address}: use wss://, or open the page over http")
        }
        _ if globals::named("WebSocket").is_none() => {
            format!(
                "{address} cannot be dialled: there is no WebSocket here (Node has one from version 22)"
            )
        }
        _ => format!("the browser refused to dial {address}: check the address"),
    })
}
