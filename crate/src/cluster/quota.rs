//! Quotas: for how long a client that is too fast is throttled (`QuotaUtils`, KIP-13).

/// The samples that a rate is measured over (`quota.window.num`).
pub const DEFAULT_WINDOW_NUM: u32 = 11;

/// The length of a sample, in milliseconds (`quota.window.size.seconds`).
pub const DEFAULT_WINDOW_MS: u64 = 1_000;

/// The milliseconds that a client is to wait, so that its rate over `window_ms` is back at `quota`:
/// both are rates in the same unit, such as bytes a second. 0 up to the quota; rounded, halves up.
///
/// The window is what the rate was measured over: whole samples without the one that is being filled.
#[must_use]
pub fn throttle(observed: f64, quota: f64, window_ms: u64) -> u64 {
    if observed <= quota {
        return 0;
    }
    ((observed - quota) / quota * window_ms as f64 + 0.5) as u64
}

/// As [`throttle`], but not above `max_ms`: a broker throttles for its window at most
/// (`quota.window.num` × `quota.window.size.seconds`), for time on request threads 1 s.
#[must_use]
pub fn bounded_throttle(observed: f64, quota: f64, window_ms: u64, max_ms: u64) -> u64 {
    throttle(observed, quota, window_ms).min(max_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_brings_the_rate_back() {
        assert_eq!(throttle(100.0, 50.0, 2_000), 2_000);
        assert_eq!(throttle(55.0, 50.0, 1_000), 100);
        assert_eq!(throttle(16.5, 16.5, 10_000), 0);
        assert_eq!(throttle(1.0, 2.0, 10_000), 0);
        // Half a millisecond is one.
        assert_eq!(throttle(2_001.0, 2_000.0, 1_000), 1);
        assert_eq!(bounded_throttle(500.0, 50.0, 10_000, 11_000), 11_000);
    }
}
