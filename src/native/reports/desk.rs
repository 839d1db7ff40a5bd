//! The desk between listeners and the loop that polls them: it takes questions to the node, and hands the answers out.
//!
//! A question waits in a channel that the transport shows to the driver, which answers it when it next goes round. Nothing
//! here waits for the loop from within a turn of it: a listener's connection that has asked is polled again after the answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use futures::channel::{mpsc, oneshot};
use hyper::body::Bytes;
use tokio::time::{Instant, timeout};

use super::{PATIENCE, Page, Reports, json, metrics};
use crate::address::Address;
use crate::mesh::{Pulse, Report};
use crate::transport::Inquiry;

/// For so long a page is shown as it was made: however many ask, a node makes no more than one of each kind a second.
const FRESH: core::time::Duration = core::time::Duration::from_secs(1);
/// Questions that wait for the loop, beside one for each connection that asks.
const WAITING: usize = 16;

/// Where listeners ask, and what they all know.
#[derive(Debug)]
pub(in crate::native) struct Desk {
    reports: Reports,
    inquiries: mpsc::Sender<Inquiry>,
    listening: Mutex<Vec<Address>>,
    began: Instant,
    began_at: SystemTime,
    is_closed: AtomicBool,
    /// The pages as they were made last: metrics, and the mesh. Who makes one holds the lock, and the others wait for it.
    made: tokio::sync::Mutex<[Option<Made>; 2]>,
}

#[derive(Debug)]
struct Made {
    at: Instant,
    text: Bytes,
}

/// What is known of a node beside its own report.
pub(super) struct Surroundings {
    pub(super) listening: Vec<Address>,
    pub(super) uptime: core::time::Duration,
    /// When it began, in seconds since 1970.
    pub(super) began: f64,
    /// Whether peers' addresses are shown.
    pub(super) shows_remotes: bool,
}

impl Desk {
    /// A desk, and where its questions come out.
    pub(in crate::native) fn new(reports: Reports) -> (Self, mpsc::Receiver<Inquiry>) {
        let (inquiries, questions) = mpsc::channel(WAITING);
        let desk = Self {
            reports,
            inquiries,
            listening: Mutex::default(),
            began: Instant::now(),
            began_at: SystemTime::now(),
            is_closed: AtomicBool::new(false),
            made: tokio::sync::Mutex::default(),
        };
        (desk, questions)
    }

    pub(in crate::native) fn reports(&self) -> Reports {
        self.reports
    }

    /// The node listens there too.
    pub(in crate::native) fn listens(&self, address: Address) {
        let mut listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listening.push(address);
    }

    /// From here on, nobody is to be linked.
    pub(in crate::native) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    pub(in crate::native) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// How the node fares in short; `None` if it does not answer in time.
    pub(super) async fn pulse(&self) -> Option<Pulse> {
        self.ask(Inquiry::Pulse).await
    }

    /// A large page, as it is or was within a second.
    pub(super) async fn page(&self, page: Page) -> Option<Bytes> {
        let mut made = self.made.lock().await;
        let place = &mut made[usize::from(page == Page::Mesh)];
        if let Some(made) = place.as_ref().filter(|made| made.at.elapsed() < FRESH) {
            return Some(made.text.clone());
        }
        let report = self.ask(Inquiry::Report).await?;
        let text = Bytes::from(self.show(page, &report));
        let at = Instant::now();
        *place = Some(Made {
            at,
            text: text.clone(),
        });
        Some(text)
    }

    fn show(&self, page: Page, report: &Report) -> String {
        let since_1970 = self.began_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let surroundings = Surroundings {
            listening: listening.clone(),
            uptime: self.began.elapsed(),
            began: since_1970.as_secs_f64(),
            shows_remotes: self.reports == Reports::Local,
        };
        match page {
            Page::Mesh => json::page(report, &surroundings),
            _ => metrics::page(report, &surroundings),
        }
    }

    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Inquiry) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        // A new sender has room for one, however much waits.
        self.inquiries.clone().try_send(question(reply)).ok()?;
        timeout(PATIENCE, answer).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;
    use crate::id::NodeId;
    use crate::mesh::{Config, Identity, Mesh};
    use crate::time::Timestamp;

    #[tokio::test]
    async fn a_loop_that_does_not_answer_in_time_is_no_pulse() {
        let (desk, mut questions) = Desk::new(Reports::Local);
        let began = Instant::now();
        // Taken, and kept.
        let (pulse, question) = tokio::join!(desk.pulse(), questions.next());
        assert!(pulse.is_none() && began.elapsed() >= PATIENCE);
        drop(question);
        drop(questions);
        assert!(desk.pulse().await.is_none(), "and so is one that is gone");
    }

    #[tokio::test]
    async fn however_many_ask_a_page_is_made_once_a_second() {
        let (desk, mut questions) = Desk::new(Reports::Local);
        let node = NodeId::from_entropy(&[7; 48]);
        let mesh = Mesh::new(Config::new("desk"), Identity { node }, [7; 32]);
        let answering = async {
            let question = questions.next().await.expect("a question");
            let Inquiry::Report(reply) = question else {
                panic!("{question:?}");
            };
            assert!(reply.send(mesh.report(Timestamp::ZERO)).is_ok());
        };
        let asking = futures::future::join_all((0..100).map(|_| desk.page(Page::Metrics)));
        let (pages, ()) = tokio::join!(asking, answering);
        assert!(pages.iter().all(|page| page.is_some() && *page == pages[0]));
        assert!(questions.try_recv().is_err(), "nobody else had to ask");
    }
}
