//! What the fuzz targets do with their bytes, one target a module: each a function that panics where a rule is broken.
//!
//! The programs in `targets` hand these to libFuzzer; `tests/fuzz_seeds.rs` of the package runs them over the seeds without it.

#![forbid(unsafe_code)]

pub mod addresses;
mod choices;
pub mod decompress;
pub mod frames;
pub mod handshake;
pub mod node;
mod rig;
mod said;
pub mod signals;
pub mod trailer;
pub mod values;
mod words;
