//! Which partition a record goes to.
//!
//! The Java client's default hashes the key with murmur2, and without a key sticks to one partition
//! until it has given it a batch's worth (KIP-480, KIP-794; `BuiltInPartitioner.java`). librdkafka,
//! and so the Python client of the course notes, hashes with CRC-32 unless told otherwise
//! (`rdkafka_msg.c`): the same key lands on another partition than it does from Java.

use crate::rng::Rng;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// How a producer chooses partitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partitioner {
    /// The Java client's built-in: murmur2 of the key, sticky without one.
    #[default]
    Default,
    /// `RoundRobinPartitioner` of the Java client: in turn, whatever the key.
    RoundRobin,
    /// librdkafka's default: CRC-32 of the key; null and empty keys at random.
    ConsistentRandom,
    /// librdkafka's stand-in for the Java client's: murmur2 of the key; null keys at random.
    Murmur2Random,
}

/// A producer's settings that bear on partitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartitionerConfig {
    /// The rule.
    pub partitioner: Partitioner,
    /// `partitioner.ignore.keys`: the built-in treats every record as having no key.
    pub ignore_keys: bool,
    /// `partitioner.adaptive.partitioning.enable`: the built-in prefers partitions whose queues are
    /// short.
    pub adaptive: bool,
    /// `batch.size` in bytes, at least 1: what the built-in gives a partition before it changes.
    pub batch_size: usize,
    /// librdkafka's `sticky.partitioning.linger.ms`: how long its random partitioners keep to one
    /// partition. Zero: each record anew.
    pub sticky_linger: Span,
}

impl Default for PartitionerConfig {
    fn default() -> Self {
        Self {
            partitioner: Partitioner::Default,
            ignore_keys: false,
            adaptive: true,
            batch_size: 16_384,
            sticky_linger: Span::millis(10),
        }
    }
}

/// A topic's partitions as a client knows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Partitions<'a> {
    /// How many there are, at least 1. Keys are hashed over all of them.
    pub count: u32,
    /// Those with a leader, ascending.
    pub available: &'a [u32],
}

/// A partition chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// Its number.
    pub partition: u32,
    /// Whether the bytes appended must be told to [`TopicPartitioner::appended`].
    pub sticky: bool,
}

/// MurmurHash 2 as Kafka has it (`Utils.murmur2`): seed `0x9747b28c`, little-endian words. Java's
/// `int` is signed; so is this.
#[must_use]
pub fn murmur2(data: &[u8]) -> i32 {
    const M: u32 = 0x5bd1_e995;
    const R: u32 = 24;
    let mut h = 0x9747_b28c ^ data.len() as u32;
    let (words, tail) = data.as_chunks::<4>();
    for &word in words {
        let mut k = u32::from_le_bytes(word).wrapping_mul(M);
        k ^= k >> R;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (i, &byte) in tail.iter().enumerate() {
            h ^= u32::from(byte) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    (h ^ (h >> 15)) as i32
}

/// `n` without its sign bit (`Utils.toPositive`), which is not its absolute value.
#[must_use]
pub fn to_positive(n: i32) -> u32 {
    n as u32 & 0x7fff_ffff
}

/// The partition of `key` among `partitions` (at least 1) in the Java client.
#[must_use]
pub fn partition_for_key(key: &[u8], partitions: u32) -> u32 {
    to_positive(murmur2(key)) % partitions
}

/// CRC-32 as zlib has it, bit by bit: keys are short, and a crate for it carries 16 kB of tables
/// into the page.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// The partition of `key` among `partitions` (at least 1) in librdkafka's `consistent` partitioners.
#[must_use]
pub fn crc32_partition_for_key(key: &[u8], partitions: u32) -> u32 {
    crc32(key) % partitions
}

/// How often each partition should be drawn, given how much waits for it: the running sum of
/// `longest + 1 - length`, so that a random number below the last sum falls to partition `i` as
/// often as its queue is shorter (`BuiltInPartitioner.updatePartitionLoadStats`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadTable {
    /// Partition numbers.
    partitions: Vec<u32>,
    sums: Vec<u64>,
}

impl LoadTable {
    /// The table of partitions with their queues' lengths in batches. `excluded` others were left
    /// out as slow (`partitioner.availability.timeout.ms`). `None` where there is nothing to adapt
    /// to: fewer than two partitions, or all queues of one length and none excluded.
    #[must_use]
    pub fn new(queues: &[(u32, u32)], excluded: usize) -> Option<Self> {
        let longest = queues.iter().map(|&(_, length)| length).max()?;
        let equal = queues.iter().all(|&(_, length)| length == longest);
        if queues.len() + excluded < 2 || (equal && excluded == 0) {
            return None;
        }
        let sums = queues.iter().scan(0, |sum, &(_, length)| {
            *sum += u64::from(longest - length) + 1;
            Some(*sum)
        });
        Some(Self {
            partitions: queues.iter().map(|&(partition, _)| partition).collect(),
            sums: sums.collect(),
        })
    }

    /// The running sums, one a partition; Kafka's "cumulative frequency table".
    #[must_use]
    pub fn sums(&self) -> &[u64] {
        &self.sums
    }

    /// The partition a random number falls to: the first whose sum is strictly greater, after the
    /// number is reduced below the last sum.
    #[must_use]
    pub fn pick(&self, random: u32) -> u32 {
        let end = self.sums.last().expect("there is a partition in the table");
        let random = u64::from(random) % end;
        self.partitions[self.sums.partition_point(|&sum| sum <= random)]
    }
}

/// The built-in partitioner's memory of one topic. Its random numbers are passed in: non-negative
/// 31-bit ones, drawn only where a partition is chosen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sticky {
    partition: Option<u32>,
    produced_bytes: usize,
    load: Option<LoadTable>,
}

impl Sticky {
    /// The partition in force, chosen now if none is.
    pub fn current(&mut self, topic: Partitions<'_>, random: impl FnOnce() -> u32) -> u32 {
        match self.partition {
            Some(partition) => partition,
            None => self.choose(topic, random()),
        }
    }

    /// Tells that `bytes` were appended to the partition in force. Another is chosen after
    /// `batch_size` bytes, if `enable_switch` says that no batch is left half full; after twice as
    /// many, in any case.
    pub fn appended(
        &mut self,
        bytes: usize,
        batch_size: usize,
        enable_switch: bool,
        topic: Partitions<'_>,
        random: impl FnOnce() -> u32,
    ) {
        self.produced_bytes = self.produced_bytes.saturating_add(bytes);
        if self.produced_bytes >= batch_size && enable_switch
            || self.produced_bytes >= batch_size.saturating_mul(2)
        {
            self.choose(topic, random());
        }
    }

    /// Weighs partitions by `load` from the next choice on; evenly, if `None`.
    pub fn set_load(&mut self, load: Option<LoadTable>) {
        self.load = load;
    }

    fn choose(&mut self, topic: Partitions<'_>, random: u32) -> u32 {
        let partition = match &self.load {
            Some(load) => load.pick(random),
            None => evenly(topic, random),
        };
        self.partition = Some(partition);
        self.produced_bytes = 0;
        partition
    }
}

/// One of the partitions with a leader; if there is none, one of all.
fn evenly(topic: Partitions<'_>, random: u32) -> u32 {
    match topic.available.len() {
        0 => random % topic.count,
        n => topic.available[random as usize % n],
    }
}

/// A producer's partitioner for one topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicPartitioner {
    config: PartitionerConfig,
    sticky: Sticky,
    /// Of round robin: records so far.
    turn: u32,
    /// Of librdkafka: the partition that records without a key stick to, and since when.
    lingering: Option<(u32, Time)>,
}

impl TopicPartitioner {
    /// With nothing chosen yet.
    #[must_use]
    pub fn new(config: PartitionerConfig) -> Self {
        Self {
            config,
            sticky: Sticky::default(),
            turn: 0,
            lingering: None,
        }
    }

    /// The partition for a record with `key`. Draws from `rng` only where chance decides.
    pub fn choose(
        &mut self,
        key: Option<&[u8]>,
        topic: Partitions<'_>,
        now: Time,
        rng: &mut Rng,
    ) -> Choice {
        let settled = |partition| Choice {
            partition,
            sticky: false,
        };
        match (self.config.partitioner, key) {
            (Partitioner::Default, Some(key)) if !self.config.ignore_keys => {
                settled(partition_for_key(key, topic.count))
            }
            (Partitioner::Default, _) => Choice {
                partition: self.sticky.current(topic, || random(rng)),
                sticky: true,
            },
            (Partitioner::RoundRobin, _) => {
                let turn = self.turn;
                self.turn = (turn + 1) & 0x7fff_ffff;
                settled(evenly(topic, turn))
            }
            (Partitioner::ConsistentRandom, Some(key)) if !key.is_empty() => {
                settled(crc32_partition_for_key(key, topic.count))
            }
            (Partitioner::Murmur2Random, Some(key)) => settled(partition_for_key(key, topic.count)),
            (Partitioner::ConsistentRandom | Partitioner::Murmur2Random, _) => {
                settled(self.linger(topic, now, rng))
            }
        }
    }

    /// Tells that a record whose [`Choice`] was sticky took `bytes` of its batch. `enable_switch`:
    /// every batch that waits for the partition is full, so that leaving it splits none (with a
    /// large `linger.ms` leaving early would halve the batches).
    pub fn appended(
        &mut self,
        bytes: usize,
        enable_switch: bool,
        topic: Partitions<'_>,
        rng: &mut Rng,
    ) {
        let batch_size = self.config.batch_size.max(1);
        self.sticky
            .appended(bytes, batch_size, enable_switch, topic, || random(rng));
    }

    /// Tells how many batches wait for each partition with a leader, once every partition has had
    /// one. See [`LoadTable::new`].
    pub fn set_queues(&mut self, queues: &[(u32, u32)], excluded: usize) {
        if self.config.adaptive {
            self.sticky.set_load(LoadTable::new(queues, excluded));
        }
    }

    /// `rd_kafka_msg_sticky_partition`: one partition for a while, sooner another if it loses its
    /// leader.
    fn linger(&mut self, topic: Partitions<'_>, now: Time, rng: &mut Rng) -> u32 {
        let available = |partition| topic.available.contains(&partition);
        let linger = self.config.sticky_linger;
        match self.lingering {
            // The interval must be exceeded, as in `rd_interval`.
            Some((partition, since))
                if linger > Span::ZERO && now.since(since) <= linger && available(partition) =>
            {
                partition
            }
            _ => {
                // An unavailable partition is drawn once more, and then taken as it comes.
                let mut draw = || rng.below(u64::from(topic.count)) as u32;
                let partition = Some(draw()).filter(|&p| available(p)).unwrap_or_else(draw);
                self.lingering = Some((partition, now));
                partition
            }
        }
    }
}

/// As Java's `toPositive(ThreadLocalRandom.nextInt())`.
fn random(rng: &mut Rng) -> u32 {
    (rng.bits() >> 33) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Salt;

    const ALL: Partitions<'_> = Partitions {
        count: 3,
        available: &[0, 1, 2],
    };

    fn rng() -> Rng {
        Rng::new(41, Salt::Client, 0)
    }

    fn of(partitioner: Partitioner) -> TopicPartitioner {
        TopicPartitioner::new(PartitionerConfig {
            partitioner,
            batch_size: 1,
            ..PartitionerConfig::default()
        })
    }

    #[test]
    fn the_java_client_and_librdkafka_disagree_about_a_key() {
        assert_eq!(partition_for_key(b"alice", 4), 1);
        assert_eq!(crc32_partition_for_key(b"alice", 4), 0x278e_bc47 % 4);
        let key = Some(&b"123456789"[..]);
        let crc = of(Partitioner::ConsistentRandom).choose(key, ALL, Time::ZERO, &mut rng());
        // The check value of CRC-32.
        assert_eq!(crc.partition, 0xcbf4_3926 % 3);
        let murmur = of(Partitioner::Murmur2Random).choose(key, ALL, Time::ZERO, &mut rng());
        assert_eq!(murmur.partition, partition_for_key(b"123456789", 3));
    }

    /// `BuiltInPartitionerTest.testStickyPartitioning`, and what a half-full batch changes.
    #[test]
    fn a_partition_is_kept_for_a_batch_and_at_most_for_two() {
        let mut next = 0..;
        let mut random = || next.next().expect("endless");
        let mut sticky = Sticky::default();
        let first = sticky.current(ALL, &mut random);
        for _ in 0..3 {
            assert_eq!(sticky.current(ALL, &mut random), first);
            sticky.appended(1, 3, true, ALL, &mut random);
        }
        let second = sticky.current(ALL, &mut random);
        assert_ne!(second, first);
        for _ in 0..6 {
            assert_eq!(sticky.current(ALL, &mut random), second);
            sticky.appended(1, 3, false, ALL, &mut random);
        }
        assert_ne!(sticky.current(ALL, &mut random), second);
    }

    /// `BuiltInPartitionerTest.unavailablePartitionsTest`.
    #[test]
    fn partitions_without_a_leader_are_chosen_only_if_all_are() {
        let mut rng = rng();
        let mut chosen = |count, available| {
            let topic = Partitions { count, available };
            let mut partitioner = of(Partitioner::Default);
            let mut seen = [0; 3];
            for _ in 0..100 {
                let choice = partitioner.choose(None, topic, Time::ZERO, &mut rng);
                assert!(choice.sticky);
                seen[choice.partition as usize] += 1;
                partitioner.appended(1, true, topic, &mut rng);
            }
            seen
        };
        let [a, b, c] = chosen(3, &[0, 2]);
        assert!(a > 20 && b == 0 && c > 20);
        assert_eq!(chosen(2, &[1]), [0, 100, 0]);
        assert_eq!(chosen(1, &[]), [100, 0, 0]);
    }

    #[test]
    fn load_is_not_weighed_where_there_is_nothing_to_weigh() {
        assert_eq!(LoadTable::new(&[], 3), None);
        assert_eq!(LoadTable::new(&[(0, 7)], 0), None);
        assert_eq!(LoadTable::new(&[(0, 7), (1, 7)], 0), None);
        let one_left = LoadTable::new(&[(2, 7)], 1).expect("one was excluded");
        assert_eq!((one_left.pick(0), one_left.pick(u32::MAX)), (2, 2));
    }

    #[test]
    fn a_long_queue_is_avoided_unless_told_not_to_adapt() {
        let share_of_0 = |adaptive| {
            let mut rng = rng();
            let mut partitioner = TopicPartitioner::new(PartitionerConfig {
                adaptive,
                batch_size: 1,
                ..PartitionerConfig::default()
            });
            partitioner.set_queues(&[(0, 98), (1, 0), (2, 0)], 0);
            let draws = (0..3_000).filter(|_| {
                let choice = partitioner.choose(None, ALL, Time::ZERO, &mut rng);
                partitioner.appended(1, true, ALL, &mut rng);
                choice.partition == 0
            });
            draws.count()
        };
        assert!(share_of_0(true) < 50);
        assert!((900..1_100).contains(&share_of_0(false)));
    }

    #[test]
    fn keys_can_be_ignored() {
        let mut partitioner = TopicPartitioner::new(PartitionerConfig {
            ignore_keys: true,
            ..PartitionerConfig::default()
        });
        assert!(
            partitioner
                .choose(Some(b"alice"), ALL, Time::ZERO, &mut rng())
                .sticky
        );
    }

    /// `RoundRobinPartitionerTest`.
    #[test]
    fn round_robin_goes_round_those_with_a_leader() {
        let mut partitioner = of(Partitioner::RoundRobin);
        let topic = Partitions {
            count: 3,
            available: &[0, 2],
        };
        let mut seen = [0; 3];
        for _ in 0..100 {
            let choice = partitioner.choose(Some(b"k"), topic, Time::ZERO, &mut rng());
            seen[choice.partition as usize] += 1;
        }
        assert_eq!(seen, [50, 0, 50]);
    }

    #[test]
    fn librdkafka_sticks_by_time_and_takes_an_empty_key_for_none_only_with_crc32() {
        let mut rng = rng();
        let mut partitioner = of(Partitioner::ConsistentRandom);
        let mut seen = [0; 3];
        for ms in 0..3_300 {
            let now = Time(ms * 1_000);
            let key = [None, Some(&b""[..])][ms as usize % 2];
            let choice = partitioner.choose(key, ALL, now, &mut rng);
            let again = partitioner.choose(None, ALL, now, &mut rng);
            assert_eq!(choice, again);
            seen[choice.partition as usize] += 1;
        }
        assert!(seen.iter().all(|&n| n % 11 == 0 && n > 700), "{seen:?}");
        let empty = of(Partitioner::Murmur2Random).choose(Some(b""), ALL, Time::ZERO, &mut rng);
        assert_eq!(empty.partition, partition_for_key(b"", 3));
    }
}
