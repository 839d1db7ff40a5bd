//! How many files the process may have open, which is how many connections.

/// Descriptors that are no link's: listeners, strangers, dials, files, the log.
const RESERVE: usize = 256;

/// Lets this process open as many files as it may ask for: each connection is one, and the usual limit, 1,024, is the
/// system's guess at a program that has few. A system that refuses leaves the limit as it is.
/// Returns how many links fit into it beside what else is open; `None` if that is not known.
pub(super) fn raise_limit() -> Option<usize> {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => {
            tracing::debug!(limit, "open files, connections among them");
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            Some(limit.saturating_sub(RESERVE).max(limit / 2).max(1))
        }
        Err(error) => {
            tracing::debug!(%error, "the limit of open files stays as it is");
            None
        }
    }
}
