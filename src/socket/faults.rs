//! What went wrong unnoticed: py2p's list of exceptions behind `status`, typed and bounded.

use core::fmt;
use std::collections::VecDeque;

use super::handlers::HandlerId;
use super::listeners::EventKind;
use crate::id::NodeId;
use crate::mesh::{CloseReason, Event};

/// How many faults are kept; the oldest go.
pub const FAULTS: usize = 64;

/// Something that went wrong where nobody asked, so that no call could return it. [`MeshSocket::faults`] lists them.
///
/// [`MeshSocket::faults`]: crate::MeshSocket::faults
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A handler panicked, which counts as not having acted. The fault is the handler's.
    Handler {
        /// Which one.
        handler: HandlerId,
        /// What it said.
        panic: String,
    },
    /// A listener panicked. The fault is the listener's.
    Listener {
        /// To what it listened.
        kind: EventKind,
        /// What it said.
        panic: String,
    },
    /// So many asynchronous listeners were at work that another was not begun
    /// ([`LISTENERS_AT_WORK`](super::LISTENERS_AT_WORK)).
    ListenersBusy {
        /// To what it listened.
        kind: EventKind,
    },
    /// So many messages were dropped before the handlers had seen them, or events before listeners: they take too long
    /// ([`InboxLimits`](super::InboxLimits)).
    HandlersLate(u64),
    /// So many messages were dropped before `recv` took them: it is called too seldom
    /// ([`InboxLimits`](super::InboxLimits)).
    Missed(u64),
    /// A link was cut or refused for a fault of its peer.
    Link {
        /// The peer's address, if known.
        remote: Option<String>,
        /// Who it was, if it had greeted.
        node: Option<NodeId>,
        /// What it did.
        reason: CloseReason,
    },
}

impl Fault {
    /// The fault that a core event tells of, if it does.
    pub(super) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::LinkClosed {
                remote,
                node,
                reason,
                ..
            } if reason.is_fault() => Some(Self::Link {
                remote: remote.clone(),
                node: node.clone(),
                reason: reason.clone(),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler { panic, .. } => write!(f, "a handler panicked: {panic}"),
            Self::Listener { kind, panic } => write!(f, "a listener to {kind} panicked: {panic}"),
            Self::ListenersBusy { kind } => write!(
                f,
                "a listener to {kind} was not called: too many are at work"
            ),
            Self::HandlersLate(count) => {
                write!(
                    f,
                    "{count} messages were dropped: the handlers take too long"
                )
            }
            Self::Missed(count) => {
                write!(f, "{count} messages were dropped: recv() did not take them")
            }
            Self::Link {
                remote,
                node,
                reason,
            } => {
                let node = node.as_ref().map(NodeId::short);
                let who = node.as_deref().or(remote.as_deref()).unwrap_or("a peer");
                write!(f, "the link to {who} was cut: {reason}")
            }
        }
    }
}

/// The newest faults.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(super) fn push(&mut self, fault: Fault) {
        if self.0.len() == FAULTS {
            self.0.pop_front();
        }
        self.0.push_back(fault);
    }

    pub(super) fn list(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }
}

/// What a panic says, as far as it says it in words.
pub(super) fn words(panic: &(dyn core::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("something that is no text").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_faults_are_kept() {
        let mut faults = Faults::default();
        for count in 0..100 {
            faults.push(Fault::Missed(count));
        }
        let kept: Vec<_> = (36..100).map(Fault::Missed).collect();
        assert_eq!(faults.list(), kept);
    }
}
