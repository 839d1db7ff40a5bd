//! What a WebSocket listener says in HTTP/1: it upgrades who asks for a WebSocket, and shows files to everyone else.
//!
//! A connection is a stranger until it has asked for something, and strangers have little time. A guest, who asked for
//! a file, has more, but guests are few and bounded apart, so that no number of them keeps a node from linking.

use core::convert::Infallible;
use core::future::Future;
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::TransportOptions;
use super::files::{Asset, Files};
use super::link::NativeLink;
use super::socket::{ByteStream, ReadBuffer};
use super::stream::Stream;
use super::websocket::WebSocketLink;
use crate::address::Scheme;
use crate::mesh::LinkInfo;

/// Most bytes of a request's head, and of what may follow it before the upgrade: 8 KiB.
const HEAD: usize = 8 << 10;
/// Most connections that load files at once, for each listener.
const GUESTS: usize = 64;
/// Time that a guest's connection may take in all, over all files that it loads.
const VISIT: Duration = Duration::from_secs(120);
/// Length of a `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455, 4.1).
const KEY: usize = 24;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What a listener shows, and how it treats who comes.
#[derive(Debug)]
pub(super) struct Site {
    /// `ws`, or `wss` where TLS is around it.
    scheme: Scheme,
    files: Option<Files>,
    guests: Arc<Semaphore>,
    patience: Duration,
    max_frame: usize,
    /// Of the links that are made.
    buffer: ReadBuffer,
}

impl Site {
    /// A site as `options` want it, whose links read with `buffer`.
    pub(super) fn new(scheme: Scheme, options: &TransportOptions, buffer: ReadBuffer) -> Self {
        Self {
            scheme,
            files: options.www.clone().map(Files::new),
            guests: Arc::new(Semaphore::new(GUESTS)),
            patience: options.handshake_timeout,
            max_frame: options.max_frame,
            buffer,
        }
    }

    async fn page(&self, request: &Request<Incoming>) -> Response<Body> {
        match &self.files {
            None if request.uri().path() == "/" => {
                plain(StatusCode::OK, &welcome(self.scheme, request.headers()))
            }
            None => plain(StatusCode::NOT_FOUND, "Nothing here but a WebSocket."),
            Some(files) => match files.open(request.uri().path()).await {
                Some(asset) => show(asset, request.headers()),
                None => plain(StatusCode::NOT_FOUND, "No such file."),
            },
        }
    }
}

/// Serves one connection until it is a link, or done. It is a stranger until `deadline`.
pub(super) async fn serve(
    stream: Stream,
    info: LinkInfo,
    site: Arc<Site>,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
) -> Option<NativeLink> {
    let link = upgraded(stream, &info, site, permit, deadline).await?;
    Some(NativeLink::websocket(info, link))
}

/// As [`serve`], over any stream.
pub(super) async fn upgraded<S: ByteStream + 'static>(
    stream: S,
    info: &LinkInfo,
    site: Arc<Site>,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
) -> Option<WebSocketLink<S>> {
    let visit = Arc::new(Visit::new(site.clone(), permit));
    let service = service_fn(|request| {
        let visit = visit.clone();
        async move { Ok::<_, Infallible>(visit.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(site.patience)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = visit.within_its_time(deadline, connection).await? {
        tracing::debug!(%error, remote = info.remote, "a connection to a listener failed");
    }
    let upgrade = visit.state().upgrade.take()?;
    let parts = upgrade.await.ok()?.downcast::<TokioIo<S>>().ok()?;
    // What came right behind the request is the WebSocket's first.
    let (stream, early) = (parts.io.into_inner(), parts.read_buf);
    let buffer = site.buffer.clone();
    Some(WebSocketLink::new(
        stream,
        &early,
        Role::Server,
        buffer,
        site.max_frame,
    ))
}

/// One connection, from a stranger to a guest or a WebSocket.
struct Visit {
    site: Arc<Site>,
    state: Mutex<State>,
}

struct State {
    /// Among the strangers, or among the guests. Given back with the connection.
    permit: OwnedSemaphorePermit,
    guest: bool,
    upgrade: Option<OnUpgrade>,
}

impl Visit {
    fn new(site: Arc<Site>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            site,
            state: Mutex::new(State {
                permit,
                guest: false,
                upgrade: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of `connection`, unless it takes longer than it may: then it is dropped, and that is `None`.
    async fn within_its_time<T>(
        &self,
        deadline: Instant,
        connection: impl Future<Output = T>,
    ) -> Option<T> {
        let mut connection = core::pin::pin!(connection);
        match timeout_at(deadline, &mut connection).await {
            Ok(done) => Some(done),
            Err(_) if self.state().guest => timeout(VISIT, connection).await.ok(),
            Err(_) => None,
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if has_token(request.headers(), &header::UPGRADE, "websocket") {
            return self.upgrade(request);
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.");
            return with(refusal, header::ALLOW, "GET, HEAD");
        }
        if !self.become_guest() {
            let refusal = plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many visitors, come again in a minute.",
            );
            return with(refusal, header::CONNECTION, "close");
        }
        self.site.page(&request).await
    }

    /// Whether there is room among the guests, or this is one already.
    fn become_guest(&self) -> bool {
        let mut state = self.state();
        if !state.guest
            && let Ok(permit) = self.site.guests.clone().try_acquire_owned()
        {
            state.permit = permit;
            state.guest = true;
        }
        state.guest
    }

    /// The server's side of the opening handshake (RFC 6455, 4.2).
    fn upgrade(&self, request: Request<Incoming>) -> Response<Body> {
        let accept = match accept_key(&request) {
            Ok(accept) => accept,
            // The version is told whatever was wrong: for 426 it must be (RFC 6455, 4.4).
            Err((status, line)) => {
                return with(plain(status, line), header::SEC_WEBSOCKET_VERSION, "13");
            }
        };
        self.state().upgrade = Some(hyper::upgrade::on(request));
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let response = with(response, header::CONNECTION, "Upgrade");
        let response = with(response, header::UPGRADE, "websocket");
        with(response, header::SEC_WEBSOCKET_ACCEPT, &accept)
    }
}

/// The answer to the request's key, or why it is no opening handshake.
fn accept_key(request: &Request<Incoming>) -> Result<String, (StatusCode, &'static str)> {
    let headers = request.headers();
    let bad = |line| (StatusCode::BAD_REQUEST, line);
    if request.method() != Method::GET || request.version() < Version::HTTP_11 {
        return Err(bad("A WebSocket begins with GET in HTTP/1.1."));
    }
    if !has_token(headers, &header::CONNECTION, "upgrade") {
        return Err(bad(
            "\"Connection: Upgrade\" is missing: does a proxy drop it?",
        ));
    }
    if headers
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err((
            StatusCode::UPGRADE_REQUIRED,
            "Only version 13 of WebSocket.",
        ));
    }
    match headers.get(header::SEC_WEBSOCKET_KEY) {
        Some(key) if key.len() == KEY => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(bad("A Sec-WebSocket-Key of 16 bytes in base64 is missing.")),
    }
}

/// Whether a header that is a list has `token`, in any case of letters.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let lists = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// Whether the visitor has what `tag` stands for; compared weakly (RFC 9110, 13.1.2).
fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    known
        .split(',')
        .any(|word| word.trim().trim_start_matches("W/") == tag)
}

/// A file, or that it is the one that the visitor has.
fn show(asset: Asset, headers: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::default());
    response = with(response, header::ETAG, &asset.tag);
    // "no-cache" is to ask each time, which the tag makes cheap (RFC 9111, 5.2.2.4).
    response = with(response, header::CACHE_CONTROL, "no-cache");
    response = with(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if has_tag(headers, &asset.tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    response = with(response, header::CONTENT_TYPE, asset.media);
    response = with(response, header::CONTENT_LENGTH, &asset.length.to_string());
    *response.body_mut() = StreamBody::new(asset.stream().map_ok(Frame::data)).boxed_unsync();
    response
}

/// One line of text.
fn plain(status: StatusCode, line: &str) -> Response<Body> {
    let body = Full::from(format!("{line}\n")).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    let response = with(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    with(response, header::CONTENT_TYPE, "text/plain; charset=utf-8")
}

/// What there is to say where there are no files. The address is the one that the visitor used.
fn welcome(scheme: Scheme, headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("this host");
    format!("This is an rs2p relay. Connect with {scheme}://{host}")
}

fn with(mut response: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    // Every value is made here, of visible ASCII; one that were not would be left out.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::NativeTransport;
    use super::super::testing::{
        Directory, accept, ask, listening, raw, receive_all, serving, soon,
    };
    use super::*;
    use crate::address::Address;
    use crate::transport::Transport;

    /// A request that upgrades.
    const UPGRADE: &str = "GET /any HTTP/1.1\r\nHost: relay\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    async fn site() -> (NativeTransport, Address, Directory) {
        let directory = Directory::new();
        directory.write("secret", b"outside");
        directory.write("www/index.html", b"<title>page</title>");
        directory.write("www/app.wasm", &[0, 97, 115, 109]);
        directory.write("www/large.js", &vec![b'x'; 1 << 20]);
        let options = TransportOptions {
            www: Some(directory.path().join("www")),
            ..TransportOptions::default()
        };
        let (transport, address) = listening("ws", options).await;
        (transport, address, directory)
    }

    fn get(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
    }

    fn status(answer: &str) -> &str {
        answer.split(' ').nth(1).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_browser_gets_files_and_a_link_on_one_port() {
        let (mut transport, address, _directory) = site().await;
        let page = serving(&mut transport, ask(&address, &get("/"))).await;
        assert!(
            status(&page) == "200" && page.ends_with("\r\n\r\n<title>page</title>"),
            "{page}"
        );
        assert!(
            page.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"),
            "{page}"
        );
        let wasm = serving(&mut transport, ask(&address, &get("/app.wasm?v=1"))).await;
        assert!(
            wasm.contains("\r\ncontent-type: application/wasm\r\n"),
            "{wasm}"
        );
        assert!(wasm.contains("\r\ncontent-length: 4\r\n"), "{wasm}");
        let large = serving(&mut transport, ask(&address, &get("/large.js"))).await;
        assert!(large.len() > 1 << 20);
        let dial = transport.dial(&address);
        let (_, link) = tokio::join!(accept(&mut transport), soon(dial));
        assert!(link.is_ok());
    }

    #[tokio::test]
    async fn one_connection_loads_several_files_and_may_then_upgrade() {
        let (mut transport, address, _directory) = site().await;
        let mut stream = raw(&address).await;
        let visit = async {
            for _ in 0..3 {
                stream
                    .write_all(b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n")
                    .await
                    .expect("written");
                let mut answer = Vec::new();
                while !answer.ends_with(b"</title>") {
                    answer.push(stream.read_u8().await.expect("an answer"));
                }
            }
        };
        serving(&mut transport, visit).await;
        stream.write_all(UPGRADE.as_bytes()).await.expect("written");
        accept(&mut transport).await;
    }

    #[tokio::test]
    async fn head_has_the_length_and_no_body() {
        let (mut transport, address, _directory) = site().await;
        let answer = serving(
            &mut transport,
            ask(&address, &get("/").replace("GET", "HEAD")),
        )
        .await;
        assert!(
            answer.contains("\r\ncontent-length: 19\r\n") && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn a_file_that_the_visitor_has_is_not_sent_again() {
        let (mut transport, address, _directory) = site().await;
        let first = serving(&mut transport, ask(&address, &get("/"))).await;
        let tag = first
            .lines()
            .find_map(|line| line.strip_prefix("etag: "))
            .expect("a tag");
        let again = get("/").replace("Host", &format!("If-None-Match: \"x\", W/{tag}\r\nHost"));
        let again = serving(&mut transport, ask(&address, &again)).await;
        assert!(
            status(&again) == "304" && again.ends_with("\r\n\r\n"),
            "{again}"
        );
    }

    #[tokio::test]
    async fn nothing_outside_the_directory_is_found() {
        let (mut transport, address, directory) = site().await;
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret", directory.path().join("www/out")).expect("a link");
        let _ = &directory;
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/x/../../secret",
            "/out",
            "/index.html%00",
            "/nothing",
            "//secret",
        ] {
            let answer = serving(&mut transport, ask(&address, &get(path))).await;
            assert!(
                status(&answer) == "404" && answer.ends_with("No such file.\n"),
                "{path}: {answer}"
            );
        }
    }

    #[tokio::test]
    async fn a_relay_without_files_says_what_it_is() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        let answer = serving(&mut transport, ask(&address, &get("/"))).await;
        assert!(status(&answer) == "200", "{answer}");
        assert!(
            answer.ends_with("This is an rs2p relay. Connect with ws://relay\n"),
            "{answer}"
        );
        assert_eq!(
            status(&serving(&mut transport, ask(&address, &get("/x"))).await),
            "404"
        );
    }

    #[tokio::test]
    async fn what_is_no_request_for_a_file_or_a_websocket_is_refused() {
        let (mut transport, address, _directory) = site().await;
        let upgrade = UPGRADE.replace("keep-alive", "close");
        for (request, expected) in [
            (get("/").replace("GET", "POST"), "405"),
            (upgrade.replace("Version: 13", "Version: 8"), "426"),
            (upgrade.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400"),
            (upgrade.replace(", Upgrade", ""), "400"),
            (upgrade.replace("GET", "POST"), "400"),
            (get("/").replace("relay", &"x".repeat(9_000)), "431"),
            ("\0\0\0\x10 a frame of the mesh \r\n\r\n".to_owned(), "400"),
        ] {
            let answer = serving(&mut transport, ask(&address, &request)).await;
            assert_eq!(status(&answer), expected, "{request} {answer}");
        }
    }

    #[tokio::test]
    async fn what_comes_right_behind_the_request_is_not_lost() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        let mut stream = raw(&address).await;
        let mut bytes = UPGRADE.as_bytes().to_vec();
        // A masked binary message of five bytes (RFC 6455, 5.7, with another opcode).
        bytes.extend_from_slice(&[
            0x82, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ]);
        stream.write_all(&bytes).await.expect("written");
        let mut link = accept(&mut transport).await;
        assert_eq!(receive_all(&mut link, 5).await, b"Hello");
        let mut answer = [0; 512];
        let length = stream.read(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(
            answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "{answer}: the key of RFC 6455, 1.3"
        );
    }

    #[tokio::test]
    async fn a_slow_stranger_is_cut_while_others_are_served() {
        let options = TransportOptions {
            handshake_timeout: Duration::from_secs(1),
            pending: 2,
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let mut slow = raw(&address).await;
        slow.write_all(b"GET / HTTP/1.1\r\nHost: re")
            .await
            .expect("written");
        let dial = transport.dial(&address);
        let (_, link) = tokio::join!(accept(&mut transport), soon(dial));
        assert!(link.is_ok(), "beside the slow one there is room");
        let dribble = async {
            // Whoever goes on byte by byte is cut too: the time is absolute.
            while slow.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        serving(&mut transport, dribble).await;
    }

    #[tokio::test]
    async fn a_stranger_that_never_says_what_it_wants_is_cut_however_busy() {
        let options = TransportOptions {
            handshake_timeout: Duration::from_secs(1),
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let mut busy = raw(&address).await;
        let ask = async {
            let mut answer = [0; 1024];
            while busy
                .write_all(b"POST / HTTP/1.1\r\nHost: relay\r\n\r\n")
                .await
                .is_ok()
                && busy.read(&mut answer).await.is_ok_and(|length| length > 0)
            {}
        };
        serving(&mut transport, ask).await;
    }

    #[tokio::test]
    async fn a_full_listener_takes_whoever_waits_once_it_has_room() {
        let options = TransportOptions {
            handshake_timeout: Duration::from_secs(1),
            pending: 2,
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let mut silent = [raw(&address).await, raw(&address).await];
        let dial = transport.dial(&address);
        let (_, link) = tokio::join!(accept(&mut transport), soon(dial));
        assert!(link.is_ok());
        // Nobody drives the listener any more: the first was cut before the third was taken, or never is.
        let end = soon(silent[0].read(&mut [0])).await;
        assert_eq!(end.ok(), Some(0));
    }

    #[tokio::test]
    async fn visitors_of_the_page_leave_room_for_links() {
        let (mut transport, address, _directory) = site().await;
        let mut guests = Vec::new();
        for _ in 0..GUESTS {
            let mut guest = raw(&address).await;
            // Asks for more than its socket holds, and reads none of it but the first byte.
            let request = "GET /large.js HTTP/1.1\r\nHost: relay\r\n\r\n".repeat(8);
            let begin = async {
                guest.write_all(request.as_bytes()).await.expect("written");
                guest.read_u8().await.expect("an answer")
            };
            serving(&mut transport, begin).await;
            guests.push(guest);
        }
        let one_more = serving(&mut transport, ask(&address, &get("/"))).await;
        assert_eq!(status(&one_more), "503", "{one_more}");
        let dial = transport.dial(&address);
        let (_, link) = tokio::join!(accept(&mut transport), soon(dial));
        assert!(link.is_ok());
        drop(guests);
        // Until the listener has seen that they are gone.
        let again = async { while status(&ask(&address, &get("/")).await) != "200" {} };
        serving(&mut transport, again).await;
    }
}
