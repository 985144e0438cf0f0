//! Sketches as aggregates: what a window holds where its records are too many to keep.

use super::aggregate::{Aggregate, Value};
use crate::sketch::{
    Algorithm, BloomFilter, BloomSize, CountMin, CountMinSize, HeavyHitters, HyperLogLog,
    Reservoir, SketchError,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A sketch that an aggregate keeps. Items are values, taken as 64 bits.
#[derive(Clone, Debug, PartialEq)]
pub enum Sketched {
    /// Of [`Aggregate::Distinct`].
    Distinct(HyperLogLog),
    /// Of [`Aggregate::Frequent`].
    Frequent(HeavyHitters),
    /// Of [`Aggregate::Sample`].
    Sample(Reservoir),
    /// Of [`Aggregate::Members`].
    Members(BloomFilter),
}

// The floats in it are settings and sums of weights, and never not a number.
impl Eq for Sketched {}

impl Sketched {
    /// An empty one for an aggregate that is a sketch, if there is one of that size.
    pub(super) fn new(aggregate: Aggregate) -> Option<Result<Self, SketchError>> {
        Some(match aggregate {
            Aggregate::Distinct { precision } => HyperLogLog::new(precision).map(Self::Distinct),
            Aggregate::Frequent { percent } => {
                // An estimate is too high by a tenth of the share at most, in 99 of 100 cases.
                let share = f64::from(percent) / 100.0;
                CountMinSize::for_error(share / 10.0, 0.01)
                    .and_then(|size| CountMin::new(size, false))
                    .and_then(|sketch| HeavyHitters::new(sketch, share))
                    .map(Self::Frequent)
            }
            Aggregate::Sample { size } => Reservoir::new(Algorithm::R, size, 0).map(Self::Sample),
            Aggregate::Members { items } => BloomSize::for_items(items.into(), 0.01)
                .and_then(BloomFilter::new)
                .map(Self::Members),
            _ => return None,
        })
    }

    pub(super) fn add(&mut self, value: i64) {
        let item = value.cast_unsigned();
        match self {
            Self::Distinct(sketch) => drop(sketch.add(item)),
            Self::Frequent(sketch) => sketch.add(item, 1),
            Self::Sample(sketch) => drop(sketch.offer(item)),
            Self::Members(sketch) => drop(sketch.add(item)),
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let merged = match (self, other) {
            (Self::Distinct(own), Self::Distinct(other)) => own.merge(other),
            (Self::Frequent(own), Self::Frequent(other)) => own.merge(other),
            (Self::Sample(own), Self::Sample(other)) => own.merge(other),
            (Self::Members(own), Self::Members(other)) => own.merge(other),
            _ => Err(SketchError::Unlike),
        };
        merged.expect("an aggregate has one kind of sketch, of one size");
    }

    pub(super) fn result(&self) -> Value {
        match self {
            Self::Distinct(sketch) => Value::Number(libm::round(sketch.estimate()) as i64),
            Self::Frequent(sketch) => {
                let found = sketch.found().into_iter();
                Value::Counts(found.map(|(item, n)| (item.cast_signed(), n)).collect())
            }
            Self::Sample(sketch) => {
                let items = sketch.items().iter();
                Value::List(items.map(|item| item.cast_signed()).collect())
            }
            Self::Members(sketch) => Value::Number(libm::round(sketch.items()) as i64),
        }
    }

    /// The items that it knows by themselves, and whose names somebody may want to keep.
    pub(super) fn items(&self) -> Vec<i64> {
        match self {
            Self::Frequent(sketch) => sketch.known().map(u64::cast_signed).collect(),
            Self::Sample(sketch) => sketch
                .items()
                .iter()
                .map(|item| item.cast_signed())
                .collect(),
            Self::Distinct(_) | Self::Members(_) => Vec::new(),
        }
    }
}

/// As its bytes, in base 64, behind a letter for the kind.
impl Serialize for Sketched {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut text, bytes) = match self {
            Self::Distinct(sketch) => ("d".to_owned(), sketch.to_bytes()),
            Self::Frequent(sketch) => ("f".to_owned(), sketch.to_bytes()),
            Self::Sample(sketch) => ("s".to_owned(), sketch.to_bytes()),
            Self::Members(sketch) => ("m".to_owned(), sketch.to_bytes()),
        };
        STANDARD_NO_PAD.encode_string(bytes, &mut text);
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Sketched {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text.get(1..).unwrap_or_default());
        let bytes = bytes.unwrap_or_default();
        let sketch = match text.as_bytes().first() {
            Some(b'd') => HyperLogLog::from_bytes(&bytes).map(Self::Distinct),
            Some(b'f') => HeavyHitters::from_bytes(&bytes).map(Self::Frequent),
            Some(b's') => Reservoir::from_bytes(&bytes).map(Self::Sample),
            Some(b'm') => BloomFilter::from_bytes(&bytes).map(Self::Members),
            _ => Err(SketchError::Damaged("there is no such kind")),
        };
        sketch.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Acc, Engine, Job, Options, Out, Record, TimeKind};

    const ALL: [&str; 4] = ["distinct:6", "frequent:20", "sample:5", "members:50"];

    fn aggregate(name: &str) -> Aggregate {
        name.parse().expect("a sketch")
    }

    #[test]
    fn a_sketch_is_the_same_after_writing_and_reading() {
        for name in ALL {
            let aggregate = aggregate(name);
            let mut acc = aggregate.empty();
            for value in 0..200 {
                aggregate.add(&mut acc, value * value % 37);
            }
            assert_eq!(acc.len(), 200);
            let text = serde_json::to_string(&acc).expect("written");
            let read: Acc = serde_json::from_str(&text).expect("read");
            assert_eq!(aggregate.result(&read), aggregate.result(&acc), "{name}");
            assert_eq!(
                serde_json::to_string(&read).expect("written"),
                text,
                "{name}"
            );
        }
        for bad in ["\"\"", "\"x\"", "\"dAAAA\"", "7"] {
            assert!(serde_json::from_str::<Sketched>(bad).is_err(), "{bad}");
        }
    }

    /// Sessions merge, and with them what they hold.
    #[test]
    fn sessions_that_merge_have_the_sketch_of_both() {
        let results = |name: &str, order: &[i64]| {
            let options = Options {
                engine: Engine::Flink,
                windows: "session:20ms".parse().expect("a window"),
                time: TimeKind::Event,
                watermark: Some(1_000),
                punctuated: false,
                lateness: None,
                trigger: None,
                mode: None,
            };
            let mut job = Job::new(&options, aggregate(name), 1, None).expect("sound");
            let mut out = Out::default();
            for &ts in order {
                let record = Record {
                    key: 0,
                    ts,
                    value: ts % 7,
                    marks: false,
                };
                job.record(record, 0, ts, &mut out);
            }
            job.finish(0, &mut out);
            assert_eq!(out.emitted.len(), 1, "one session in the end");
            out.emitted[0].value.clone()
        };
        let in_order: Vec<i64> = (0..60).map(|n| n * 10).collect();
        // Every second one first, so that each session stands alone until the others come.
        let apart: Vec<i64> = (0..60)
            .step_by(3)
            .chain((0..60).filter(|n| n % 3 != 0))
            .map(|n| n * 10)
            .collect();
        for name in ["distinct:6", "frequent:10", "members:50"] {
            assert_eq!(results(name, &in_order), results(name, &apart), "{name}");
        }
        assert_eq!(results("distinct:6", &in_order), Value::Number(7));
        let Value::List(sample) = results("sample:5", &apart) else {
            panic!("a list")
        };
        assert_eq!(sample.len(), 5);
    }

    #[test]
    fn there_are_no_sketches_of_other_sizes() {
        for (name, why) in [
            ("distinct:3", "4"),
            ("frequent:0", "between 0 and 1"),
            ("frequent:101", "at most 1"),
            ("sample:0", "from 1"),
            ("members:0", "at least 1 item"),
            ("distinct:x", "is no aggregate"),
            ("median", "is no aggregate"),
        ] {
            let error = name.parse::<Aggregate>().expect_err(name);
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
