//! Runs storms of the simulator, one seed after the other on all cores, until one breaks a rule.
//!
//! `storms SEEDS [--from N] [--replay LINE] [--json]`: the last line says how many seeds passed; the first failure is
//! printed with the line that shows it again.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rs2p::sim::{Options, Storm};

/// What the words of the command line ask for.
struct Hunt {
    from: u64,
    seeds: u64,
    replay: Option<Options>,
}

impl Hunt {
    fn of(words: &[String]) -> Option<Self> {
        let mut hunt = Self {
            from: 0,
            seeds: 2_000,
            replay: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--from" => hunt.from = words.next()?.parse().ok()?,
                "--replay" => hunt.replay = Some(words.next()?.parse().ok()?),
                number => hunt.seeds = number.parse().ok()?,
            }
        }
        Some(hunt)
    }
}

#[derive(Default)]
struct Score {
    next: AtomicU64,
    passed: AtomicU64,
    steps: AtomicU64,
    /// The failure with the lowest seed, and in words.
    failure: Mutex<Option<(u64, String)>>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(hunt) = Hunt::of(&words) else {
        eprintln!("Usage: storms [SEEDS] [--from N] [--replay LINE]");
        return ExitCode::FAILURE;
    };
    match hunt.replay {
        Some(options) => replay(options),
        None => chase(&hunt),
    }
}

fn replay(options: Options) -> ExitCode {
    match Storm::default().run(options) {
        Ok(simulation) => {
            println!("no rule broken; trace {:016x}", simulation.trace());
            ExitCode::SUCCESS
        }
        Err(violation) => {
            println!("{violation}");
            ExitCode::FAILURE
        }
    }
}

fn chase(hunt: &Hunt) -> ExitCode {
    let (score, begun) = (Score::default(), Instant::now());
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| work(hunt, &score));
        }
        scope.spawn(|| tell(hunt, &score, begun));
    });
    conclude(&score, begun)
}

fn is_over(hunt: &Hunt, score: &Score) -> bool {
    let failed = score.failure.lock().is_ok_and(|failure| failure.is_some());
    failed || score.passed.load(Ordering::Relaxed) >= hunt.seeds
}

fn work(hunt: &Hunt, score: &Score) {
    while !is_over(hunt, score) {
        let number = score.next.fetch_add(1, Ordering::Relaxed);
        if number >= hunt.seeds {
            return;
        }
        let seed = hunt.from + number;
        match Storm::default().run(Storm::options(seed)) {
            Ok(simulation) => {
                score.steps.fetch_add(simulation.steps(), Ordering::Relaxed);
                score.passed.fetch_add(1, Ordering::Relaxed);
            }
            Err(violation) => note(score, seed, violation.to_string()),
        }
    }
}

/// Of several failures the one with the lowest seed stays.
fn note(score: &Score, seed: u64, words: String) {
    if let Ok(mut failure) = score.failure.lock()
        && failure.as_ref().is_none_or(|&(other, _)| seed < other)
    {
        *failure = Some((seed, words));
    }
}

/// Says how far it is: on a terminal in one line that changes, elsewhere in a line every half minute.
fn tell(hunt: &Hunt, score: &Score, begun: Instant) {
    const LOOK: Duration = Duration::from_millis(200);
    let is_terminal = io::stderr().is_terminal();
    let every = if is_terminal {
        LOOK
    } else {
        Duration::from_secs(30)
    };
    let mut next = every;
    while !is_over(hunt, score) {
        thread::sleep(LOOK);
        let (passed, spent) = (score.passed.load(Ordering::Relaxed), begun.elapsed());
        if spent < next {
            continue;
        }
        next = spent + every;
        let line = format!("{passed} of {} seeds, {} s", hunt.seeds, spent.as_secs());
        if is_terminal {
            eprint!("\r{line} ");
        } else {
            eprintln!("{line}");
        }
    }
    if is_terminal {
        eprintln!();
    }
}

fn conclude(score: &Score, begun: Instant) -> ExitCode {
    let passed = score.passed.load(Ordering::Relaxed);
    let steps = score.steps.load(Ordering::Relaxed);
    let took = begun.elapsed().as_secs_f64();
    let failure = score.failure.lock().ok().and_then(|mut f| f.take());
    if let Some((seed, words)) = &failure {
        println!("{words}");
        println!("seed {seed} failed after {passed} seeds had passed, in {took:.1} s");
        return ExitCode::FAILURE;
    }
    let rate = steps as f64 / took;
    println!("{passed} seeds passed in {took:.1} s: {steps} steps, {rate:.0} a second");
    ExitCode::SUCCESS
}
