//! How many files the process may have open, which is how many connections.

/// Lets this process open as many files as it may ask for: each connection is one, and the usual limit, 1,024, is the
/// system's guess at a program that has few. A system that refuses leaves the limit as it is.
pub(super) fn raise_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open files, connections among them"),
        Err(error) => tracing::debug!(%error, "the limit of open files stays as it is"),
    }
}
