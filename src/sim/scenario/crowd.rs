//! [`Crowd`]: who is up, since when, and who is cut off from whom, as far as the script did it.
//!
//! The simulation knows the nodes; this knows what they count for.

use core::time::Duration;

/// One node, as the script treats it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Member {
    /// When the process that runs now started; `None` while none does.
    pub(super) since: Option<Duration>,
    pub(super) is_frozen: bool,
    /// The half of the network in which it is, while there are two.
    pub(super) half: u8,
}

/// All nodes.
#[derive(Debug)]
pub(super) struct Crowd {
    members: Vec<Member>,
    /// Those that were killed and may come back, in the order of their deaths.
    pub(super) dead: std::collections::VecDeque<usize>,
    pub(super) is_split: bool,
}

/// How the mesh hangs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) parts: usize,
    pub(super) largest: usize,
}

impl Crowd {
    pub(super) fn new(count: usize) -> Self {
        Self {
            members: vec![Member::default(); count],
            dead: std::collections::VecDeque::new(),
            is_split: false,
        }
    }

    pub(super) fn member(&self, node: usize) -> Member {
        self.members[node]
    }

    pub(super) fn member_mut(&mut self, node: usize) -> &mut Member {
        &mut self.members[node]
    }

    pub(super) fn is_up(&self, node: usize) -> bool {
        self.members[node].since.is_some()
    }

    /// Whether a node is up and not frozen.
    pub(super) fn is_awake(&self, node: usize) -> bool {
        self.is_up(node) && !self.members[node].is_frozen
    }

    /// Those that are up.
    pub(super) fn up(&self) -> Vec<usize> {
        (0..self.members.len())
            .filter(|&node| self.is_up(node))
            .collect()
    }

    /// Whether a node was up at a time and is the same process still: then it should have what was sent at that time.
    pub(super) fn stayed(&self, node: usize, since: Duration) -> bool {
        self.members[node].since.is_some_and(|start| start <= since)
    }

    /// Whether anything can pass between two nodes.
    pub(super) fn is_passable(&self, one: usize, other: usize) -> bool {
        !self.is_split || self.members[one].half == self.members[other].half
    }

    /// The parts into which links put those that are up.
    pub(super) fn shape(&self, links: &[(u32, u32)]) -> Shape {
        let mut parents: Vec<u32> = (0..self.members.len() as u32).collect();
        for &(one, other) in links {
            let (one, other) = (root(&mut parents, one), root(&mut parents, other));
            parents[one as usize] = other;
        }
        let mut sizes = vec![0; self.members.len()];
        for node in self.up() {
            sizes[root(&mut parents, node as u32) as usize] += 1;
        }
        Shape {
            parts: sizes.iter().filter(|&&size| size > 0).count(),
            largest: sizes.into_iter().max().unwrap_or_default(),
        }
    }
}

/// The node that stands for the part in which `node` is, with the way to it made shorter.
fn root(parents: &mut [u32], mut node: u32) -> u32 {
    while parents[node as usize] != node {
        parents[node as usize] = parents[parents[node as usize] as usize];
        node = parents[node as usize];
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_of_the_nodes_that_are_up() {
        let mut crowd = Crowd::new(6);
        for node in 0..5 {
            crowd.member_mut(node).since = Some(Duration::ZERO);
        }
        let shape = crowd.shape(&[(0, 1), (1, 2), (3, 4)]);
        let (parts, largest) = (2, 3);
        assert_eq!(shape, Shape { parts, largest });
    }
}
