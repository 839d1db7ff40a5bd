//! What a page downloads before a node can begin, and the most that it may be.

use crate::process::Outcome;

/// The most that the wasm and the module which loads it, and does all the rest, may be together, in bytes after `gzip -9`. What
/// it came to when this was written, and 2 %: who makes it smaller lowers it. It rose by 9 KiB with what keeps strangers from hurting a
/// node, of which a page needs contests, hearsay and the drain, and carries the rates and the report; by 9 KiB with trains of frames, flat
/// tables of ids, and who told an address; and by 1 KiB with what whispers about the mesh cost their link. The goal is [`GOAL`].
const BUDGET: usize = 170_500;

/// What it is to come to: 60 KiB.
const GOAL: usize = 60 << 10;

/// Fails if the parts, packed as they travel, are more than a page should download.
pub(crate) fn check(wasm: &[u8], glue: &[u8]) -> Outcome {
    let verdict = judge(wasm.len(), glue.len())?;
    println!("{verdict}");
    Ok(())
}

fn judge(wasm: usize, glue: usize) -> Outcome<String> {
    let all = wasm + glue;
    let sizes = format!(
        "the wasm and its module are {} with gzip -9 ({wasm} and {glue} bytes)",
        kib(all)
    );
    if all > BUDGET {
        let budget = kib(BUDGET);
        return Err(format!(
            "{sizes}, and may be {budget}; what grew? Less code, or a larger budget in xtask/src/size.rs with the reason for it"
        )
        .into());
    }
    Ok(format!(
        "{sizes}, of {} at most; the goal is {}.",
        kib(BUDGET),
        kib(GOAL)
    ))
}

/// A size in KiB with one digit.
pub(crate) fn kib(bytes: usize) -> String {
    format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_shown_in_kib_with_one_digit() {
        assert_eq!(kib(0), "0.0 KiB");
        assert_eq!(kib(1536), "1.5 KiB");
        assert_eq!(kib(204_799), "199.9 KiB");
    }

    #[test]
    fn a_byte_above_the_budget_is_a_failure_that_says_so() {
        assert!(judge(BUDGET, 0).is_ok());
        let failure = judge(BUDGET, 1).map_err(|failure| failure.to_string());
        let text = failure.expect_err("it is too much");
        assert!(text.contains(&format!("{BUDGET} and 1 bytes")) && text.contains("size.rs"));
    }
}
