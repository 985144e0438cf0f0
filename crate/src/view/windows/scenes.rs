//! Where events come from: scenes with a point each, and a person's own file.

use super::Setup;
use crate::rng::{Rng, Salt};
use crate::scenario::events_file::{self, Wanted};
use crate::stream::{Aggregate, Asked, Engine, Record, Windows};

/// An event: what happened, when, and when it arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Event {
    /// When it happened.
    pub ts: i64,
    /// When it arrived, by the clock on the wall.
    pub arrival: i64,
    /// Whose it is.
    pub key: u32,
    /// What is aggregated.
    pub value: i64,
    /// The partition it came from.
    pub partition: u32,
    /// Whether it ends a punctuation window.
    pub marks: bool,
}

impl Event {
    /// As it goes into windows; all of one key, where they are not by key.
    #[must_use]
    pub const fn record(&self, keyed: bool) -> Record {
        Record {
            key: if keyed { self.key } else { 0 },
            ts: self.ts,
            value: self.value,
            marks: self.marks,
        }
    }
}

/// 2025-01-01T12:00Z: scenes begin at noon.
pub const NOON: i64 = 1_735_732_800_000;
/// A file's events are shown up to so many.
pub const MOST_EVENTS: usize = 5_000;
/// How many the crowd is.
const CROWD: usize = 2_000;

/// What is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scene {
    /// One event comes long after its window has answered.
    #[default]
    Late,
    /// Nothing is late.
    OnTime,
    /// One of two partitions falls silent.
    Idle,
    /// An event joins two sessions into one.
    Sessions,
    /// Windows that overlap.
    Hopping,
    /// The notes: the last minute of data, updated every 5 seconds.
    Minute,
    /// The notes: windows of so many records, and bursts.
    Bursts,
    /// The notes: the application says where a session ends.
    Marks,
    /// Very many events.
    Crowd,
    /// A person's own.
    Own,
}

impl Scene {
    /// All of them, in the order offered.
    pub const ALL: [Self; 10] = [
        Self::Late,
        Self::OnTime,
        Self::Idle,
        Self::Sessions,
        Self::Hopping,
        Self::Minute,
        Self::Bursts,
        Self::Marks,
        Self::Crowd,
        Self::Own,
    ];

    /// In links.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::OnTime => "on-time",
            Self::Idle => "idle",
            Self::Sessions => "sessions",
            Self::Hopping => "hopping",
            Self::Minute => "minute",
            Self::Bursts => "bursts",
            Self::Marks => "marks",
            Self::Crowd => "crowd",
            Self::Own => "own",
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Late => "One late event",
            Self::OnTime => "All on time",
            Self::Idle => "An idle partition",
            Self::Sessions => "Sessions that merge",
            Self::Hopping => "Hopping windows",
            Self::Minute => "The notes: the last minute, every 5 s",
            Self::Bursts => "The notes: windows of 4 records",
            Self::Marks => "The notes: end of session",
            Self::Crowd => "2,000 events",
            Self::Own => "Your own events",
        }
    }

    /// What to watch, in a sentence.
    #[must_use]
    pub const fn watch(self) -> &'static str {
        match self {
            Self::Late => {
                "The watermark stays 8 s behind the newest event. One event of 12:00:41 is 37 s on its way."
            }
            Self::OnTime => {
                "Each event arrives 1 to 3 s after it happened. A window answers when the watermark passes its end."
            }
            Self::Idle => {
                "cat’s partition is silent from 12:00:30 to 12:01:25. The watermark is the least of both partitions’."
            }
            Self::Sessions => {
                "Sessions end after 10 s without an event of their key. One event of ana comes late, between two of her sessions."
            }
            Self::Hopping => "A window of 20 s begins every 5 s, so each event is in four of them.",
            Self::Minute => {
                "The last minute of data, updated every 5 seconds: each window has most data in common with the one before."
            }
            Self::Bursts => {
                "A window ends with its 4th record: long windows while the stream is slow, very short ones in the burst."
            }
            Self::Marks => {
                "The application sends “end of session” when the user closes the tab, and that ends the user’s window."
            }
            Self::Crowd => {
                "2,000 events of 6 keys in 400 s, most within 10 s of their time. Drag any of them."
            }
            Self::Own => "Your events, by the same rules.",
        }
    }

    /// The scene as it begins.
    #[must_use]
    pub fn setup(self) -> Setup {
        const S: i64 = 1_000;
        let tumbling = Windows::Tumbling {
            size: 20 * S,
            offset: 0,
        };
        let (windows, delay, keyed) = match self {
            Self::Late | Self::Own => (tumbling, 8 * S, false),
            Self::Crowd => (tumbling, 20 * S, false),
            Self::OnTime | Self::Idle => (tumbling, 4 * S, false),
            Self::Sessions => (Windows::Session { gap: 10 * S }, 15 * S, true),
            Self::Hopping => (hopping(20 * S), 5 * S, false),
            Self::Minute => (hopping(60 * S), 5 * S, false),
            Self::Bursts => (Windows::Count { size: 4, slide: 4 }, 5 * S, false),
            Self::Marks => {
                let marker = "end".to_owned();
                (Windows::Punctuation { marker }, 5 * S, true)
            }
        };
        Setup {
            scene: self,
            seed: 3,
            engine: Engine::Flink,
            windows,
            delay,
            lateness: 0,
            trigger: Asked::Watermark,
            mode: 0,
            aggregate: Aggregate::Count,
            keyed,
            idle: None,
            batch: 10 * S,
            ends: false,
            at: NOON,
            edits: Vec::new(),
            picked: None,
        }
    }

    /// Its events, in the order in which they arrive; a person's own are elsewhere.
    #[must_use]
    pub fn events(self, seed: u64) -> Vec<Event> {
        let rows: Vec<[i64; 3]> = match self {
            Self::Late => LATE.to_vec(),
            Self::OnTime => (0..20)
                .map(|n| [2 + 4 * n, 3 + 4 * n + n * 7 % 3, n % 3])
                .collect(),
            Self::Idle => (0..28).filter_map(idle).collect(),
            Self::Sessions => SESSIONS.to_vec(),
            Self::Hopping => (0..18)
                .map(|n| [3 + 4 * n, 4 + 4 * n + n * 5 % 4, n % 3])
                .collect(),
            Self::Minute => (0..45)
                .map(|n| [2 + 4 * n, 3 + 4 * n + n * 5 % 4, n % 3])
                .collect(),
            Self::Marks => MARKS
                .iter()
                .map(|&(ts, at, key, _)| [ts, at, key])
                .collect(),
            Self::Bursts => return (0..36).map(burst).collect(),
            Self::Crowd => return crowd(seed),
            Self::Own => Vec::new(),
        };
        let mut events: Vec<Event> = (0..)
            .zip(&rows)
            .map(|(n, &[ts, arrival, key])| Event {
                ts: NOON + ts * 1_000,
                arrival: NOON + arrival * 1_000,
                key: key as u32,
                value: 1 + n * 7 % 9,
                partition: u32::from(self == Self::Idle && key == 2),
                marks: self == Self::Marks && MARKS[n as usize].3,
            })
            .collect();
        events.sort_by_cached_key(|event| event.arrival as u64);
        events
    }

    /// Whose its events are.
    #[must_use]
    pub fn keys(self) -> Vec<String> {
        let names = ["ana", "ben", "cat", "dan", "eve", "fay"];
        let few = if self == Self::Crowd { 6 } else { 3 };
        names[..few].iter().map(|&name| name.to_owned()).collect()
    }
}

fn hopping(size: i64) -> Windows {
    Windows::Hopping {
        size,
        slide: 5_000,
        offset: 0,
    }
}

/// Seconds after noon: when it happened, when it arrived; and whose it is.
const LATE: [[i64; 3]; 22] = [
    [3, 5, 0],
    [6, 8, 1],
    [11, 12, 0],
    [9, 13, 2],
    [14, 17, 1],
    [22, 24, 0],
    [18, 24, 2],
    [27, 28, 2],
    [25, 29, 1],
    [31, 34, 0],
    [36, 38, 2],
    [34, 42, 1],
    [39, 44, 0],
    [43, 46, 1],
    [47, 51, 2],
    [52, 53, 0],
    [55, 60, 1],
    [61, 63, 0],
    [58, 66, 2],
    [66, 69, 1],
    [70, 76, 2],
    [41, 78, 0],
];

const SESSIONS: [[i64; 3]; 22] = [
    [3, 4, 0],
    [5, 7, 1],
    [8, 9, 0],
    [12, 13, 0],
    [14, 16, 1],
    [22, 23, 2],
    [27, 28, 0],
    [30, 31, 2],
    [31, 33, 0],
    [19, 36, 0],
    [38, 39, 2],
    [40, 42, 1],
    [47, 48, 1],
    [55, 56, 0],
    [58, 60, 0],
    [62, 63, 2],
    [64, 66, 0],
    [70, 71, 1],
    [74, 75, 1],
    [83, 84, 2],
    [88, 90, 2],
    [93, 94, 1],
];

/// The last says whether it ends a session.
const MARKS: [(i64, i64, i64, bool); 20] = [
    (2, 3, 0, false),
    (6, 7, 0, false),
    (8, 10, 1, false),
    (13, 14, 0, false),
    (15, 16, 0, true),
    (18, 19, 1, false),
    (24, 25, 2, false),
    (26, 27, 1, false),
    (33, 34, 2, false),
    (38, 39, 1, true),
    (42, 43, 0, false),
    (45, 47, 2, false),
    (51, 52, 0, false),
    (52, 53, 2, true),
    (58, 60, 1, false),
    (61, 62, 0, false),
    (66, 67, 0, true),
    (69, 71, 1, false),
    (74, 75, 2, false),
    (77, 78, 1, true),
];

/// Two partitions: cat's is silent for a while.
fn idle(n: i64) -> Option<[i64; 3]> {
    let (ts, key) = (2 + 4 * n, [0, 2, 1][n as usize % 3]);
    let silent = key == 2 && (30..85).contains(&ts);
    (!silent).then_some([ts, ts + 1 + n % 3, key])
}

/// Slow, a burst, and slow again. It has tenths of seconds.
fn burst(n: i64) -> Event {
    let tenths = match n {
        0..8 => 20 + n * 60,
        8..28 => 480 + (n - 8) * 6,
        _ => 640 + (n - 28) * 60,
    };
    Event {
        ts: NOON + tenths * 100,
        arrival: NOON + tenths * 100 + 1_000,
        key: (n % 3) as u32,
        value: 1 + n * 7 % 9,
        ..Event::default()
    }
}

/// Most come within seconds, a few long after.
fn crowd(seed: u64) -> Vec<Event> {
    let mut rng = Rng::new(seed, Salt::Workload, 4);
    let mut events: Vec<Event> = (0..CROWD as i64)
        .map(|n| {
            let ts = NOON + n * 200 + rng.below(200) as i64;
            let slow = if rng.chance(0.03) { 90_000 } else { 30_000 };
            let spread = rng.unit() * rng.unit();
            Event {
                ts,
                arrival: ts + 200 + (spread * f64::from(slow)) as i64,
                key: rng.below(6) as u32,
                value: 1 + rng.below(9) as i64,
                ..Event::default()
            }
        })
        .collect();
    events.sort_by_cached_key(|event| event.arrival as u64);
    events
}

/// A person's own events, as a file had them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Own {
    /// The file's name.
    pub name: String,
    /// The hash of its content, to know it again.
    pub hash: String,
    /// The events, in the order in which they arrived.
    pub events: Vec<Event>,
    /// Their keys.
    pub keys: Vec<String>,
    /// Values are multiples of 10 to the minus so much.
    pub decimals: u32,
}

impl Own {
    /// Reads a file as `millrace stream` does, for this aggregate (as in `--agg`) and marker. Gives
    /// the bad rows too, by line; among them how many good ones are too many.
    ///
    /// # Errors
    /// In words: what column is not there.
    pub fn read(
        (name, hash): (&str, &str),
        text: &str,
        agg: &str,
        marker: Option<&str>,
    ) -> Result<(Self, Vec<(u64, String)>), String> {
        let wanted = Wanted {
            agg,
            key: None,
            marker,
            clock: false,
        };
        let file = events_file::parse(text.as_bytes(), &wanted)?;
        let mut now = i64::MIN;
        let mut bad = file.bad;
        // Times beyond these would not be told apart from no time.
        let sane = |ms: i64| ms.unsigned_abs() < 1 << 52;
        let mut events = Vec::new();
        for row in &file.rows {
            // A record comes no earlier than the one before it in the file.
            now = now.max(row.arrival);
            if !(sane(row.record.ts) && sane(now)) {
                bad.push((0, format!("the time {} is out of reach", row.record.ts)));
                now = events.last().map_or(i64::MIN, |last: &Event| last.arrival);
                continue;
            }
            events.push(Event {
                ts: row.record.ts,
                arrival: now,
                key: row.record.key,
                value: row.record.value,
                partition: row.partition,
                marks: row.record.marks,
            });
        }
        if events.len() > MOST_EVENTS {
            let more = events.len() - MOST_EVENTS;
            bad.push((
                0,
                format!("{more} more rows: the first {MOST_EVENTS} are shown"),
            ));
            events.truncate(MOST_EVENTS);
        }
        let own = Self {
            name: name.to_owned(),
            hash: hash.to_owned(),
            events,
            keys: file.keys,
            decimals: file.decimals,
        };
        Ok((own, bad))
    }
}
