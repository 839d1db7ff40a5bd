//! How a link ended, told to a log, to who asked for the link, and to who counts. It decides nothing.

use super::error::{CloseReason, Failure, LinkDown};
use super::link_end::LinkEnd;
use crate::wire::Departure;

/// How a link ended, in the words of those who care: a log, and who asked for it.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) reason: String,
    pub(super) end: LinkEnd,
    pub(super) failure: Failure,
    /// The node has another link: there is nothing to dial.
    pub(super) is_duplicate: bool,
    /// What others are told of it.
    pub(super) departure: Departure,
    /// The node is reachable otherwise, and links enough are up: nothing was lost.
    pub(super) is_surplus: bool,
}

impl Ended {
    /// `is_unheard`: the peer heard this node's handshake and said nothing.
    pub(super) fn from_down(down: &LinkDown, subnet: &str, is_unheard: bool) -> Self {
        let reason = down.to_string();
        let failure = match down {
            LinkDown::Unreachable(text) => Failure::Unreachable(text.clone()),
            LinkDown::ClosedByPeer {
                code: Some(CloseReason::WRONG_SUBNET),
                ..
            } => Failure::WrongSubnet {
                subnet: subnet.to_owned(),
            },
            // js2p says nothing to those of another subnet.
            LinkDown::ClosedByPeer { .. } if is_unheard => Failure::Refused(format!(
                "{reason} without a greeting: is it a mesh node, and in the subnet \"{subnet}\"?"
            )),
            LinkDown::ClosedByPeer { .. } | LinkDown::Failed(_) => Failure::Refused(reason.clone()),
        };
        let code = match down {
            LinkDown::ClosedByPeer { code, .. } => *code,
            LinkDown::Unreachable(_) | LinkDown::Failed(_) => None,
        };
        Self {
            reason,
            end: LinkEnd::of_down(down),
            failure,
            departure: Departure::Lost,
            is_duplicate: code == Some(CloseReason::DUPLICATE),
            is_surplus: code == Some(CloseReason::SURPLUS),
        }
    }

    pub(super) fn from_reason(reason: &CloseReason, subnet: &str) -> Self {
        let failure = match reason {
            CloseReason::WrongSubnet { .. } => Failure::WrongSubnet {
                subnet: subnet.to_owned(),
            },
            CloseReason::DialTimeout => Failure::Unreachable(reason.to_string()),
            CloseReason::Shutdown => Failure::Closed,
            other => Failure::Refused(other.to_string()),
        };
        Self {
            reason: reason.to_string(),
            end: LinkEnd::of_reason(reason),
            failure,
            departure: match reason {
                CloseReason::Silent => Departure::Timeout,
                _ => Departure::Lost,
            },
            is_duplicate: matches!(reason, CloseReason::Duplicate),
            is_surplus: matches!(reason, CloseReason::Surplus | CloseReason::Standby),
        }
    }
}
