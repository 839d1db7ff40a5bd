//! What a run takes of this machine: time, and memory where the system tells.

use std::time::Instant;

use serde::Serialize;

/// What a run took.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Taken {
    /// Milliseconds of real time.
    pub(super) took_ms: u64,
    /// The most memory that the process had, in bytes; not known but on Linux.
    pub(super) peak_bytes: Option<u64>,
}

/// A stop watch.
pub(super) struct Watch(Instant);

impl Watch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn stop(&self) -> Taken {
        Taken {
            took_ms: self.0.elapsed().as_millis() as u64,
            peak_bytes: peak(),
        }
    }
}

fn peak() -> Option<u64> {
    peak_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The line `VmHWM:    12345 kB` of proc(5).
fn peak_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_what_linux_says() {
        let status = "Name:\trs2p\nVmPeak:\t  9000 kB\nVmHWM:\t  4096 kB\n";
        assert_eq!(peak_in(status), Some(4 << 20));
        assert_eq!(peak_in("Name:\trs2p\n"), None);
    }
}
