//! What the bench harness runs, natively and in wasm. Timing is the caller's: nothing here has a
//! clock.

mod clicks;
mod intent;
mod streams;

pub use clicks::Clicker;
pub use intent::Predictor;
pub use streams::Streamer;

use crate::id::{NodeId, TopicPartition};
use crate::log::{BatchBuilder, Log, LogConfig};
use crate::protocol::Acks;
use crate::rng::{Dist, Rng, Salt};
use crate::scenario;
use crate::scenario::{FeedSpec, Scenario};
use crate::sim::faults::Intensity;
use crate::sim::{Delivery, Hunt, Kernel, Moment, Timeline, Traced};
use crate::sketch::{BloomFilter, BloomSize, CountMin, CountMinSize, HyperLogLog};
use crate::time::Time;

/// Kafka's default `batch.size`.
const BATCH_SIZE: usize = 16_384;
/// A new log is begun here, so that memory stays bounded.
const LOG_BYTES: u64 = 256 << 20;

/// Appends `n` records with values of 100 bytes, without keys, in batches of 16 KiB; from values to
/// a log, encoding and checksums included. Gives a checksum of the batches, so that nothing of it
/// can be left out.
#[must_use]
pub fn append_records(n: u64) -> u64 {
    let mut log = Log::new(LogConfig::default(), Time::ZERO);
    let mut builder = BatchBuilder::new();
    let mut value = [b'.'; 100];
    let mut checksum = 0u64;
    let mut flush = |builder: &mut BatchBuilder| {
        if let Some(batch) = builder.build() {
            checksum = checksum.rotate_left(5) ^ u64::from(batch.crc());
            if log.size_bytes() > LOG_BYTES {
                log = Log::new(LogConfig::default(), Time::ZERO);
            }
            log.append(batch, 0, Time::ZERO)
                .expect("a batch of 16 KiB fits a segment of 1 GiB");
        }
    };
    for i in 0..n {
        value[..8].copy_from_slice(&i.to_le_bytes());
        let timestamp = Time(i).event_ms();
        if !builder.has_room_for(BATCH_SIZE, timestamp, None, Some(&value), &[]) {
            flush(&mut builder);
        }
        builder.append(timestamp, None, Some(&value), &[]);
    }
    flush(&mut builder);
    checksum
}

/// A message that says nothing but its number.
struct Ping(u32);

impl Traced for Ping {
    fn trace(&self) -> (u32, u64) {
        (32, u64::from(self.0))
    }
}

/// Dispatches `n` events among 64 nodes with 1,000 messages in flight and exponential latencies,
/// each message sent on to another node as it arrives. Gives the trace hash.
#[must_use]
pub fn kernel_events(n: u64) -> u64 {
    const NODES: u32 = 64;
    let mut kernel = Kernel::new(1, Dist::Exponential { mean_us: 1_000 });
    for _ in 0..NODES {
        kernel.add_node();
    }
    for ping in 0..1_000 {
        kernel.send(NodeId(ping % NODES), NodeId(ping / NODES), Ping(ping));
    }
    for _ in 0..n {
        if let Some(Delivery::Message(message)) = kernel.dispatch() {
            let next = (message.to.0 + message.body.0) % NODES;
            kernel.send(
                message.to,
                NodeId(next),
                Ping(message.body.0.wrapping_mul(5) + 1),
            );
        }
    }
    kernel.hash()
}

/// Ten minutes of the order pipeline, played, to be sought in.
#[derive(Debug)]
pub struct Seeker {
    timeline: Timeline,
    rng: Rng,
}

impl Default for Seeker {
    fn default() -> Self {
        let orders = scenario::by_name("orders").expect("the scene is there");
        let mut timeline = Timeline::new(orders, 41).expect("the scene holds together");
        timeline.run_until(Time(600_000_000), u64::MAX);
        Self {
            timeline,
            rng: Rng::new(41, Salt::Client, 0),
        }
    }
}

impl Seeker {
    /// Goes to a random instant of the ten minutes. Gives the hash there.
    pub fn seek(&mut self) -> u64 {
        let to = Time(self.rng.below(600_000_000));
        self.timeline.seek(to, u64::MAX);
        self.timeline.trace_hash()
    }
}

/// Three brokers, three copies of everything, three producers that send records of 100 bytes without
/// keys in batches of 16 KiB to a topic of six partitions, nobody who reads; the promises are watched.
/// (As Jay Kreps measured Kafka in "Benchmarking Apache Kafka: 2 Million Writes Per Second (On Three
/// Cheap Machines)", 2014.)
#[derive(Debug)]
pub struct Replicator {
    scene: Scenario,
    moment: Moment,
}

impl Replicator {
    /// The records that one world takes before another is begun, so that memory stays bounded.
    const RECORDS: u64 = 500_000;

    /// With producers that ask for so many copies.
    #[must_use]
    pub fn new(acks: Acks) -> Self {
        let scene = Self::scene(acks, 200_000.0);
        let moment = Self::begin(&scene);
        Self { scene, moment }
    }

    /// Each producer sends `per_s` records a second.
    fn scene(acks: Acks, per_s: f64) -> Scenario {
        let mut scene = scenario::by_name("cluster").expect("the scene is there");
        scene.settings.acks = acks;
        scene.settings.per_s = per_s;
        scene.topics[0].partitions = 6;
        scene.feed = Some(FeedSpec {
            producers: 3,
            readers: 0,
            keys: 0,
            record_bytes: 100,
            ..FeedSpec::default()
        });
        scene
    }

    fn begin(scene: &Scenario) -> Moment {
        Moment::new(scene, 41).expect("the scene holds together")
    }

    fn acked(&self) -> u64 {
        self.moment.metrics.traffic().acked()
    }

    /// Plays until at least `n` more records are acknowledged. Gives the trace hash.
    pub fn records(&mut self, n: u64) -> u64 {
        if self.acked() >= Self::RECORDS {
            self.moment = Self::begin(&self.scene);
        }
        let enough = self.acked() + n;
        while self.acked() < enough && self.moment.step() {}
        self.moment.world.trace_hash()
    }
}

/// An hour of three brokers with three copies of everything: three producers send 1,000 records of
/// 100 bytes a second with `acks=all` to six partitions, which keep them for five minutes in
/// segments of one; nobody reads, and the promises are watched. Gives how many records are kept at
/// the end, of 3.6 million.
#[must_use]
pub fn hour() -> i64 {
    const HOUR: Time = Time(3_600_000_000);
    let scene = hour_scene();
    let mut moment = Replicator::begin(&scene);
    while moment.world.now() < HOUR && moment.step() {}
    assert_eq!(moment.promises.broken(), None, "nothing goes wrong");
    let world = &moment.world;
    let topic = world.topic_id("orders").expect("it is there");
    let logs = (0..6).filter_map(|n| world.log(TopicPartition::new(topic, n)));
    logs.map(|log| log.log_end_offset() - log.log_start_offset())
        .sum()
}

fn hour_scene() -> Scenario {
    let mut scene = Replicator::scene(Acks::All, 1_000.0 / 3.0);
    let configs = [("retention.ms", "300000"), ("segment.ms", "60000")];
    let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    scene.topics[0].configs.extend(configs);
    scene
}

/// The hunt for failures, as one thread of `millrace hunt` does it.
#[derive(Debug)]
pub struct Hunter {
    hunt: Hunt,
    seed: u64,
}

impl Default for Hunter {
    fn default() -> Self {
        Self::from_seed(0)
    }
}

impl Hunter {
    /// One that begins with this seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let scene = scenario::by_name("hunt").expect("the scene is there");
        Self {
            hunt: Hunt::new(scene, Intensity::Medium, None),
            seed,
        }
    }

    /// Plays `n` more seeds. Gives how many broke a promise, which is none.
    pub fn seeds(&mut self, n: u64) -> u64 {
        let from = self.seed;
        self.seed += n;
        let broken = (from..self.seed).filter(|&seed| {
            let found = self.hunt.try_seed(seed).expect("the scene holds together");
            found.is_some()
        });
        broken.count() as u64
    }
}

/// A sketch that takes one item after the other.
#[derive(Debug)]
pub struct Sketcher {
    sketch: Sketch,
    next: u64,
}

#[derive(Debug)]
enum Sketch {
    HyperLogLog(HyperLogLog),
    Bloom(BloomFilter),
    CountMin(CountMin),
}

impl Sketcher {
    fn new(sketch: Sketch) -> Self {
        Self { sketch, next: 0 }
    }

    /// HyperLogLog with 16,384 registers, and items that are all different.
    #[must_use]
    pub fn hll() -> Self {
        let sketch = HyperLogLog::new(14).expect("a precision there is");
        Self::new(Sketch::HyperLogLog(sketch))
    }

    /// A Bloom filter for 100,000 items and one false positive in a hundred (k = 7), which come again
    /// and again.
    #[must_use]
    pub fn bloom() -> Self {
        let size = BloomSize::for_items(100_000, 0.01).expect("a size there is");
        Self::new(Sketch::Bloom(BloomFilter::new(size).expect("so is this")))
    }

    /// A Count-Min sketch of 5 rows of 2,719 (ε = 0.1 %, δ = 1 %), and 10,000 items in turn.
    #[must_use]
    pub fn cms() -> Self {
        let size = CountMinSize::for_error(0.001, 0.01).expect("a size there is");
        Self::new(Sketch::CountMin(
            CountMin::new(size, false).expect("so is this"),
        ))
    }

    /// Adds `n` more items. Gives how many changed something, or what the last one's answer is.
    pub fn updates(&mut self, n: u64) -> u64 {
        let items = self.next..self.next + n;
        self.next = items.end;
        match &mut self.sketch {
            Sketch::HyperLogLog(sketch) => items.map(|item| u64::from(sketch.add(item))).sum(),
            Sketch::Bloom(filter) => items
                .map(|item| u64::from(filter.add(item % 100_000)))
                .sum(),
            Sketch::CountMin(sketch) => {
                items.for_each(|item| sketch.add(item % 10_000, 1));
                sketch.estimate(self.next % 10_000)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Broker;

    #[test]
    fn every_update_reaches_its_sketch() {
        assert_eq!(Sketcher::bloom().updates(1), 1);
        let [mut hll, mut bloom, mut cms] = [Sketcher::hll(), Sketcher::bloom(), Sketcher::cms()];
        let changed = hll.updates(20_000);
        assert!((10_000..20_000).contains(&changed), "{changed}");
        bloom.updates(100_000);
        assert_eq!(bloom.updates(100_000), 0, "all were there");
        assert!(cms.updates(30_000) >= 3, "each came three times");
    }

    #[test]
    fn some_predictions_are_likely_and_others_not() {
        let likely = Predictor::default().predictions(20_000);
        assert!((2_000..18_000).contains(&likely), "{likely}");
    }

    #[test]
    fn every_record_that_counts_is_acknowledged_and_kept_three_times() {
        for acks in [Acks::One, Acks::All] {
            let mut replicator = Replicator::new(acks);
            let before = replicator.acked();
            replicator.records(20_000);
            let acked = replicator.acked() - before;
            assert!((20_000..21_000).contains(&acked), "{acked}");
            let world = &replicator.moment.world;
            let copies = world.brokers().flat_map(Broker::replicas);
            let copies = copies.filter(|(at, _)| !at.topic.is_internal());
            let kept: i64 = copies.map(|(_, r)| r.log().log_end_offset()).sum();
            assert!(kept.unsigned_abs() > 3 * acked - 20_000, "{kept}");
            assert!(acks == Acks::One || kept.unsigned_abs() >= 3 * acked);
        }
    }

    #[test]
    fn the_checksum_depends_on_every_record_and_repeats() {
        assert_eq!(append_records(0), 0);
        assert_eq!(append_records(1_000), append_records(1_000));
        assert_ne!(append_records(1_000), append_records(1_001));
    }

    #[test]
    fn the_kernel_keeps_its_thousand_messages_in_flight() {
        assert_eq!(kernel_events(10_000), kernel_events(10_000));
        assert_ne!(kernel_events(10_000), kernel_events(10_001));
    }
}
