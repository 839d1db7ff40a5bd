//! Every seed of the fuzz targets, past finds among them, without the fuzzer. The targets are those of the folder `fuzz`.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// Runs a target over its seeds. Which one broke a rule stands last in what the test printed.
fn run_seeds(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let seeds = fs::read_dir(&folder).expect("a folder of seeds");
    let mut count = 0;
    for seed in seeds.flatten() {
        println!("{}", seed.path().display());
        target(&fs::read(seed.path()).expect("a seed"));
        count += 1;
    }
    assert!(count > 0, "{} has seeds", folder.display());
}

#[test]
fn seeds_of_frames() {
    run_seeds("frames", targets::frames::run);
}

#[test]
fn seeds_of_values() {
    run_seeds("values", targets::values::run);
}

#[test]
fn seeds_of_decompress() {
    run_seeds("decompress", targets::decompress::run);
}

#[test]
fn seeds_of_trailer() {
    run_seeds("trailer", targets::trailer::run);
}

#[test]
fn seeds_of_signals() {
    run_seeds("signals", targets::signals::run);
}

#[test]
fn seeds_of_addresses() {
    run_seeds("addresses", targets::addresses::run);
}

#[test]
fn seeds_of_handshake() {
    run_seeds("handshake", targets::handshake::run);
}

#[test]
fn seeds_of_node() {
    run_seeds("node", targets::node::run);
}
