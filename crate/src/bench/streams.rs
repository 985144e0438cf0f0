//! Streams of 10,000 keys, whose names are looked up for each record, that come up to half a second
//! out of order; the watermark follows every 100 records.

use crate::stream::{
    Aggregate, Engine, Joined, Key, Keys, Method, Mode, Operator, Out, Record, Rows, Rules, Side,
    Sliding, StreamJoin, StreamJoinKind, TimeKind, Trigger, Windows,
};

const KEYS: u64 = 10_000;
/// How much out of order.
const DELAY_MS: i64 = 500;
const WATERMARK_EVERY: u64 = 100;

#[derive(Debug)]
enum Machine {
    Windows(Box<Operator>),
    Sliding(Box<Sliding>),
    Join(Box<StreamJoin<u64>>),
}

/// A stream that goes on and on.
#[derive(Debug)]
pub struct Streamer {
    machine: Machine,
    names: Vec<[u8; 8]>,
    keys: Keys,
    /// Records in a second of their time.
    per_s: u64,
    n: u64,
    random: u64,
    out: Out,
    checksum: u64,
}

impl Streamer {
    /// By the name of its figure: `tumbling_records_per_s` (10 s, count; 100,000 records in a second
    /// of their time), `session_records_per_s` (gap 200 ms, sessions of seven records or so),
    /// `join_records_per_s` (inner, ±50 ms, a pair for every other record),
    /// `sliding_inverse_records_per_s` and `sliding_recompute_records_per_s` (600 s by 1 s, count;
    /// 10,000 records in a second of their time, so that each of them costs a result too; the 600 s
    /// before are there already).
    #[must_use]
    pub fn new(name: &str) -> Self {
        let operator = |windows: Windows| {
            let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
            let (trigger, mode) = (Trigger::WATERMARK, Mode::Accumulating);
            let operator = Operator::new(windows, Aggregate::Count, rules, trigger, mode);
            Machine::Windows(Box::new(operator))
        };
        let machine = match name {
            "session_records_per_s" => operator(Windows::Session { gap: 200 }),
            "join_records_per_s" => {
                let join = StreamJoin::new(StreamJoinKind::Inner, 50, 50, DELAY_MS);
                Machine::Join(Box::new(join.expect("it is not empty")))
            }
            "sliding_inverse_records_per_s" => sliding(Method::Inverse),
            "sliding_recompute_records_per_s" => sliding(Method::Recompute),
            _ => operator(Windows::Tumbling {
                size: 10_000,
                offset: 0,
            }),
        };
        let is_sliding = matches!(machine, Machine::Sliding(_));
        let mut streamer = Self {
            machine,
            names: (0..KEYS).map(|n| (n * 7_919).to_le_bytes()).collect(),
            keys: Keys::new(),
            per_s: if is_sliding { 10_000 } else { 100_000 },
            n: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            out: Out::default(),
            checksum: 0,
        };
        if is_sliding {
            while streamer.n < SIZE_MS as u64 / 1_000 * streamer.per_s {
                streamer.record();
            }
        }
        streamer
    }

    /// So many records more. Gives a checksum of all results.
    pub fn records(&mut self, n: u64) -> u64 {
        for _ in 0..n {
            self.record();
            if self.n.is_multiple_of(WATERMARK_EVERY) {
                self.watermark();
            }
        }
        self.checksum
    }

    fn record(&mut self) {
        // xorshift64*
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let random = self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        let name = &self.names[((random * KEYS) >> 32) as usize];
        let key: Key = self.keys.id(name);
        let late = (random & 0x1ff) as i64 * DELAY_MS / 0x200;
        let ts = (self.n * 1_000 / self.per_s) as i64 - late;
        self.n += 1;
        let record = Record {
            key,
            ts,
            value: 1,
            marks: false,
        };
        match &mut self.machine {
            Machine::Windows(operator) => operator.record(record, ts, &mut self.out),
            Machine::Sliding(sliding) => sliding.record(record, &mut self.out),
            Machine::Join(join) => {
                let side = if self.n.is_multiple_of(2) {
                    Side::Left
                } else {
                    Side::Right
                };
                let checksum = &mut self.checksum;
                join.record(side, key, ts, self.n, &mut |pair: Joined<u64>| {
                    *checksum = checksum.rotate_left(5) ^ pair.ts as u64;
                });
            }
        }
    }

    fn watermark(&mut self) {
        let newest = (self.n * 1_000 / self.per_s) as i64;
        let mark = newest - DELAY_MS - 1;
        match &mut self.machine {
            Machine::Windows(operator) => operator.advance(mark, newest, &mut self.out),
            Machine::Sliding(sliding) => sliding.advance(mark, newest, &mut self.out),
            Machine::Join(_) => {}
        }
        for result in &self.out.emitted {
            self.checksum = self.checksum.rotate_left(5) ^ result.window.end as u64;
        }
        self.out.clear();
    }
}

const SIZE_MS: i64 = 600_000;

fn sliding(method: Method) -> Machine {
    let windows = Windows::Hopping {
        size: SIZE_MS,
        slide: 1_000,
        offset: 0,
    };
    let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
    let sliding = Sliding::new(&windows, Aggregate::Count, rules, method, Rows::Present);
    let mut sliding = sliding.expect("a count can be taken out");
    // Nothing comes out of the windows before the first whole one.
    sliding.advance(SIZE_MS - 2, 0, &mut Out::default());
    Machine::Sliding(Box::new(sliding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_dropped_and_inverse_gives_what_recomputing_gives() {
        // Eleven seconds, so that a tumbling window comes out; of the others less is enough.
        for (name, n) in [
            ("tumbling_records_per_s", 1_100_000),
            ("session_records_per_s", 100_000),
            ("join_records_per_s", 100_000),
        ] {
            let mut streamer = Streamer::new(name);
            let first = streamer.records(n);
            assert_ne!(first, 0, "{name}");
            assert_eq!(Streamer::new(name).records(n), first, "{name}");
            if let Machine::Windows(operator) = &streamer.machine {
                assert_eq!(operator.dropped(), 0, "{name}");
            }
        }
        let [mut inverse, mut recompute] = ["inverse", "recompute"]
            .map(|method| Streamer::new(&format!("sliding_{method}_records_per_s")));
        assert_eq!(inverse.records(30_000), recompute.records(30_000));
        let (Machine::Sliding(inverse), Machine::Sliding(recompute)) =
            (&inverse.machine, &recompute.machine)
        else {
            panic!("both slide");
        };
        let (work, naive) = (inverse.work(), recompute.work());
        assert_eq!(work.results, naive.results);
        assert!(work.per_record() < 3.0, "{}", work.per_record());
        assert!(naive.operations > work.operations + 5_000_000);
    }
}
