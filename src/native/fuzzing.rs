//! What the fuzz targets do whose code nobody else can reach: each takes bytes of a stranger, and panics where a rule is
//! broken. Compiled for them, and for tests: of their seeds, and of the door.

#![allow(missing_docs, reason = "hidden, and used by the fuzz targets only")]

mod upgrade;
mod websocket;

#[cfg(test)]
pub(super) use upgrade::open;
pub use upgrade::upgrade;
pub use websocket::websocket;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a target over its seeds: what was found, and what was hard to find.
    fn run_seeds(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/seeds")
            .join(name);
        let seeds = fs::read_dir(&folder).expect("a folder of seeds");
        let mut count = 0;
        for seed in seeds.flatten() {
            let path = seed.path();
            println!("{}", path.display());
            target(&fs::read(&path).expect("a seed"));
            count += 1;
        }
        assert!(count > 0, "{} has seeds", folder.display());
    }

    #[test]
    fn the_seeds_of_websockets_keep_the_rules() {
        run_seeds("websocket", super::websocket);
    }

    #[test]
    fn the_seeds_of_upgrades_keep_the_rules() {
        run_seeds("upgrade", super::upgrade);
    }
}
