//! Wall time to simulated time: pure, so that it can be tested without a clock.

use millrace::time::{Span, Time};

/// The speeds of the transport, times the pace of the scene: simulated seconds per second.
pub const SPEEDS: [f64; 8] = [0.01, 0.1, 0.25, 1.0, 2.0, 5.0, 10.0, 60.0];
/// The place of 1× in [`SPEEDS`].
pub const REAL_TIME: usize = 3;

/// A frame's share of a longer gap: a tab that slept must not replay its night.
const LONGEST_GAP_MS: f64 = 100.0;
/// How much of a frame the simulation may take; the rest is for painting.
const SIMULATE_MS: f64 = 7.0;
/// How many events between two looks at the wall clock.
const SLICE_EVENTS: u64 = 2_000;
/// The share of late frames from which the page says that it runs behind, and the share below
/// which it stops saying so.
const BEHIND: (f64, f64) = (0.5, 0.1);

/// How far to simulate in one frame.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Plan {
    /// Up to this simulated time…
    pub target: Time,
    /// …looking at the clock after so many events…
    pub slice_events: u64,
    /// …and not longer than this.
    pub budget_ms: f64,
}

/// What the transport's buttons turn.
#[derive(Clone, PartialEq, Debug)]
pub struct Player {
    playing: bool,
    speed: usize,
    last_wall_ms: Option<f64>,
    /// Simulated microseconds that did not make a whole one yet: at 0.01× a frame has 166.7 µs.
    rest_us: f64,
    /// A moving average of "this frame missed its target".
    late: f64,
    behind: bool,
}

impl Default for Player {
    fn default() -> Self {
        Self {
            playing: false,
            speed: REAL_TIME,
            last_wall_ms: None,
            rest_us: 0.0,
            late: 0.0,
            behind: false,
        }
    }
}

impl Player {
    /// Whether time passes.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// Lets time pass, or stops it.
    pub fn play(&mut self, playing: bool) {
        self.playing = playing;
        self.last_wall_ms = None;
        if !playing {
            self.late = 0.0;
            self.behind = false;
        }
    }

    /// The place in [`SPEEDS`].
    pub fn speed(&self) -> usize {
        self.speed
    }

    /// Sets the place in [`SPEEDS`]; beyond the ends it stays at them.
    pub fn set_speed(&mut self, speed: usize) {
        self.speed = speed.min(SPEEDS.len() - 1);
        self.late = 0.0;
        self.behind = false;
    }

    /// Whether the simulation is slower than the chosen speed.
    pub fn behind(&self) -> bool {
        self.behind
    }

    /// One animation frame at wall time `wall_ms`, with `shown` on the screen, of a scene that has
    /// `pace` simulated seconds in a second: how far to simulate, or nothing.
    pub fn frame(&mut self, wall_ms: f64, shown: Time, pace: f64) -> Option<Plan> {
        if !self.playing {
            return None;
        }
        let last = self.last_wall_ms.replace(wall_ms)?;
        let gap_ms = (wall_ms - last).clamp(0.0, LONGEST_GAP_MS);
        let us = gap_ms * 1_000.0 * SPEEDS[self.speed] * pace + self.rest_us;
        let whole = us.floor();
        self.rest_us = us - whole;
        Some(Plan {
            target: shown + Span(whole as u64),
            slice_events: SLICE_EVENTS,
            budget_ms: SIMULATE_MS,
        })
    }

    /// Tells whether the frame's target was reached. What was missed is not made up for: the page
    /// runs slower for a while rather than ever further behind.
    pub fn ran(&mut self, reached: bool) {
        let miss = if reached { 0.0 } else { 1.0 };
        self.late += (miss - self.late) * 0.05;
        if self.late > BEHIND.0 {
            self.behind = true;
        } else if self.late < BEHIND.1 {
            self.behind = false;
        }
    }
}

/// A speed as the button says it: `0.1×`, `60×`.
pub fn speed_label(speed: usize) -> String {
    format!("{}×", SPEEDS[speed.min(SPEEDS.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a scene that does not take hours.
    const PACE: f64 = 1.0;

    fn playing(speed: usize) -> Player {
        let mut player = Player::default();
        player.set_speed(speed);
        player.play(true);
        player
    }

    /// Plays `frames` frames of `ms` and returns the simulated time reached.
    fn run(player: &mut Player, frames: u32, ms: f64) -> Time {
        let mut shown = Time::ZERO;
        for n in 0..=frames {
            if let Some(plan) = player.frame(1_000.0 + f64::from(n) * ms, shown, PACE) {
                shown = plan.target;
                player.ran(true);
            }
        }
        shown
    }

    #[test]
    fn at_every_speed_a_second_is_that_many_seconds() {
        for (speed, factor) in SPEEDS.iter().enumerate() {
            let reached = run(&mut playing(speed), 600, 1_000.0 / 60.0);
            let wanted = factor * 10.0 * 1e6;
            assert!(
                (reached.0 as f64 - wanted).abs() < 2.0,
                "{factor}×: {reached:?}"
            );
        }
    }

    #[test]
    fn a_scene_of_hours_goes_at_its_pace() {
        let mut player = playing(REAL_TIME);
        assert_eq!(player.frame(0.0, Time::ZERO, 360.0), None);
        let plan = player.frame(50.0, Time::ZERO, 360.0).unwrap();
        assert_eq!(plan.target, Time(18_000_000));
    }

    #[test]
    fn slow_motion_loses_no_microsecond_to_rounding() {
        // 1.7 ms at 0.01× is 17 µs; 0.05 ms is half a microsecond.
        let reached = run(&mut playing(0), 10_000, 0.05);
        assert!((4_999..=5_000).contains(&reached.0), "{reached:?}");
    }

    #[test]
    fn a_long_gap_is_one_tenth_of_a_second() {
        let mut player = playing(REAL_TIME);
        assert_eq!(
            player.frame(0.0, Time::ZERO, PACE),
            None,
            "nothing to measure from"
        );
        let plan = player.frame(3_600_000.0, Time::ZERO, PACE).unwrap();
        assert_eq!(plan.target, Time(100_000));
        // A clock that runs backwards moves nothing.
        let plan = player.frame(0.0, plan.target, PACE).unwrap();
        assert_eq!(plan.target, Time(100_000));
    }

    #[test]
    fn what_is_paused_stays_and_starts_afresh() {
        let mut player = playing(REAL_TIME);
        player.frame(0.0, Time::ZERO, PACE);
        player.play(false);
        assert_eq!(player.frame(16.0, Time::ZERO, PACE), None);
        player.play(true);
        assert_eq!(player.frame(5_000.0, Time::ZERO, PACE), None);
        assert_eq!(
            player.frame(5_010.0, Time::ZERO, PACE).unwrap().target,
            Time(10_000)
        );
    }

    #[test]
    fn it_says_that_it_runs_behind_and_takes_it_back() {
        let mut player = playing(7);
        player.ran(false);
        assert!(!player.behind(), "one late frame is no news");
        for _ in 0..30 {
            player.ran(false);
        }
        assert!(player.behind());
        for _ in 0..60 {
            player.ran(true);
        }
        assert!(!player.behind());
    }

    #[test]
    fn speeds_stay_within_their_row() {
        let mut player = Player::default();
        player.set_speed(99);
        assert_eq!(speed_label(player.speed()), "60×");
        assert_eq!(speed_label(0), "0.01×");
        assert_eq!(SPEEDS[REAL_TIME], 1.0);
    }
}
