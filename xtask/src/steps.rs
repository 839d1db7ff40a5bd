//! What takes minutes, in steps: each is announced with its number among all, so that who waits sees how far it is.

use std::time::{Duration, Instant};

use crate::process::Outcome;
use crate::project::Project;
use crate::report::clock;

/// What is made, and how.
pub(crate) type Step = (&'static str, fn(&Project) -> Outcome);

/// Takes the steps one after the other, until one fails.
pub(crate) fn take(project: &Project, steps: &[Step]) -> Outcome {
    let begun = Instant::now();
    for (index, (what, step)) in steps.iter().enumerate() {
        let line = heading(index + 1, steps.len(), what, begun.elapsed());
        println!("\n{line}\n");
        step(project)?;
    }
    Ok(())
}

fn heading(number: usize, all: usize, what: &str, elapsed: Duration) -> String {
    format!(
        "== step {number} of {all}: {what} ({} so far)",
        clock(elapsed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_announced_with_its_number_among_all() {
        let line = heading(2, 5, "the node as wasm", Duration::from_secs(75));
        assert_eq!(line, "== step 2 of 5: the node as wasm (1:15 min so far)");
    }

    #[test]
    fn no_step_follows_one_that_fails() -> Outcome {
        let project = Project::locate()?;
        let fails: Step = ("what fails", |_| Err("as it must".into()));
        let follows: Step = ("what follows", |_| panic!("it was taken"));
        assert!(take(&project, &[fails, follows]).is_err());
        Ok(())
    }
}
