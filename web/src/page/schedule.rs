//! The five words of the terminology review as schedules: three tasks, and who does what when.
//! Each picture and its table are made from the same schedule, and the schedule from a rule.

/// How long the three tasks take, in ticks.
pub const TASKS: [(char, u32); 3] = [('A', 4), ('B', 3), ('C', 2)];
/// A task's turn where tasks take turns, in ticks.
const TURN: u32 = 1;

/// One of the five words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The caller waits for the answer.
    Synchronous,
    /// One after another.
    Sequential,
    /// At the same time, by several.
    Parallel,
    /// In the same time, by one in turns.
    Concurrent,
    /// The caller goes on and is told.
    Asynchronous,
}

/// What somebody does for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doing {
    /// Works at a task.
    Works(char),
    /// Waits for a task.
    Waits(char),
    /// Something else of its own.
    Own,
}

/// Somebody doing something from one tick to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    /// Who: an index into [`Schedule::who`].
    pub who: usize,
    /// From this tick…
    pub from: u32,
    /// …to this one.
    pub to: u32,
    /// What.
    pub doing: Doing,
}

/// A call, an answer or a notice between two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// When.
    pub at: u32,
    /// From whom.
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What it is.
    pub what: &'static str,
}

/// Who does what when.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    /// Those who do something.
    pub who: Vec<&'static str>,
    /// What they do.
    pub bars: Vec<Bar>,
    /// What they tell each other.
    pub calls: Vec<Call>,
}

impl Schedule {
    /// When the last thing ends.
    pub fn end(&self) -> u32 {
        self.bars.iter().map(|bar| bar.to).max().unwrap_or_default()
    }

    fn bar(&mut self, who: usize, from: u32, to: u32, doing: Doing) {
        self.bars.push(Bar {
            who,
            from,
            to,
            doing,
        });
    }

    fn call(&mut self, at: u32, from: usize, to: usize, what: &'static str) {
        self.calls.push(Call { at, from, to, what });
    }
}

/// The schedule of a word.
pub fn schedule(kind: Kind) -> Schedule {
    match kind {
        Kind::Synchronous => synchronous(),
        Kind::Sequential => sequential(),
        Kind::Parallel => parallel(),
        Kind::Concurrent => concurrent(),
        Kind::Asynchronous => asynchronous(),
    }
}

/// The caller asks for a task, waits, and only then does something else.
fn synchronous() -> Schedule {
    let mut plan = Schedule {
        who: vec!["caller", "service"],
        ..Schedule::default()
    };
    let mut now = 0;
    for (task, ticks) in TASKS {
        plan.call(now, 0, 1, "asks");
        plan.bar(0, now, now + ticks, Doing::Waits(task));
        plan.bar(1, now, now + ticks, Doing::Works(task));
        now += ticks;
        plan.call(now, 1, 0, "answers");
    }
    plan
}

/// One worker, one task after the other; nobody waits for it.
fn sequential() -> Schedule {
    let mut plan = Schedule {
        who: vec!["worker"],
        ..Schedule::default()
    };
    let mut now = 0;
    for (task, ticks) in TASKS {
        plan.bar(0, now, now + ticks, Doing::Works(task));
        now += ticks;
    }
    plan
}

/// As many workers as tasks.
fn parallel() -> Schedule {
    let mut plan = Schedule {
        who: vec!["worker 1", "worker 2", "worker 3"],
        ..Schedule::default()
    };
    for (who, (task, ticks)) in TASKS.into_iter().enumerate() {
        plan.bar(who, 0, ticks, Doing::Works(task));
    }
    plan
}

/// One worker, turn by turn: all tasks are under way, one is worked at.
fn concurrent() -> Schedule {
    let mut plan = Schedule {
        who: vec!["worker"],
        ..Schedule::default()
    };
    let mut left = TASKS;
    let mut now = 0;
    while left.iter().any(|(_, ticks)| *ticks > 0) {
        for (task, ticks) in &mut left {
            let turn = TURN.min(*ticks);
            if turn > 0 {
                plan.bar(0, now, now + turn, Doing::Works(*task));
                now += turn;
                *ticks -= turn;
            }
        }
    }
    plan
}

/// The caller hands tasks over, does something else, and is told when each is done.
fn asynchronous() -> Schedule {
    let mut plan = Schedule {
        who: vec!["caller", "service"],
        ..Schedule::default()
    };
    let mut done = 0;
    for (n, (task, ticks)) in (0..).zip(TASKS) {
        plan.call(n, 0, 1, "hands over");
        let from = done.max(n);
        plan.bar(1, from, from + ticks, Doing::Works(task));
        done = from + ticks;
        plan.call(done, 1, 0, "tells");
    }
    plan.bar(0, 0, done, Doing::Own);
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 5] = [
        Kind::Synchronous,
        Kind::Sequential,
        Kind::Parallel,
        Kind::Concurrent,
        Kind::Asynchronous,
    ];

    #[test]
    fn every_schedule_does_the_whole_work_and_nobody_is_in_two_places() {
        for kind in ALL {
            let plan = schedule(kind);
            for (task, ticks) in TASKS {
                let work = plan
                    .bars
                    .iter()
                    .filter(|bar| bar.doing == Doing::Works(task));
                assert_eq!(
                    work.map(|bar| bar.to - bar.from).sum::<u32>(),
                    ticks,
                    "{kind:?} {task}"
                );
            }
            for (n, a) in plan.bars.iter().enumerate() {
                for b in &plan.bars[n + 1..] {
                    let apart = a.who != b.who || a.to <= b.from || b.to <= a.from;
                    assert!(apart, "{kind:?}: {a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn the_words_differ_where_the_course_says_they_do() {
        let total: u32 = TASKS.iter().map(|(_, ticks)| ticks).sum();
        assert_eq!(schedule(Kind::Parallel).end(), 4, "as long as the longest");
        assert_eq!(
            schedule(Kind::Concurrent).end(),
            total,
            "turns save no work"
        );
        assert_eq!(schedule(Kind::Sequential).end(), total);
        let waits = |kind| {
            schedule(kind)
                .bars
                .iter()
                .any(|b| matches!(b.doing, Doing::Waits(_)))
        };
        assert!(waits(Kind::Synchronous) && !waits(Kind::Asynchronous));
        let first_three: Vec<Doing> = schedule(Kind::Concurrent).bars[..3]
            .iter()
            .map(|b| b.doing)
            .collect();
        assert_eq!(
            first_three,
            [Doing::Works('A'), Doing::Works('B'), Doing::Works('C')]
        );
    }
}
