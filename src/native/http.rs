//! What a WebSocket listener says in HTTP/1: it upgrades who asks for a WebSocket, if there is room and the page may, and
//! shows files to everyone else.
//!
//! A connection is a stranger until it has asked for something, and strangers have little time. A guest, who asked for
//! a file, has more, but guests are few and bounded apart, so that no number of them keeps a node from linking.

mod sips;
mod visit;

use core::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::Role;

use self::sips::Sips;
use self::visit::Visit;
use super::TransportOptions;
use super::census::{Census, Counted};
use super::files::{Asset, Files};
use super::house::{Standing, Visitor};
use super::link::NativeLink;
use super::notices::Notices;
use super::origins::{self, Origins, Place};
use super::reports::{Desk, Reports};
use super::socket::{ByteStream, Shared};
use super::stream::Stream;
use super::websocket::WebSocketLink;
use crate::address::Scheme;
use crate::mesh::LinkInfo;
use crate::network::Network;

/// Most bytes of a request's head, and of what may follow it before the upgrade: 8 KiB.
const HEAD: usize = 8 << 10;
/// Most connections that load files at once, for each listener.
const GUESTS: usize = 64;
/// Most of them of one network, so that nobody holds the page shut alone. 16: a browser opens six, and people share addresses.
const GUESTS_OF_ONE: usize = 16;
/// Most connections of programs on this machine that read how the node fares, for each listener: no guest takes their room.
const OPERATORS: usize = 8;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What a listener shows, and how it treats who comes.
#[derive(Debug)]
pub(super) struct Site {
    /// `ws`, or `wss` where TLS is around it.
    scheme: Scheme,
    files: Option<Files>,
    guests: Census,
    origins: Origins,
    /// The hosts that the node is known by, as [`origins::host`] writes them.
    hosts: Vec<String>,
    /// Whose pages were refused in the log.
    refused: Notices,
    operators: Census,
    desk: Arc<Desk>,
    max_frame: usize,
    /// Of the links that are made.
    buffer: Shared,
}

impl Site {
    /// A site as `options` want it, whose links read with `buffer`, and which asks the node at `desk`.
    pub(super) fn new(
        scheme: Scheme,
        options: &TransportOptions,
        buffer: Shared,
        desk: Arc<Desk>,
    ) -> Self {
        Self {
            scheme,
            files: options.www.clone().map(Files::new),
            guests: Census::new(GUESTS, GUESTS_OF_ONE),
            origins: options.origins.clone(),
            hosts: options
                .hosts
                .iter()
                .filter_map(|host| origins::host(host))
                .collect(),
            refused: Notices::default(),
            operators: Census::new(OPERATORS, OPERATORS),
            desk,
            max_frame: options.max_frame,
            buffer,
        }
    }

    /// Whether it tells how the node fares.
    fn tells(&self) -> bool {
        self.desk.reports() != Reports::Off
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

    /// The answer to a browser that may not link from the page that its request names.
    fn refuse_page(&self, headers: &HeaderMap, visitor: &Visitor) -> Option<Response<Body>> {
        let place = Place {
            hosts: &self.hosts,
            is_here: visitor.is_here(),
        };
        let origin = self.origins.judge(headers, place).err()?;
        if self
            .refused
            .may_say(Network::of(visitor.ip), Instant::now())
        {
            let remote = visitor.info.remote.as_deref();
            tracing::info!(
                origin,
                remote,
                "a page may not link here; --allow-origin allows it"
            );
        }
        let line = format!(
            "Pages of {origin} may not link to this relay. Its operator allows them with --allow-origin ORIGIN \
             (TransportOptions::origins)."
        );
        Some(refuse(StatusCode::FORBIDDEN, &line))
    }
}

/// Serves one connection until it is a link, or done. It is a stranger until `deadline`.
pub(super) async fn serve(
    stream: Stream,
    visitor: Visitor,
    site: Arc<Site>,
    standing: Arc<Standing>,
    deadline: Instant,
) -> Option<NativeLink> {
    let (link, info, counted) = upgraded(stream, visitor, site, standing, deadline).await?;
    Some(NativeLink::websocket(info, link).counted(counted))
}

/// As [`serve`], over any stream: the link, what is known of it, and its place among the links.
pub(super) async fn upgraded<S: ByteStream + 'static>(
    stream: S,
    visitor: Visitor,
    site: Arc<Site>,
    standing: Arc<Standing>,
    deadline: Instant,
) -> Option<(WebSocketLink<S>, LinkInfo, Counted)> {
    let patience = standing.house().patience;
    let visit = Arc::new(Visit::new(site.clone(), visitor, standing));
    let service = service_fn(|request| {
        let visit = visit.clone();
        async move { Ok::<_, Infallible>(visit.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(Sips::of(stream)), service)
        .with_upgrades();
    if let Err(error) = visit.within_its_time(deadline, connection).await? {
        visit.note_failure(&error);
    }
    let upgrade = visit.take_upgrade()?;
    let parts = upgrade.request.await.ok()?;
    let parts = parts.downcast::<TokioIo<Sips<S>>>().ok()?;
    // What came right behind the request is the WebSocket's first.
    let (stream, early) = (parts.io.into_inner().into_inner(), parts.read_buf);
    let buffer = site.buffer.clone();
    let link = WebSocketLink::new(stream, &early, Role::Server, buffer, site.max_frame);
    Some((link, upgrade.info, upgrade.counted))
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

/// One line of text, and the end of the connection: who is refused is not to ask on.
fn refuse(status: StatusCode, line: &str) -> Response<Body> {
    with(plain(status, line), header::CONNECTION, "close")
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
    use core::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::testing::{
        Directory, accept, ask, listening, poll_turn, raw, receive_all, serving, soon,
    };
    use super::super::{NativeLink, NativeTransport};
    use super::*;
    use crate::address::Address;
    use crate::transport::{Link, Transport};

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

    #[tokio::test]
    async fn nobody_holds_the_page_shut_alone() {
        let options = TransportOptions {
            proxies: vec![core::net::Ipv4Addr::LOCALHOST.into()],
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let of = |client: u8| {
            let head = format!("X-Forwarded-For: 192.0.2.{client}\r\nConnection: keep-alive");
            get("/").replace("Connection: close", &head)
        };
        let mut guests = Vec::new();
        for _ in 0..GUESTS_OF_ONE {
            let mut guest = raw(&address).await;
            let begin = async {
                guest.write_all(of(1).as_bytes()).await.expect("written");
                guest.read_u8().await.expect("an answer")
            };
            serving(&mut transport, begin).await;
            guests.push(guest);
        }
        let again = of(1).replace("keep-alive", "close");
        let answer = serving(&mut transport, ask(&address, &again)).await;
        assert_eq!(status(&answer), "503", "{answer}");
        let other = of(2).replace("keep-alive", "close");
        let answer = serving(&mut transport, ask(&address, &other)).await;
        assert_eq!(status(&answer), "200", "{answer}");
    }

    /// The answer to an upgrade with further lines in its head.
    async fn upgraded(
        transport: &mut NativeTransport,
        address: &Address,
        lines: &str,
    ) -> (String, Option<NativeLink>) {
        let request = UPGRADE.replace("\r\n\r\n", &format!("\r\n{lines}\r\n"));
        let request = request.replace("Host: relay", &format!("Host: {}", address.authority()));
        let mut stream = raw(address).await;
        let visit = async {
            stream.write_all(request.as_bytes()).await.expect("written");
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("an answer"));
            }
            let mut rest = Vec::new();
            if !head.starts_with(b"HTTP/1.1 101 ") {
                stream.read_to_end(&mut rest).await.expect("an end");
            }
            String::from_utf8_lossy(&[head, rest].concat()).into_owned()
        };
        let mut link = None;
        let mut visit = core::pin::pin!(soon(visit));
        loop {
            tokio::select! {
                answer = &mut visit => return (answer, link),
                made = core::future::poll_fn(|cx| poll_turn(transport, cx)) => link = Some(made),
            }
        }
    }

    #[tokio::test]
    async fn a_page_of_a_stranger_gets_403_and_the_remedy() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        for origin in [
            "https://evil.example",
            "null",
            "http://127.0.0.1.evil.example",
        ] {
            let lines = format!("Origin: {origin}\r\n");
            let (answer, link) = upgraded(&mut transport, &address, &lines).await;
            assert!(status(&answer) == "403" && link.is_none(), "{answer}");
            assert!(
                answer.contains("--allow-origin") && answer.contains(origin),
                "{answer}"
            );
        }
        let own = format!("http://{}", address.authority());
        for origin in [own.as_str(), "http://localhost:3000"] {
            let lines = format!("Origin: {origin}\r\n");
            let (answer, link) = upgraded(&mut transport, &address, &lines).await;
            assert!(status(&answer) == "101" && link.is_some(), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_page_that_is_allowed_or_of_an_advertised_host_links() {
        let mut options = TransportOptions {
            hosts: vec!["Relay.Example".to_owned()],
            ..TransportOptions::default()
        };
        options
            .origins
            .allow("https://app.example")
            .expect("an origin");
        let (mut transport, address) = listening("ws", options).await;
        for (origin, expected) in [
            ("https://app.example", "101"),
            ("https://relay.example:8443", "101"),
            ("http://app.example", "403"),
        ] {
            let lines = format!("Origin: {origin}\r\n");
            let (answer, _) = upgraded(&mut transport, &address, &lines).await;
            assert_eq!(status(&answer), expected, "{origin}: {answer}");
        }
    }

    #[tokio::test]
    async fn links_are_counted_by_the_clients_behind_a_proxy_that_is_known() {
        let options = TransportOptions {
            proxies: vec!["127.0.0.1".parse().expect("an address")],
            connections: 3,
            connections_per_network: 1,
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let mut links = Vec::new();
        for (client, expected) in [
            ("192.0.2.1", "101"),
            ("192.0.2.1", "503"),
            ("192.0.2.2", "101"),
            ("127.0.0.1", "101"),
            ("192.0.2.3", "503"),
        ] {
            let lines = format!("X-Forwarded-For: 198.51.100.1, {client}\r\n");
            let (answer, link) = upgraded(&mut transport, &address, &lines).await;
            assert_eq!(status(&answer), expected, "{client}: {answer}");
            links.extend(link);
        }
        let info = links[0].info();
        let remote = info.remote.expect("known");
        assert!(info.proxied && remote.starts_with("192.0.2.1:"), "{remote}");
        drop(links);
        let (answer, link) = upgraded(&mut transport, &address, "").await;
        assert_eq!(status(&answer), "101", "{answer}");
        assert!(!link.expect("a link").info().proxied);
    }

    #[tokio::test]
    async fn a_proxy_that_is_not_known_is_only_told_of() {
        let options = TransportOptions {
            proxies: Vec::new(),
            ..TransportOptions::default()
        };
        let (mut transport, address) = listening("ws", options).await;
        let lines = "X-Forwarded-For: 192.0.2.1\r\n";
        let (_, link) = upgraded(&mut transport, &address, lines).await;
        let info = link.expect("a link").info();
        let remote = info.remote.expect("known");
        assert!(info.proxied && remote.starts_with("127.0.0.1:"), "{remote}");
    }

    #[tokio::test]
    async fn nothing_is_compressed_and_nothing_is_smuggled() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        let lines = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let (answer, link) = upgraded(&mut transport, &address, lines).await;
        assert!(link.is_some() && !answer.contains("xtensions"), "{answer}");
        for lines in [
            "Content-Length: 5\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Host: other\r\n",
            "Sec-WebSocket-Version: 8\r\n",
        ] {
            let (answer, link) = upgraded(&mut transport, &address, lines).await;
            assert!(
                status(&answer).starts_with('4') && link.is_none(),
                "{lines}: {answer}"
            );
        }
    }

    #[tokio::test]
    async fn who_is_refused_cannot_ask_on() {
        let (mut transport, address) = listening("ws", TransportOptions::default()).await;
        let refused = "POST / HTTP/1.1\r\nHost: relay\r\n\r\n".repeat(3);
        let answers = serving(&mut transport, ask(&address, &refused)).await;
        assert_eq!(answers.matches("HTTP/1.1 405 ").count(), 1, "{answers}");
    }
}
