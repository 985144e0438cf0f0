//! Nothing jumps: what changes place moves there. Each thing has a name that outlives the frame,
//! and every frame brings it nearer to where it belongs.

use std::collections::HashMap;
use std::hash::Hash;

/// Moves settle with this time constant: 95 % of the way in 180 ms.
const TAU_MS: f64 = 60.0;

/// How far a frame brings things.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pace {
    share: f64,
}

impl Pace {
    /// After `elapsed_ms` of wall time. With `reduced` motion things are where they belong at
    /// once.
    #[must_use]
    pub fn after(elapsed_ms: f64, reduced: bool) -> Self {
        let share = if reduced {
            1.0
        } else {
            1.0 - (-elapsed_ms.max(0.0) / TAU_MS).exp()
        };
        Self { share }
    }
}

struct Place<const N: usize> {
    at: [f64; N],
    seen: u32,
}

/// Where named things are shown, as opposed to where they belong.
pub struct Tween<K, const N: usize> {
    places: HashMap<K, Place<N>>,
    frame: u32,
    pace: Pace,
    moving: bool,
}

impl<K, const N: usize> Default for Tween<K, N> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            frame: 0,
            pace: Pace { share: 1.0 },
            moving: false,
        }
    }
}

impl<K: Eq + Hash, const N: usize> Tween<K, N> {
    /// Begins a frame.
    pub fn begin(&mut self, pace: Pace) {
        self.frame = self.frame.wrapping_add(1);
        self.pace = pace;
        self.moving = false;
    }

    /// Where to show `key`, which belongs at `goal`. New things are there at once; near things
    /// (by less than `near`) have arrived.
    pub fn show(&mut self, key: K, goal: [f64; N], near: f64) -> [f64; N] {
        let (frame, share) = (self.frame, self.pace.share);
        let place = self.places.entry(key).or_insert(Place {
            at: goal,
            seen: frame,
        });
        place.seen = frame;
        if place
            .at
            .iter()
            .zip(goal)
            .all(|(at, goal)| (goal - at).abs() <= near)
        {
            place.at = goal;
        } else {
            for (at, goal) in place.at.iter_mut().zip(goal) {
                *at += (goal - *at) * share;
            }
            self.moving |= share < 1.0;
        }
        place.at
    }

    /// Ends the frame: what was not shown is forgotten. Says whether anything still moves.
    pub fn end(&mut self) -> bool {
        let frame = self.frame;
        self.places.retain(|_, place| place.seen == frame);
        self.moving
    }

    /// Puts everything where it belongs, without moving: the picture is laid out anew.
    pub fn forget(&mut self) {
        self.places.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(reduced: bool, wall_ms: u32) -> f64 {
        let mut tween = Tween::<u8, 1>::default();
        tween.begin(Pace::after(16.0, reduced));
        tween.show(1, [0.0], 0.1);
        tween.end();
        let mut at = 0.0;
        for _ in 0..wall_ms / 16 {
            tween.begin(Pace::after(16.0, reduced));
            [at] = tween.show(1, [100.0], 0.1);
            tween.end();
        }
        at
    }

    #[test]
    fn a_move_is_nearly_done_after_200_ms_and_quite_done_soon_after() {
        assert!(frames(false, 16) < 30.0);
        assert!(frames(false, 208) > 95.0);
        assert_eq!(frames(false, 500), 100.0);
    }

    #[test]
    fn with_reduced_motion_things_are_where_they_belong() {
        assert_eq!(frames(true, 16), 100.0);
    }

    #[test]
    fn what_is_gone_is_forgotten_and_new_things_do_not_fly_in() {
        let mut tween = Tween::<u8, 1>::default();
        tween.begin(Pace::after(16.0, false));
        assert_eq!(tween.show(1, [5.0], 0.1), [5.0]);
        tween.end();
        tween.begin(Pace::after(16.0, false));
        assert!(!tween.end());
        tween.begin(Pace::after(16.0, false));
        assert_eq!(tween.show(1, [50.0], 0.1), [50.0]);
    }
}
