//! Where the nodes stand in a drawing: neighbours near each other, nobody upon another, the same for the same links.
//!
//! A mesh grows like a flower here: its roots in the middle, whoever hangs on them around, each in the sector of the node by
//! which it is reached. It knows no time: the places are found once, for all links that a run had.

use core::f64::consts::TAU;
use std::collections::VecDeque;

/// Places are given in this unit: a drawing is so wide and so high.
pub const SPAN: u16 = 10_000;
/// Times that nodes which stand too near push each other off.
const RELAXATIONS: usize = 80;
/// The distance that nodes want, in shares of what is there for each.
const ELBOW_ROOM: f64 = 1.6;
/// How far a node gives way at a time, in shares of what it lacks.
const YIELDING: f64 = 0.32;
/// How much of the way to the node that it hangs on a node is drawn at a time.
const PULL: f64 = 0.004;

/// How strongly a root is drawn to the middle, as [`PULL`].
const ROOT_PULL: f64 = 0.2;
/// The depth of nodes that no root reaches: they stand at the rim.
const APART: u32 = 1 << 16;

/// Finds a place for each of `groups.len()` nodes. `roots` come into the middle; nodes of one group stay together,
/// the groups side by side.
pub(super) fn places(groups: &[u8], roots: &[usize], links: &[(usize, usize)]) -> Vec<[u16; 2]> {
    let tree = Tree::grown(groups, roots, links);
    let mut places = vec![[0; 2]; groups.len()];
    let mut kinds: Vec<u8> = groups.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    for (column, kind) in kinds.iter().enumerate() {
        let members: Vec<usize> = (0..groups.len())
            .filter(|&node| groups[node] == *kind)
            .collect();
        let disc = tree.disc(&members);
        for (&node, point) in members.iter().zip(disc) {
            places[node] = in_column(point, column, kinds.len());
        }
    }
    places
}

/// A point of the unit disc, in the column of its group.
fn in_column([x, y]: [f64; 2], column: usize, columns: usize) -> [u16; 2] {
    let gap = if columns > 1 { 0.92 } else { 1.0 };
    let across = (column as f64 + 0.5 + 0.5 * gap * x) / columns as f64;
    [across, 0.5 + 0.5 * y].map(|share| (share.clamp(0.0, 1.0) * f64::from(SPAN)).round() as u16)
}

/// Who hangs on whom: a tree of shortest ways from the roots, within each group.
struct Tree {
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
    depths: Vec<u32>,
    /// Parents before children.
    order: Vec<usize>,
}

impl Tree {
    fn grown(groups: &[u8], roots: &[usize], links: &[(usize, usize)]) -> Self {
        let count = groups.len();
        let mut near = vec![Vec::new(); count];
        for &(one, other) in links {
            if groups[one] == groups[other] {
                near[one].push(other);
                near[other].push(one);
            }
        }
        let mut tree = Self {
            parents: vec![None; count],
            children: vec![Vec::new(); count],
            depths: vec![0; count],
            order: Vec::with_capacity(count),
        };
        let mut is_placed = vec![false; count];
        tree.grow(roots, 0, &near, &mut is_placed);
        let mut rest: Vec<usize> = (0..count).collect();
        rest.sort_by_key(|&node| core::cmp::Reverse(near[node].len()));
        for node in rest {
            let depth = if roots.is_empty() && tree.order.is_empty() {
                0
            } else {
                APART
            };
            tree.grow(&[node], depth, &near, &mut is_placed);
        }
        tree
    }

    /// Adds what is reached from `roots`, breadth first; they are at this depth.
    fn grow(&mut self, roots: &[usize], depth: u32, near: &[Vec<usize>], is_placed: &mut [bool]) {
        let mut queue: VecDeque<usize> = VecDeque::new();
        for &root in roots {
            if !core::mem::replace(&mut is_placed[root], true) {
                self.depths[root] = depth;
                queue.push_back(root);
            }
        }
        while let Some(node) = queue.pop_front() {
            self.order.push(node);
            for &next in &near[node] {
                if !core::mem::replace(&mut is_placed[next], true) {
                    self.parents[next] = Some(node);
                    self.depths[next] = self.depths[node] + 1;
                    self.children[node].push(next);
                    queue.push_back(next);
                }
            }
        }
    }

    /// The places of `members` within the unit disc.
    fn disc(&self, members: &[usize]) -> Vec<[f64; 2]> {
        let angles = self.angles(members);
        let mut ranked: Vec<usize> = (0..members.len()).collect();
        ranked.sort_by(|&one, &other| {
            let key = |index: usize| (self.depths[members[index]], angles[index]);
            let (one, other) = (key(one), key(other));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        });
        let mut points = vec![[0.0; 2]; members.len()];
        for (rank, &index) in ranked.iter().enumerate() {
            let radius = ((rank as f64 + 0.5) / members.len() as f64).sqrt();
            points[index] = [radius * angles[index].cos(), radius * angles[index].sin()];
        }
        let pulls: Vec<Pull> = self.pulls(members);
        relax(&mut points, &pulls);
        fill(&mut points);
        points
    }

    /// The direction in which each member stands: the middle of its sector, which is as wide as what hangs on it.
    fn angles(&self, members: &[usize]) -> Vec<f64> {
        let weights = self.weights();
        let mut from = vec![0.0; self.parents.len()];
        let mut angles = vec![0.0; self.parents.len()];
        let mut is_member = vec![false; self.parents.len()];
        members.iter().for_each(|&node| is_member[node] = true);
        let (mut taken, whole) = (0, members.len().max(1));
        for &node in self.order.iter().filter(|&&node| is_member[node]) {
            if self.parents[node].is_none() {
                from[node] = TAU * f64::from(taken) / whole as f64;
                taken += weights[node];
            }
            let width = TAU * f64::from(weights[node]) / whole as f64;
            angles[node] = from[node] + width / 2.0;
            let mut start = from[node];
            for &child in &self.children[node] {
                from[child] = start;
                start += TAU * f64::from(weights[child]) / whole as f64;
            }
        }
        members.iter().map(|&node| angles[node]).collect()
    }

    /// How many nodes hang on each, itself included.
    fn weights(&self) -> Vec<u32> {
        let mut weights = vec![1; self.parents.len()];
        for &node in self.order.iter().rev() {
            if let Some(parent) = self.parents[node] {
                weights[parent] += weights[node];
            }
        }
        weights
    }

    /// What draws each member, and where to: the node that it hangs on, by its place in `members`.
    fn pulls(&self, members: &[usize]) -> Vec<Pull> {
        let mut index = vec![None; self.parents.len()];
        for (at, &node) in members.iter().enumerate() {
            index[node] = Some(at);
        }
        let pull = |&node: &usize| match self.parents[node].and_then(|parent| index[parent]) {
            Some(parent) => Pull::To(parent),
            None if self.depths[node] == 0 => Pull::Middle,
            None => Pull::Nowhere,
        };
        members.iter().map(pull).collect()
    }
}

/// Where a point is drawn to.
enum Pull {
    To(usize),
    Middle,
    Nowhere,
}

impl Pull {
    fn applied(&self, [x, y]: [f64; 2], points: &[[f64; 2]]) -> [f64; 2] {
        match self {
            Self::To(other) => {
                let [to_x, to_y] = points[*other];
                [x + (to_x - x) * PULL, y + (to_y - y) * PULL]
            }
            Self::Middle => [x * (1.0 - ROOT_PULL), y * (1.0 - ROOT_PULL)],
            Self::Nowhere => [x, y],
        }
    }
}

/// Lets points give way to each other until each has room, and keeps them in the disc.
fn relax(points: &mut [[f64; 2]], pulls: &[Pull]) {
    let room = ELBOW_ROOM / (points.len() as f64).sqrt().max(1.0);
    for _ in 0..RELAXATIONS {
        for (index, [x, y]) in pushes(points, room).into_iter().enumerate() {
            let [old_x, old_y] = points[index];
            let [x, y] = pulls[index].applied([old_x + x, old_y + y], points);
            let radius = x.hypot(y).max(1.0);
            points[index] = [x / radius, y / radius];
        }
    }
}

/// Stretches points until the outermost of them stands at the rim of the disc.
fn fill(points: &mut [[f64; 2]]) {
    let radius = points.iter().map(|[x, y]| x.hypot(*y)).fold(0.0, f64::max);
    if radius > 0.0 {
        for [x, y] in points {
            (*x, *y) = (*x / radius, *y / radius);
        }
    }
}

/// How far each point is pushed by those that are nearer than `room`.
fn pushes(points: &[[f64; 2]], room: f64) -> Vec<[f64; 2]> {
    let cells = Cells::of(points, room);
    let push = |(index, &[x, y]): (usize, &[f64; 2])| {
        let mut sum = [0.0; 2];
        for other in cells.around([x, y]).filter(|&other| other != index) {
            let (dx, dy) = (x - points[other][0], y - points[other][1]);
            let distance = dx.hypot(dy);
            if distance < room {
                // Two at one place part in a direction of their own.
                let (dx, dy, distance) = match distance < 1e-9 {
                    true => ((index as f64).cos(), (index as f64).sin(), 1.0),
                    false => (dx, dy, distance),
                };
                let share = YIELDING * (room - distance.min(room)) / distance;
                sum = [sum[0] + dx * share, sum[1] + dy * share];
            }
        }
        sum
    };
    points.iter().enumerate().map(push).collect()
}

/// The points by squares of a grid, so that the near ones are found at once.
struct Cells {
    side: f64,
    across: usize,
    members: Vec<Vec<usize>>,
}

impl Cells {
    fn of(points: &[[f64; 2]], side: f64) -> Self {
        let across = (2.0 / side).ceil() as usize + 1;
        let mut cells = Self {
            side,
            across,
            members: vec![Vec::new(); across * across],
        };
        for (index, &point) in points.iter().enumerate() {
            let (column, row) = cells.cell(point);
            cells.members[row * across + column].push(index);
        }
        cells
    }

    fn cell(&self, [x, y]: [f64; 2]) -> (usize, usize) {
        let cell = |value: f64| (((value + 1.0) / self.side) as usize).min(self.across - 1);
        (cell(x), cell(y))
    }

    fn around(&self, point: [f64; 2]) -> impl Iterator<Item = usize> {
        let (column, row) = self.cell(point);
        let last = self.across - 1;
        let rows = row.saturating_sub(1)..=(row + 1).min(last);
        let columns = column.saturating_sub(1)..=(column + 1).min(last);
        rows.flat_map(move |row| {
            columns
                .clone()
                .map(move |column| row * self.across + column)
        })
        .flat_map(|cell| self.members[cell].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(count: usize) -> Vec<(usize, usize)> {
        (0..count).map(|node| (node, (node + 1) % count)).collect()
    }

    fn distance(one: [u16; 2], other: [u16; 2]) -> f64 {
        let [dx, dy] = [0, 1].map(|axis| f64::from(one[axis]) - f64::from(other[axis]));
        dx.hypot(dy)
    }

    #[test]
    fn the_same_links_give_the_same_places() {
        let groups = [0; 50];
        assert_eq!(
            places(&groups, &[0], &ring(50)),
            places(&groups, &[0], &ring(50))
        );
    }

    #[test]
    fn no_node_stands_upon_another() {
        for count in [2, 10, 300] {
            let places = places(&vec![0; count], &[0], &ring(count));
            let room = f64::from(SPAN) / (count as f64).sqrt() / 4.0;
            for one in 0..count {
                for other in 0..one {
                    let distance = distance(places[one], places[other]);
                    assert!(distance > room, "{count}: {one} and {other}: {distance}");
                }
            }
        }
    }

    #[test]
    fn groups_stand_side_by_side() {
        let groups: Vec<u8> = (0..100).map(|node| (node % 2) as u8).collect();
        let places = places(&groups, &[], &ring(100));
        for (node, place) in places.iter().enumerate() {
            assert_eq!(place[0] > SPAN / 2, groups[node] == 1, "{node}: {place:?}");
        }
    }

    #[test]
    fn a_root_is_in_the_middle_of_what_hangs_on_it() {
        let star: Vec<_> = (1..200).map(|node| (0, node)).collect();
        let places = places(&[0; 200], &[0], &star);
        assert!(distance(places[0], [SPAN / 2; 2]) < f64::from(SPAN) / 8.0);
    }

    #[test]
    fn a_mesh_of_nobody_and_a_node_alone_have_their_places() {
        assert!(places(&[], &[], &[]).is_empty());
        assert_eq!(places(&[0], &[], &[]).len(), 1);
    }
}
