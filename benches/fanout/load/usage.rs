//! What processes use, as Linux tells it in `/proc`.

use std::fs;
use std::ops::{Add, Sub};

use rustix::time::{ClockId, clock_gettime};

/// Ticks of `/proc/PID/stat` in a second, on every Linux that runs today.
const TICKS: f64 = 100.0;

/// Processor time, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    /// Exact to the nanosecond, of the threads that live.
    pub(crate) total: f64,
    /// In steps of 10 ms.
    pub(crate) user: f64,
    /// In steps of 10 ms.
    pub(crate) system: f64,
}

impl Add for Cpu {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            user: self.user + other.user,
            system: self.system + other.system,
        }
    }
}

impl Sub for Cpu {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            total: self.total - other.total,
            user: self.user - other.user,
            system: self.system - other.system,
        }
    }
}

/// What these processes have used together.
pub(crate) fn cpu_of(processes: &[u32]) -> Cpu {
    let each = processes.iter().map(|&process| cpu(process));
    each.fold(Cpu::default(), Add::add)
}

fn cpu(process: u32) -> Cpu {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let tasks = tasks.into_iter().flatten().flatten();
    let nanoseconds = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    let (user, system) = ticks(process).unwrap_or_default();
    Cpu {
        total: nanoseconds.sum::<f64>() / 1e9,
        user: user / TICKS,
        system: system / TICKS,
    }
}

/// The fields 14 and 15 of proc(5), counted from behind the name, which may hold anything.
fn ticks(process: u32) -> Option<(f64, f64)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind_name) = text.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// What this process has used, in seconds.
pub(crate) fn own_cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Memory that these processes hold together, in KiB.
pub(crate) fn memory_of(processes: &[u32]) -> u64 {
    processes
        .iter()
        .filter_map(|&process| memory(process))
        .sum()
}

fn memory(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}
