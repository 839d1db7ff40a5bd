//! The HTTP side, for pages of this machine alone: one command a POST, JSON in and out; and, to be read, the files of the
//! npm package below `/package/`.

mod nodes;

use core::convert::Infallible;
use core::time::Duration;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};

use nodes::{Answer, Nodes};

/// Most connections at once; a browser opens six to a host.
const CONNECTIONS: usize = 64;
/// Longest command, in bytes.
const COMMAND: usize = 64 << 10;
/// Time that a connection has for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn main() -> io::Result<()> {
    let nodes = Arc::new(Nodes::default());
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(run(nodes.clone()));
    runtime.shutdown_background();
    nodes.abandon();
    outcome
}

/// Serves until it is told to end.
async fn run(nodes: Arc<Nodes>) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("{}", json!({ "event": "listening", "url": url }));
    tokio::select! {
        outcome = accept(listener, nodes) => outcome,
        () = end_of_input() => Ok(()),
        signalled = signal() => signalled,
    }
}

async fn accept(listener: TcpListener, nodes: Arc<Nodes>) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(permit) = room.clone().acquire_owned().await {
        let (stream, _) = listener.accept().await?;
        let nodes = nodes.clone();
        tokio::spawn(async move {
            serve(stream, nodes).await;
            drop(permit);
        });
    }
    Ok(())
}

async fn serve(stream: TcpStream, nodes: Arc<Nodes>) {
    let service = service_fn(|request| {
        let nodes = nodes.clone();
        async move { Ok::<_, Infallible>(respond(request, &nodes).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    // A page that goes away is its own affair.
    let _ = connection.await;
}

async fn respond(request: Request<Incoming>, nodes: &Nodes) -> Response<Full<Bytes>> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    if !origin.as_ref().is_none_or(is_local) {
        return answer(
            StatusCode::FORBIDDEN,
            &json!("this page is of no local server"),
        );
    }
    let file = request.uri().path().strip_prefix("/package/");
    let mut response = match file.map(package) {
        Some(file) => file,
        None => match obey(request, nodes).await {
            Ok(done) => answer(StatusCode::OK, &done),
            Err(failure) => answer(StatusCode::UNPROCESSABLE_ENTITY, &json!(failure)),
        },
    };
    if let Some(origin) = origin {
        let allowed = header::ACCESS_CONTROL_ALLOW_ORIGIN;
        response.headers_mut().insert(allowed, origin);
    }
    response
}

/// A file of the package, as it was built.
fn package(name: &str) -> Response<Full<Bytes>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/npm");
    let kind = match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript",
        Some((_, "wasm")) => "application/wasm",
        _ => "application/octet-stream",
    };
    let file = Path::new(name).file_name();
    match file.map(|file| std::fs::read(folder.join(file))) {
        Some(Ok(bytes)) => {
            let mut response = Response::new(Full::from(bytes));
            let kind = HeaderValue::from_static(kind);
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        _ => {
            let none = format!("no {name} in target/npm: run `cargo xtask npm` first");
            answer(StatusCode::NOT_FOUND, &json!(none))
        }
    }
}

/// Whether a page came from a server on this machine: any other has no business here.
fn is_local(origin: &HeaderValue) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"]
        .iter()
        .any(|local| origin.starts_with(local))
}

async fn obey(request: Request<Incoming>, nodes: &Nodes) -> Answer {
    let body = Limited::new(request.into_body(), COMMAND).collect().await;
    let body = body.map_err(|error| format!("no command: {error}"))?;
    let command = serde_json::from_slice(&body.to_bytes());
    nodes
        .obey(command.map_err(|error| format!("no command: {error}"))?)
        .await
}

fn answer(status: StatusCode, value: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(value.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Done when the standard input is closed. Read by a thread, which a runtime need not wait for.
async fn end_of_input() {
    let (tell, ended) = oneshot::channel();
    std::thread::spawn(move || {
        // An error is an end too.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = tell.send(());
    });
    let _ = ended.await;
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
