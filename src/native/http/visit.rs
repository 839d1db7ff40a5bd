//! One connection, from a stranger to a guest or a WebSocket.

use core::future::Future;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Body, HEAD, Site, refuse, with};
use crate::mesh::LinkInfo;
use crate::native::census::{Census, Counted};
use crate::native::house::{Standing, Visitor, Wrong};
use crate::native::reports::{self, Page, Reports};
use crate::native::upgrade;
use crate::network::Network;

/// Time that a guest's connection may take in all, over all files that it loads.
const VISIT: Duration = Duration::from_secs(120);

/// What becomes of one connection.
pub(super) struct Visit {
    site: Arc<Site>,
    visitor: Visitor,
    /// Among the strangers, until it is a guest.
    standing: Arc<Standing>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its place among the guests, if it is one. Given back with the connection.
    guest: Option<Counted>,
    upgrade: Option<Upgrade>,
}

/// A WebSocket in the making.
pub(super) struct Upgrade {
    pub(super) request: OnUpgrade,
    pub(super) info: LinkInfo,
    pub(super) counted: Counted,
}

impl Visit {
    pub(super) fn new(site: Arc<Site>, visitor: Visitor, standing: Arc<Standing>) -> Self {
        Self {
            site,
            visitor,
            standing,
            state: Mutex::default(),
        }
    }

    /// The WebSocket that was asked for and may be, once.
    pub(super) fn take_upgrade(&self) -> Option<Upgrade> {
        self.state().upgrade.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of `connection`, unless it takes longer than it may: then it is dropped, and that is `None`.
    pub(super) async fn within_its_time<T>(
        &self,
        deadline: Instant,
        connection: impl Future<Output = T>,
    ) -> Option<T> {
        let mut connection = core::pin::pin!(connection);
        match timeout_at(deadline, &mut connection).await {
            Ok(done) => Some(done),
            Err(_) if self.state().guest.is_some() => timeout(VISIT, connection).await.ok(),
            Err(_) => None,
        }
    }

    pub(super) fn note_failure(&self, error: &hyper::Error) {
        // Who was answered already is no node, and speaks HTTP.
        if !error.is_parse() || self.state().guest.is_some() {
            let remote = self.visitor.info.remote.as_deref();
            tracing::debug!(%error, remote, "a connection to a listener failed");
            return;
        }
        let reason = if error.is_parse_too_large() {
            format!(
                "the head of its request has more than {} KiB, or more than 100 lines",
                HEAD >> 10
            )
        } else {
            let scheme = self.site.scheme;
            format!(
                "this is no request of HTTP/1.1 ({error}): if it is a node, does it dial another scheme where it should be \
                 {scheme}://?"
            )
        };
        let house = self.standing.house();
        house.note_wrong(Wrong::Http, &self.visitor, &reason);
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if upgrade::is_asked_for(request.headers()) {
            if self.site.desk.is_closed() {
                return refuse(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "This node is shutting down, go to another one.",
                );
            }
            return self.upgrade(request);
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let refusal = refuse(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.");
            return with(refusal, header::ALLOW, "GET, HEAD");
        }
        if let Some(page) = Page::at(request.uri().path()).filter(|_| self.site.tells()) {
            return self.report(page, request.headers()).await;
        }
        if !self.become_guest(&self.site.guests, request.headers()) {
            return too_many();
        }
        self.site.page(&request).await
    }

    /// What the node says of itself. The small answers are for anybody, and take no more than a stranger's time.
    async fn report(&self, page: Page, headers: &HeaderMap) -> Response<Body> {
        if page.is_large() {
            let is_local = reports::is_local(self.visitor.info.remote.as_deref(), headers);
            let room = if is_local {
                &self.site.operators
            } else {
                &self.site.guests
            };
            if !is_local && self.site.desk.reports() != Reports::Public {
                return reports::hidden();
            }
            if !self.become_guest(room, headers) {
                return too_many();
            }
        }
        reports::answer(&self.site.desk, page).await
    }

    /// Whether this is a guest already, or there is `room` for one more.
    fn become_guest(&self, room: &Census, headers: &HeaderMap) -> bool {
        let mut state = self.state();
        if state.guest.is_none() {
            let proxies = &self.standing.house().proxies;
            let visitor = self.visitor.clone().behind(headers, proxies);
            state.guest = room.enter(Network::of(visitor.ip)).ok();
            if state.guest.is_some() {
                self.standing.settle();
            }
        }
        state.guest.is_some()
    }

    /// The server's side of the opening handshake (RFC 6455, 4.2), for whom there is room and whose page may.
    fn upgrade(&self, request: Request<Incoming>) -> Response<Body> {
        let house = self.standing.house();
        let visitor = self
            .visitor
            .clone()
            .behind(request.headers(), &house.proxies);
        let accept = match upgrade::accept_key(&request) {
            Ok(accept) => accept,
            // The version is told whatever was wrong: for 426 it must be (RFC 6455, 4.4).
            Err((status, line)) => {
                house.note_wrong(Wrong::Upgrade, &visitor, line);
                return with(refuse(status, line), header::SEC_WEBSOCKET_VERSION, "13");
            }
        };
        if let Some(refusal) = self.site.refuse_page(request.headers(), &visitor) {
            return refusal;
        }
        let counted = match house.admit(&visitor) {
            Ok(counted) => counted,
            Err(crowded) => {
                let line = format!("No link: {}.", crowded.reason());
                return refuse(StatusCode::SERVICE_UNAVAILABLE, &line);
            }
        };
        self.state().upgrade = Some(Upgrade {
            request: hyper::upgrade::on(request),
            info: visitor.info,
            counted,
        });
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let response = with(response, header::CONNECTION, "Upgrade");
        let response = with(response, header::UPGRADE, "websocket");
        with(response, header::SEC_WEBSOCKET_ACCEPT, &accept)
    }
}

fn too_many() -> Response<Body> {
    refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        "Too many visitors, come again in a minute.",
    )
}
