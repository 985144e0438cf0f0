//! What worlds cost in memory, beside what they share.

use super::world::{Slot, World};
use crate::app::StreamWorker;
use crate::cluster::Broker;
use crate::id::TopicPartition;
use crate::log::Batch;
use crate::map::Map;

impl World {
    /// About how much a clone of this may come to cost, in bytes.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        self.kernel.unshared_bytes()
            + self.slots.len() * size_of::<Slot>()
            + self
                .brokers()
                .flat_map(Broker::replicas)
                .map(|(_, replica)| replica.unshared_bytes())
                .sum::<usize>()
            + self
                .app
                .iter()
                .flat_map(|app| &app.workers)
                .filter_map(|&worker| self.worker(worker))
                .map(StreamWorker::unshared_bytes)
                .sum::<usize>()
            + self.unshared_in_layers()
    }

    /// About how much memory is in use for this world alone, and not for `later`, in bytes: what logs
    /// have deleted since. Copies of a partition share their batches.
    #[must_use]
    pub fn deleted_in(&self, later: &Self) -> usize {
        let mut bytes: Map<TopicPartition, u64> = Map::new();
        let mut batches = 0;
        for (before, after) in self.brokers().zip(later.brokers()) {
            for (at, replica) in before.replicas() {
                let log = replica.log();
                let gone = after.replica(at).map(|later| log.deleted_in(later.log()));
                let (deleted, count) = gone.unwrap_or((log.size_bytes(), log.batches().count()));
                let most = bytes.or_default(at);
                *most = deleted.max(*most);
                batches += count;
            }
        }
        bytes.values().sum::<u64>() as usize + batches * size_of::<Batch>()
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::Broker;
    use crate::scenario;
    use crate::sim::Timeline;
    use crate::time::Time;

    /// What a checkpoint keeps of deleted records is counted once for all copies, and not where
    /// nothing was deleted.
    #[test]
    fn what_only_the_past_has_is_counted() {
        let scene = scenario::by_name("retention").expect("the scene is there");
        let mut timeline = Timeline::new(scene, 7).expect("the scene holds together");
        let mut at = |s: u64| {
            timeline.run_until(Time(s * 1_000_000), u64::MAX);
            timeline.moment().world.clone()
        };
        let (early, before, after) = (at(10), at(25), at(70));
        assert_eq!(early.deleted_in(&before), 0);
        let topic = before.topic_id("orders").expect("it is there");
        let kept = |world: &crate::sim::World| -> u64 {
            let sizes = world.brokers().flat_map(Broker::replicas);
            let sizes = sizes.filter(|(at, _)| at.topic == topic);
            sizes.map(|(_, replica)| replica.log().size_bytes()).sum()
        };
        // At 70 s nothing is left of what there was at 25 s: three copies, one of which counts.
        let (deleted, once) = (before.deleted_in(&after), kept(&before) as usize / 3);
        assert!((once..once * 3).contains(&deleted), "{deleted} for {once}");
        assert!(early.deleted_in(&after) < deleted);
    }
}
