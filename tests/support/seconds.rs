//! py2p stamps a message anew for each of its links: at the turn of a second that makes two messages, which py2p itself hears twice.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Waits until so much of a second is left.
pub(crate) async fn have_left(time: Duration) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let left = Duration::from_secs(1) - Duration::from_nanos(now.subsec_nanos().into());
    if left < time {
        tokio::time::sleep(left + Duration::from_millis(10)).await;
    }
}
