//! Segment files against an independent implementation, the `kafka-protocol` crate, in both
//! directions; and against hostile bytes.

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, Record as TheirRecord, RecordBatchDecoder, RecordBatchEncoder,
    RecordEncodeOptions, TimestampType as TheirTimestampType,
};
use millrace::log::files::{batches, export};
use millrace::log::{Batch, BatchBuilder, BatchError, Header, Log, LogConfig, ProducerStamp, dump};
use millrace::time::Time;
use millrace_tests::{cases, fuzz, millrace};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

type Field = Option<Vec<u8>>;

/// A record as a test makes it: no reader's type, no library's.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Plain {
    timestamp: i64,
    key: Field,
    value: Field,
    /// Their type holds each name once.
    headers: BTreeMap<String, Field>,
}

fn plain() -> impl Strategy<Value = Plain> {
    let field = || prop::option::weighted(0.8, prop::collection::vec(any::<u8>(), 0..200));
    let headers = prop::collection::btree_map("[a-z]{0,9}", field(), 0..3);
    (
        1_700_000_000_000..1_700_000_100_000i64,
        field(),
        field(),
        headers,
    )
        .prop_map(|(timestamp, key, value, headers)| Plain {
            timestamp,
            key,
            value,
            headers,
        })
}

/// Batches of records, each with the sequence number it begins at, or none.
fn plan() -> impl Strategy<Value = Vec<(Option<i32>, Vec<Plain>)>> {
    let batch = (
        prop::option::of(0..1_000),
        prop::collection::vec(plain(), 1..6),
    );
    prop::collection::vec(batch, 1..10)
}

fn build(builder: &mut BatchBuilder, sequence: Option<i32>, records: &[Plain]) -> Batch {
    builder.set_producer(
        sequence.map_or(ProducerStamp::NONE, |base_sequence| ProducerStamp {
            producer_id: 4_000,
            producer_epoch: 3,
            base_sequence,
        }),
    );
    for record in records {
        let headers: Vec<_> = record
            .headers
            .iter()
            .map(|(key, value)| Header {
                key: key.as_bytes(),
                value: value.as_deref(),
            })
            .collect();
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        builder.append(record.timestamp, key, value, &headers);
    }
    builder.build().expect("a plan has no empty batch")
}

fn log_of(plan: &[(Option<i32>, Vec<Plain>)]) -> Log {
    let config = LogConfig {
        segment_bytes: 8_000,
        index_interval_bytes: 300,
        ..LogConfig::default()
    };
    let mut log = Log::new(config, Time::ZERO);
    let mut builder = BatchBuilder::new();
    for (sequence, records) in plan {
        log.append(build(&mut builder, *sequence, records), 2, Time::ZERO)
            .expect("five records of at most 1.2 kB fit a segment");
    }
    log
}

/// The `.log` files, one after another.
fn log_bytes(log: &Log) -> Vec<u8> {
    let mut bytes = Vec::new();
    for segment in log.segments() {
        let [file, index, timeindex] = export(&segment);
        assert_eq!(file.name, format!("{:020}.log", segment.base_offset()));
        assert_eq!(file.bytes.len(), segment.size_bytes() as usize);
        assert_eq!((index.bytes.len() % 8, timeindex.bytes.len() % 12), (0, 0));
        bytes.extend(file.bytes);
    }
    bytes
}

fn theirs(record: &Plain, offset: i64) -> TheirRecord {
    let headers = record.headers.iter().map(|(key, value)| {
        let value = value.clone().map(Bytes::from);
        (StrBytes::from_string(key.clone()), value)
    });
    TheirRecord {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: 2,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: TheirTimestampType::Creation,
        offset,
        // Theirs counts from 0 without a producer too; see the test.
        sequence: offset as i32,
        timestamp: record.timestamp,
        key: record.key.clone().map(Bytes::from),
        value: record.value.clone().map(Bytes::from),
        headers: headers.collect(),
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn what_we_export_is_decoded_by_kafka_protocol(plan in plan()) {
        let mut bytes = Bytes::from(log_bytes(&log_of(&plan)));
        let sets = RecordBatchDecoder::decode_all(&mut bytes).expect("they can read it");
        prop_assert_eq!(sets.len(), plan.len());
        let mut offset = 0;
        for (set, (sequence, records)) in sets.iter().zip(&plan) {
            prop_assert_eq!((set.version, set.compression), (2, Compression::None));
            prop_assert_eq!(set.records.len(), records.len());
            for (i, (read, record)) in set.records.iter().zip(records).enumerate() {
                let mut expected = theirs(record, offset);
                match sequence {
                    Some(base) => {
                        expected.producer_id = 4_000;
                        expected.producer_epoch = 3;
                        expected.sequence = base + i as i32;
                    }
                    None => expected.sequence = read.sequence,
                }
                prop_assert_eq!(read, &expected);
                offset += 1;
            }
        }
    }

    #[test]
    fn what_kafka_protocol_encodes_is_decoded_by_us(
        records in prop::collection::vec(plain(), 1..30),
    ) {
        let input: Vec<_> = (0..).zip(&records).map(|(i, record)| theirs(record, i)).collect();
        let mut out = BytesMut::new();
        let options = RecordEncodeOptions { version: 2, compression: Compression::None };
        RecordBatchEncoder::encode(&mut out, &input, &options).expect("they can write it");
        let mut read = Vec::new();
        for batch in batches(&out) {
            let (_, batch) = batch.expect("it is whole");
            prop_assert_eq!(batch.leader_epoch, 2);
            for record in batch.records() {
                let record = record.expect("it is well formed");
                prop_assert_eq!(record.offset, read.len() as i64);
                read.push(Plain {
                    timestamp: record.timestamp,
                    key: record.key.map(<[u8]>::to_vec),
                    value: record.value.map(<[u8]>::to_vec),
                    headers: record
                        .headers
                        .iter()
                        .map(|h| (String::from_utf8_lossy(h.key).into(), h.value.map(<[u8]>::to_vec)))
                        .collect(),
                });
            }
        }
        prop_assert_eq!(read, records);
    }
}

/// Reads all there is to read of `bytes`, and checks what must hold of any: batches tile what was
/// read, they are written again as they were, and an error is the last.
fn read_all(bytes: &[u8]) -> Result<(usize, Option<(u64, BatchError)>), TestCaseError> {
    let (mut read, mut count, mut damage) = (0, 0, None);
    for batch in batches(bytes) {
        prop_assert!(damage.is_none());
        match batch {
            Err(found) => {
                prop_assert_eq!(found.position, read as u64);
                let place = format!("damaged at byte {read}: ");
                prop_assert!(found.to_string().starts_with(&place));
                damage = Some((found.position, found.error));
            }
            Ok((position, batch)) => {
                prop_assert_eq!(position, read as u64);
                let mut again = Vec::new();
                batch.encode_into(&mut again);
                prop_assert_eq!(&again[..], &bytes[read..read + again.len()]);
                read += again.len();
                count += 1;
                prop_assert!(dump::batch_line(&batch, position).to_string().len() > 100);
                for record in batch.records() {
                    match record {
                        Ok(record) => drop(dump::record_line(&batch, &record, true).to_string()),
                        Err(error) => drop(error.to_string()),
                    }
                }
            }
        }
    }
    prop_assert!(damage.is_some() || read == bytes.len());
    Ok((count, damage))
}

/// Gives each batch of `bytes` the checksum it should have, so that what is behind it is looked at.
fn mend_checksums(bytes: &mut [u8]) {
    let mut rest = bytes;
    while let Some(length) = rest.get(8..12) {
        let length = i32::from_be_bytes(length.try_into().expect("4 bytes"));
        let size = usize::try_from(length)
            .unwrap_or(usize::MAX)
            .saturating_add(12);
        if size < 61 {
            return;
        }
        let Some(batch) = rest.split_off_mut(..size) else {
            return;
        };
        let crc = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
    }
}

proptest! {
    #![proptest_config(fuzz())]

    #[test]
    fn fuzz_segment_bytes_at_random(mut bytes: Vec<u8>, magic: bool, mend: bool) {
        if magic && bytes.len() > 17 {
            bytes[8..11].fill(0);
            bytes[16] = 2;
        }
        if mend {
            mend_checksums(&mut bytes);
        }
        read_all(&bytes)?;
    }

    #[test]
    fn fuzz_segment_bytes_mutated(
        plan in prop::collection::vec((Just(None), prop::collection::vec(plain(), 1..3)), 1..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        mend: bool,
    ) {
        let whole = log_bytes(&log_of(&plan));
        let starts: Vec<u64> = batches(&whole).map(|b| b.expect("whole").0).collect();
        let mut bytes = whole.clone();
        for (at, value) in &changes {
            bytes[at.index(whole.len())] = *value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(whole.len()));
        }
        if mend {
            mend_checksums(&mut bytes);
        }
        let (count, damage) = read_all(&bytes)?;
        // What precedes the first change is read, whatever follows.
        let same = bytes.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        let ends = starts[1..].iter().copied().chain([whole.len() as u64]);
        let intact = ends.filter(|&end| end <= same as u64).count();
        prop_assert!(count >= intact, "{count} of {intact} read, then {damage:?}");
    }
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("segments");
    std::fs::create_dir_all(&directory).expect("a place to write");
    let path = directory.join(name);
    std::fs::write(&path, bytes).expect("it can be written");
    path
}

fn three_batches() -> Vec<u8> {
    let record = |value: &str| Plain {
        timestamp: 1_700_000_000_000,
        key: None,
        value: Some(value.into()),
        headers: BTreeMap::new(),
    };
    let plan = ["a0", "a1", "a2"].map(|value| (None, vec![record(value)]));
    log_bytes(&log_of(&plan))
}

#[test]
fn dump_log_prints_what_precedes_the_damage_and_where_it_is() {
    let whole = three_batches();
    let path = written("00000000000000000000.log", &whole);
    let whole_run = millrace(&["dump-log", path.to_str().expect("UTF-8")]);
    assert_eq!((whole_run.code, whole_run.stderr.as_str()), (0, ""));
    assert_eq!(whole_run.stdout.lines().count(), 2 + 3 * 2);

    let mut flipped = whole.clone();
    flipped[75 + 61] ^= 1;
    for (name, bytes, why) in [
        ("00000000000000000007.log", &flipped[..], "stored crc = "),
        (
            "00000000000000000008.log",
            &whole[..139],
            "takes 70 bytes and 69 are left",
        ),
        (
            "00000000000000000009.log",
            &[&whole[..70], &[0; 90]].concat(),
            "batch length of 0",
        ),
    ] {
        let path = written(name, bytes);
        let path = path.to_str().expect("UTF-8");
        let ran = millrace(&["dump-log", path]);
        assert_eq!(ran.code, 1);
        let start = format!("millrace: {path}: damaged at byte 70: ");
        assert!(
            ran.stderr.starts_with(&start) && ran.stderr.contains(why),
            "{}",
            ran.stderr
        );
        let before = whole_run.stdout.lines().skip(2).take(2);
        assert!(ran.stdout.lines().skip(2).take(2).eq(before));

        let ran = millrace(&["dump-log", "--json", path]);
        assert_eq!((ran.code, ran.stdout.lines().count()), (1, 1));
    }
    let ran = millrace(&["dump-log", "no/such.log"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}

/// The second of three batches claims this codec; its checksum is right.
fn claiming(codec: u8) -> Vec<u8> {
    let mut bytes = three_batches();
    bytes[70 + 22] = codec;
    let crc = crc32c::crc32c(&bytes[70 + 21..140]);
    bytes[70 + 17..70 + 21].copy_from_slice(&crc.to_be_bytes());
    bytes
}

#[test]
fn dump_log_says_of_a_compressed_batch_that_it_is_not_read_yet_and_goes_on() {
    for (codec, name) in [(1, "gzip"), (2, "snappy"), (3, "lz4"), (4, "zstd")] {
        let path = written(&format!("0000000000000000001{codec}.log"), &claiming(codec));
        let path = path.to_str().expect("UTF-8");
        for json in [&[][..], &["--json"]] {
            let ran = millrace(&[&["dump-log", path], json].concat());
            assert_eq!(
                ran.stderr,
                format!(
                    "millrace: {path}: the batch at byte 70 is compressed with {name}: it is \
                     whole, but the records of compressed batches are not read yet\n"
                )
            );
            assert_eq!(ran.code, 1, "not everything was printed");
            assert!(ran.stdout.contains(name) && ran.stdout.contains("a2"));
        }
    }
    // No such codec: that is damage, and what follows is not read.
    let path = written("00000000000000000016.log", &claiming(6));
    let path = path.to_str().expect("UTF-8");
    let ran = millrace(&["dump-log", path]);
    let why = format!("millrace: {path}: damaged at byte 70: Unknown compression type id: 6\n");
    assert_eq!((ran.code, ran.stderr), (1, why));
    assert!(ran.stdout.contains("a0") && !ran.stdout.contains("a2"));
}

#[test]
fn dump_log_as_json_is_an_object_a_batch() {
    let path = written("00000000000000000003.log", &three_batches());
    let ran = millrace(&["dump-log", "--json", path.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, 0);
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2]["baseOffset"], 2);
    assert_eq!(lines[2]["position"], 140);
    assert_eq!(lines[2]["records"][0]["payload"], "a2");
    assert!(lines[2]["records"][0]["key"].is_null());
}

/// As `kafka-dump-log` tells it of a compacted segment (`compaction.json`): the last gap first.
#[test]
fn dump_log_tells_of_gaps_and_does_not_call_them_damage() {
    let mut builder = BatchBuilder::new();
    let mut log = Log::new(LogConfig::default(), Time::ZERO);
    for offset in [2, 4, 6, 7] {
        builder.append(0, Some(b"k"), Some(b"v"), &[]);
        let mut batch = builder.build().expect("there is a record");
        batch.base_offset = offset;
        log.append_as_follower(batch, Time::ZERO)
            .expect("gaps are allowed");
    }
    let path = written("00000000000000000002.log", &log_bytes(&log));
    let path = path.to_str().expect("UTF-8");
    let ran = millrace(&["dump-log", path]);
    let gaps = "  4 is followed by 6\n  2 is followed by 4\n";
    let told = format!("Non-consecutive offsets in {path}\n{gaps}");
    assert_eq!((ran.code, ran.stderr), (0, told));
}
