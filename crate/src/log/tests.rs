//! The log as a whole: rolling, indexes, look-ups, and that clones are independent.

use super::*;
use proptest::prelude::*;

const SMALL: LogConfig = LogConfig {
    segment_bytes: 700,
    segment_ms: 10_000,
    index_interval_bytes: 150,
    segment_index_bytes: 10 << 20,
};

/// A batch of one record per timestamp, with 3-byte values: 71 bytes if it is one.
fn batch(timestamps: &[i64]) -> Batch {
    let mut builder = BatchBuilder::new();
    for &timestamp in timestamps {
        builder.append(timestamp, None, Some(b"v00"), &[]);
    }
    builder.build().expect("there is a record")
}

fn log_of(config: LogConfig, batches: &[&[i64]]) -> Log {
    let mut log = Log::new(config, Time::ZERO);
    for timestamps in batches {
        log.append(batch(timestamps), 0, Time::ZERO)
            .expect("it is small");
    }
    log
}

#[test]
fn append_time_is_the_brokers_and_leaves_the_records_bytes() {
    let mut created = batch(&[10, 30, 20]);
    (created.base_offset, created.leader_epoch) = (7, 2);
    let appended = created.with_append_time(99);
    let mut bytes = Vec::new();
    appended.encode_into(&mut bytes);
    assert_eq!(Batch::decode(&bytes), Ok(appended.clone()), "sealed anew");
    assert_eq!((appended.base_offset, appended.leader_epoch), (7, 2));
    assert_eq!(appended.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(appended.max_timestamp(), 99);
    let times = |batch: &Batch| -> Vec<i64> {
        let records = batch.records().map(|r| r.expect("it is whole"));
        records.map(|record| record.timestamp).collect()
    };
    assert_eq!(times(&appended), [99, 99, 99]);
    assert_eq!(times(&created), [10, 30, 20], "the producer's is as it was");
    let mut before = Vec::new();
    created.encode_into(&mut before);
    assert_eq!(bytes[BATCH_OVERHEAD..], before[BATCH_OVERHEAD..]);
}

#[test]
fn a_segment_rolls_by_bytes_before_the_batch_that_would_not_fit() {
    let config = LogConfig {
        segment_bytes: 200,
        ..SMALL
    };
    let log = log_of(config, &[&[0][..]; 10]);
    let bases: Vec<_> = log.segments().map(|s| s.base_offset()).collect();
    assert_eq!(bases, [0, 2, 4, 6, 8]);
    assert_eq!(log.size_bytes(), 710);
}

/// `UnifiedLogTest.testTimeBasedLogRollDuringAppend`.
#[test]
fn without_timestamps_the_wall_clock_rolls_but_never_an_empty_segment() {
    let mut log = Log::new(SMALL, Time::ZERO);
    let after = |n: u64| Time(n * 10_001_000);
    for (n, segments) in [(1, 1), (2, 2), (3, 3)] {
        let info = log.append(batch(&[-1]), 0, after(n)).expect("it is small");
        assert_eq!(log.segments().count(), segments, "append {n}");
        assert_eq!(info.rolled, (n > 1).then_some(Roll::Time));
    }
}

#[test]
fn with_timestamps_the_wall_clock_does_not_matter() {
    let mut log = Log::new(SMALL, Time::ZERO);
    for (timestamp, rolled) in [
        (1_000, None),
        (11_000, None),
        (11_001, Some(Roll::Time)),
        (5_000, None),
    ] {
        let late = Time::ZERO + crate::time::Span::secs(1_000_000);
        let info = log
            .append(batch(&[timestamp]), 0, late)
            .expect("it is small");
        assert_eq!(info.rolled, rolled, "at {timestamp}");
    }
}

#[test]
fn a_full_index_rolls() {
    let config = LogConfig {
        index_interval_bytes: 0,
        segment_index_bytes: 36,
        ..SMALL
    };
    let mut log = Log::new(config, Time::ZERO);
    let rolled: Vec<_> = (0..8)
        .map(|i| {
            let info = log.append(batch(&[i]), 0, Time::ZERO).expect("small");
            info.rolled.is_some()
        })
        .collect();
    // 3 places in the time index, the last reserved; batches 1 and 2 take the others.
    let expected = [false, false, false, true, false, false, true, false];
    assert_eq!(rolled, expected);
    assert!(log.segments().all(|s| s.time_index().count() <= 3));
}

#[test]
fn an_offset_far_ahead_begins_a_segment_of_its_own() {
    let mut log = Log::new(SMALL, Time::ZERO);
    let mut far = batch(&[1]);
    for (base_offset, segments) in [(1 << 40, 1), (1 << 41, 2), ((1 << 41) + 9, 2)] {
        far.base_offset = base_offset;
        log.append_as_follower(far.clone(), Time::ZERO)
            .expect("the gap is allowed");
        assert_eq!(log.segments().count(), segments);
    }
    assert_eq!(log.log_end_offset(), (1 << 41) + 10);
    assert!(log.find(0).is_some_and(|found| found.segment == 1 << 40));
    let refused = log.append_as_follower(batch(&[1]), Time::ZERO);
    assert!(matches!(refused, Err(AppendError::Behind { .. })));
    log.segments().for_each(|s| drop(files::export(&s)));
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut log = log_of(SMALL, &[&[1]]);
    let before = log.clone();
    let refused = log.append(batch(&[1; 100]), 0, Time::ZERO);
    let size = batch(&[1; 100]).size_in_bytes();
    let segment_bytes = 700;
    assert_eq!(
        refused,
        Err(AppendError::TooLarge {
            size,
            segment_bytes
        })
    );
    assert_eq!(log, before);
}

#[test]
fn a_read_is_whole_batches_and_at_least_one() {
    let log = log_of(SMALL, &[&[1, 2, 3], &[4], &[5], &[6, 7]]);
    let read = |offset, max_bytes, end| -> Vec<i64> {
        let read = log.read(offset, max_bytes, end).expect("in range");
        read.map(|batch| batch.base_offset).collect()
    };
    assert_eq!(read(1, 0, 7), [0], "begins before what was asked for");
    assert_eq!(read(3, 142, 7), [3, 4]);
    assert_eq!(read(3, 141, 7), [3]);
    assert_eq!(read(3, 10_000, 7), [3, 4, 5]);
    assert_eq!(read(3, 10_000, 6), [3, 4], "the high watermark ends it");
    assert_eq!(read(3, 10_000, 3), [0; 0]);
    assert_eq!(read(7, 10_000, 7), [0; 0]);
    assert!(log.read(8, 1, 8).is_err());
    assert!(log.read(-1, 1, 8).is_err());
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<i64>),
    Clone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let append = prop::collection::vec(-1i64..30_000, 1..6).prop_map(Step::Append);
    prop::collection::vec(prop_oneof![9 => append, 1 => Just(Step::Clone)], 0..120)
}

fn config() -> impl Strategy<Value = LogConfig> {
    (300u32..3_000, 1i64..20_000, 0u32..500, 0u32..200).prop_map(
        |(segment_bytes, segment_ms, index_interval_bytes, segment_index_bytes)| LogConfig {
            segment_bytes,
            segment_ms,
            index_interval_bytes,
            segment_index_bytes,
        },
    )
}

/// The timestamps of the log's records by offset: the model that a log must agree with.
fn agree(log: &Log, model: &[i64]) -> Result<(), TestCaseError> {
    let end = model.len() as i64;
    prop_assert_eq!(log.log_end_offset(), end);
    let mut segments = 0;
    let mut at = 0;
    for segment in log.segments() {
        prop_assert_eq!(segment.base_offset(), at);
        prop_assert!(segment.size_bytes() <= log.config().segment_bytes);
        let mut bytes = 0;
        for (position, batch) in segment.batches() {
            prop_assert_eq!(position, bytes);
            prop_assert_eq!(batch.base_offset, at);
            bytes += batch.size_in_bytes() as u32;
            at = batch.next_offset();
        }
        prop_assert_eq!(bytes, segment.size_bytes());
        segments += u64::from(bytes);
    }
    prop_assert_eq!((at, segments), (end, log.size_bytes()));

    for (offset, &timestamp) in model.iter().enumerate() {
        let offset = offset as i64;
        let found = log.find(offset).expect("it is in the log");
        let batch = log.found(&found);
        prop_assert!((batch.base_offset..batch.next_offset()).contains(&offset));
        let record = batch.records().nth((offset - batch.base_offset) as usize);
        let record = record.expect("dense").expect("valid");
        prop_assert_eq!((record.offset, record.timestamp), (offset, timestamp));
    }
    prop_assert_eq!(log.find(end), None);

    for target in (0..30_000).step_by(977).chain(model.iter().copied()) {
        let first = model.iter().position(|&t| t >= target);
        let found = log.offset_for_timestamp(target).expect("valid");
        // Records without a timestamp are not looked for by time.
        if target >= 0 {
            prop_assert_eq!(found.map(|f| f.offset), first.map(|i| i as i64));
        }
    }
    let latest = model.iter().copied().max().filter(|&t| t >= 0);
    let found = log.offset_of_max_timestamp().expect("valid");
    prop_assert_eq!(found.map(|f| f.timestamp), latest);
    let first = model.iter().position(|&t| Some(t) == latest);
    prop_assert_eq!(found.map(|f| f.offset), first.map(|i| i as i64));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Clones are taken on the way and every log that ever was goes on to agree with its model.
    #[test]
    fn a_log_agrees_with_a_list_and_clones_do_not_disturb_each_other(
        config in config(),
        steps in steps(),
    ) {
        let mut logs = vec![(Log::new(config, Time::ZERO), Vec::new())];
        for (n, step) in steps.into_iter().enumerate() {
            let i = n % logs.len();
            match step {
                Step::Append(timestamps) => {
                    let (log, model) = &mut logs[i];
                    let info = log.append(batch(&timestamps), 1, Time::ZERO).expect("it fits");
                    prop_assert_eq!(info.base_offset, model.len() as i64);
                    model.extend(timestamps);
                }
                Step::Clone => {
                    let clone = logs[i].clone();
                    logs.push(clone);
                }
            }
        }
        for (log, model) in &logs {
            agree(log, model)?;
        }
    }
}

#[test]
fn a_clone_of_a_long_log_shares_its_bytes() {
    let mut log = Log::new(LogConfig::default(), Time::ZERO);
    for _ in 0..20_000 {
        log.append(batch(&[1]), 0, Time::ZERO).expect("small");
    }
    let mut clone = log.clone();
    clone.append(batch(&[2]), 0, Time::ZERO).expect("small");
    assert!(log.heap_bytes_unshared() < 64 << 10);
    assert_eq!(log.log_end_offset() + 1, clone.log_end_offset());
    let mut both = log.batches().zip(clone.batches());
    assert!(both.all(|(a, b)| a.shares_bytes_with(b)));
}
