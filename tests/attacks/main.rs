//! What strangers do to a relay, and what becomes of it and of the honest: the real program under attack, one file for each
//! attack. Every figure is a line: what, how much, its goal, and whether it is met.
//!
//! The short form of each attack asserts what no machine can change: nothing honest lost, strangers thrown out, memory and
//! descriptors bounded. The long one asserts times too, optimised, on a machine that does nothing else:
//!
//! ```sh
//! cargo test --release --test attacks flood -- --ignored --nocapture --test-threads=1
//! ```
//!
//! Clients and relay share the machine, so times are compared with those before the attack in the same run. Strangers and
//! honest peers call from addresses of 127.0.0.0/8, each from its own.
#![cfg(all(target_os = "linux", feature = "cli"))]

mod announced_giants;
mod beside;
mod bombs;
mod churn;
mod control_frames;
mod cross_site;
mod crowd;
mod descriptors;
mod figures;
mod flood;
mod herd;
mod hollow_records;
mod hostile;
mod mix;
mod pace;
mod peer;
mod poison;
mod poison_dials;
mod relay;
mod silent_and_dripping;
mod slow_readers;
mod wire;

#[path = "../support"]
mod support {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod certificates;
    pub(crate) mod folder;
    pub(crate) mod hollow;
}
