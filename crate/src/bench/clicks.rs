//! Clicks of 10,000 visitors, whose names are looked up for each, up to two minutes out of order.

use crate::clickstream::Symbol;
use crate::clickstream::session::{Click, GAP_MS, Sessionizer};
use crate::stream::Keys;

const USERS: u64 = 10_000;
/// Clicks in a second of their time: a visitor's are some 100 s apart in the mean, so that a gap of
/// 30 minutes is rare.
const PER_S: u64 = 100;
/// After so many the sessions are counted and others begun, so that memory stays bounded.
const ROUND: u64 = 2_000_000;

/// Makes sessions of clicks.
#[derive(Debug)]
pub struct Clicker {
    names: Vec<String>,
    keys: Keys,
    sessionizer: Sessionizer,
    n: u64,
    random: u64,
    sessions: u64,
}

impl Default for Clicker {
    fn default() -> Self {
        Self {
            names: (0..USERS)
                .map(|n| format!("u{:05}", n * 7_919 % USERS))
                .collect(),
            keys: Keys::new(),
            sessionizer: begin(),
            n: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            sessions: 0,
        }
    }
}

fn begin() -> Sessionizer {
    Sessionizer::new(GAP_MS).expect("there is a gap")
}

impl Clicker {
    /// So many clicks more. Gives how many sessions were counted so far.
    pub fn clicks(&mut self, n: u64) -> u64 {
        for _ in 0..n {
            // xorshift64*
            self.random ^= self.random >> 12;
            self.random ^= self.random << 25;
            self.random ^= self.random >> 27;
            let random = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
            let name = &self.names[((random * USERS) >> 32) as usize];
            let late = (random & 0x7f) as i64 * 1_000;
            // Once in a while nobody comes for an hour, so that sessions end.
            let pauses = (self.n / (ROUND / 16)) as i64 * 2 * GAP_MS;
            let ts = (self.n * 1_000 / PER_S) as i64 + pauses - late;
            let symbol = Symbol::ALL[(random % 6) as usize];
            let user = self.keys.id(name.as_bytes());
            self.sessionizer.click(Click { user, ts, symbol });
            self.n += 1;
            if self.n == ROUND {
                self.sessions += self.sessionizer.sessions().count() as u64;
                self.sessionizer = begin();
                self.n = 0;
            }
        }
        self.sessions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pause_ends_sessions() {
        let mut clicker = Clicker::default();
        clicker.clicks(300_000);
        let sessions = clicker.sessionizer.sessions();
        let clicks: usize = sessions.map(|session| session.len()).sum();
        assert_eq!(clicks, 300_000);
        let sessions = clicker.sessionizer.sessions().count();
        assert!((20_000..40_000).contains(&sessions), "{sessions}");
    }
}
