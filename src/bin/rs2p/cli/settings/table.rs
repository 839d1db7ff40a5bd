//! Every limit that whoever runs a relay may want to change.
//!
//! A new one is an entry of a few lines here; flag, variable, key, help and print follow from it. What of the library's
//! options is not here is named in the tests of `settings`, with the reason.

mod dialling;
mod memory;
mod messages;
mod newcomers;
mod peers;
mod rates;
mod times;

use core::time::Duration;

use super::form::{Always, Bytes, BytesOrOff, Choice, Count, List, Of, RateOrOff, Span};
use super::{Group, Setting};

/// The settings in the order in which they are shown.
pub(super) static GROUPS: [Group; 7] = [
    newcomers::GROUP,
    rates::GROUP,
    peers::GROUP,
    times::GROUP,
    dialling::GROUP,
    messages::GROUP,
    memory::GROUP,
];

/// Most things of a kind: more than any machine holds of them, and few enough to be doubled.
const MANY: usize = 1 << 24;
/// Largest size. Twice of it fits into the address space of every machine.
const LARGE: usize = 1 << 30;
/// Shortest time: the core's clock and the system's timers are no finer.
const SHORT: Duration = Duration::from_millis(1);
/// Longest time: what takes longer than a day is for ever in a mesh.
const LONG: Duration = Duration::from_secs(86_400);
