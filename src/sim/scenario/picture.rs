//! [`Picture`]: what it takes to draw a mesh over time, and the recorder that gathers it.
//!
//! It is told what there is at some moments, and keeps what changed. What serialises is meant for the page of a report: rows of
//! numbers, as there are many.

use serde::{Serialize, Serializer};

use super::layout;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A node that can be dialled.
    Node,
    /// A relay, which tabs dial.
    Relay,
    /// A browser tab, which nobody can dial.
    Tab,
}

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// It has not started yet.
    Absent,
    /// It runs.
    Up,
    /// It was killed.
    Killed,
    /// It is frozen: it reads nothing and its timers stand still.
    Frozen,
}

impl Serialize for NodeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

impl Serialize for NodeState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// A link, and when there was one: its two nodes, from when, and until when if it ended. In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LinkSpan(pub u32, pub u32, pub u64, pub Option<u64>);

/// A node, the millisecond from which on, and what it did from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change(pub u32, pub u64, pub NodeState);

/// The way of one message through the mesh.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Wave {
    /// Which message it is, for people.
    pub title: &'static str,
    /// When it was sent.
    pub at_ms: u64,
    /// By which node.
    pub origin: u32,
    /// When each node had it, in milliseconds from then; `None` for those that never had it.
    pub arrivals: Vec<Option<f64>>,
    /// From which node each had it first.
    pub parents: Vec<Option<u32>>,
}

/// What it takes to draw a mesh over time.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Picture {
    /// Where each node stands, across and down, from 0 to 10,000.
    pub places: Vec<[u16; 2]>,
    /// What each node is.
    pub kinds: Vec<NodeKind>,
    /// Every link that there was.
    pub links: Vec<LinkSpan>,
    /// What nodes did, where it changed.
    pub states: Vec<Change>,
    /// Messages whose way can be followed.
    pub waves: Vec<Wave>,
}

/// Gathers a [`Picture`].
#[derive(Debug, Default)]
pub(super) struct Recorder {
    /// What is up, in order.
    current: Vec<(u32, u32, u64)>,
    links: Vec<LinkSpan>,
    states: Vec<Change>,
}

impl Recorder {
    /// A node does something else from now on.
    pub(super) fn change(&mut self, node: u32, at_ms: u64, state: NodeState) {
        self.states.push(Change(node, at_ms, state));
    }

    /// The links that there are now, in order and each once.
    pub(super) fn links(&mut self, at_ms: u64, now: &[(u32, u32)]) {
        let mut before = core::mem::take(&mut self.current).into_iter().peekable();
        for &(one, other) in now {
            while let Some((a, b, from)) = before.next_if(|&(a, b, _)| (a, b) < (one, other)) {
                self.links.push(LinkSpan(a, b, from, Some(at_ms)));
            }
            let known = before.next_if(|&(a, b, _)| (a, b) == (one, other));
            self.current.push(known.unwrap_or((one, other, at_ms)));
        }
        self.links
            .extend(before.map(|(a, b, from)| LinkSpan(a, b, from, Some(at_ms))));
    }

    /// The picture, with nodes of these kinds, in these groups, and these waves.
    pub(super) fn finish(
        mut self,
        kinds: Vec<NodeKind>,
        groups: &[u8],
        waves: Vec<Wave>,
    ) -> Picture {
        let last = core::mem::take(&mut self.current);
        self.links.extend(
            last.into_iter()
                .map(|(a, b, from)| LinkSpan(a, b, from, None)),
        );
        self.links.sort_by_key(|span| span.2);
        let ends: Vec<(usize, usize)> = self
            .links
            .iter()
            .map(|span| (span.0 as usize, span.1 as usize))
            .collect();
        let is_relay = |node: &usize| kinds[*node] == NodeKind::Relay;
        let mut roots: Vec<usize> = (0..kinds.len()).filter(is_relay).collect();
        if roots.is_empty() && !kinds.is_empty() {
            roots.push(0);
        }
        Picture {
            places: layout::places(groups, &roots, &ends),
            kinds,
            links: self.links,
            states: self.states,
            waves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_kept_from_when_it_was_seen_first_to_when_it_was_missing() {
        let mut recorder = Recorder::default();
        recorder.links(10, &[(0, 1), (1, 2)]);
        recorder.links(20, &[(0, 2), (1, 2)]);
        recorder.links(30, &[(0, 1), (0, 2)]);
        let picture = recorder.finish(vec![NodeKind::Node; 3], &[0; 3], Vec::new());
        let mut spans = picture.links;
        spans.sort_by_key(|span| (span.0, span.1, span.2));
        assert_eq!(
            spans,
            [
                LinkSpan(0, 1, 10, Some(20)),
                LinkSpan(0, 1, 30, None),
                LinkSpan(0, 2, 20, None),
                LinkSpan(1, 2, 10, Some(30)),
            ]
        );
    }
}
