//! A peer without a will: it dials and says what it is told to, however false.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::address::Address;
use crate::id::LinkId;
use crate::mesh::{LinkEvent, Output};

/// Most frames that wait for a link of a puppet.
const WAITING: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Puppet {
    /// Its links, and what is to be said once they are up.
    links: BTreeMap<LinkId, Option<Vec<Bytes>>>,
    outputs: VecDeque<Output>,
    next_dial: u64,
}

impl Puppet {
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Dials an address, and says `words` as soon as the link is up.
    pub(super) fn dial(&mut self, address: Address, words: Vec<Bytes>) {
        let link = LinkId::dialled(self.next_dial);
        self.next_dial += 1;
        self.links.insert(link, Some(words));
        self.outputs.push_back(Output::Dial { link, address });
    }

    /// Says `word` over all links: once they are up, where they are not.
    pub(super) fn say(&mut self, word: &Bytes) {
        let mut to = Vec::new();
        for (&link, waiting) in &mut self.links {
            match waiting {
                Some(words) if words.len() < WAITING => words.push(word.clone()),
                Some(_) => {}
                None => to.push(link),
            }
        }
        if !to.is_empty() {
            let frame = word.clone();
            self.outputs
                .push_back(Output::Transmit { to, frames: frame });
        }
    }

    pub(super) fn handle_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Opened { link, .. } => {
                let words = self.links.insert(link, None).flatten();
                for frame in words.into_iter().flatten() {
                    let to = vec![link];
                    self.outputs
                        .push_back(Output::Transmit { to, frames: frame });
                }
            }
            LinkEvent::Closed { link, .. } => drop(self.links.remove(&link)),
            LinkEvent::Received { .. } | LinkEvent::Written { .. } | LinkEvent::Alive { .. } => {}
        }
    }
}
