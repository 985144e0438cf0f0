//! For each guarantee facts that break it, and like facts that do not.

use super::terms::{ACKS_ONE, POWER, UNCLEAN};
use super::*;
use crate::id::GroupId;
use crate::protocol::{Acks, OrderStep, Service, Truncation, fingerprint};
use crate::time::Time;

const AT: TopicPartition = TopicPartition {
    topic: TopicId(0),
    partition: 0,
};
const CLIENT: NodeId = NodeId(9);
const STAMP: Stamp = Stamp {
    at: Time::ZERO,
    instant: 0,
};

/// What is told of a partition with copies on brokers 0, 1 and 2. Each batch is one record.
#[derive(Clone)]
struct Tale(Promises);

/// A new partition: broker 0 leads in epoch 0, and all three are in sync.
fn new() -> Tale {
    let begun = Tale(Promises::default()).changed(0, (Some(0), 0), &[0, 1, 2], &[]);
    begun.leads(0, 0, 0).follows(1, 0).follows(2, 0)
}

/// The same, with one committed record that all have.
fn one_committed() -> Tale {
    let written = new().appended(0, 0, 0, 7).replicated(1, 0, 0, 7);
    written.replicated(2, 0, 0, 7).committed(0, 1)
}

/// The same with broker 0 alone in sync, and one more committed record that only it has.
fn one_alone() -> Tale {
    let alone = one_committed().changed(1, (Some(0), 0), &[0], &[]);
    alone.appended(0, 0, 1, 8).committed(0, 2)
}

impl Tale {
    fn tell(mut self, fact: Fact) -> Self {
        self.0.hear(STAMP, fact);
        self
    }

    fn changes(
        self,
        partition_epoch: i32,
        (leader, leader_epoch): (Option<u32>, i32),
        (isr, elr, last_known): (&[u32], &[u32], &[u32]),
        unclean: bool,
    ) -> Self {
        let set = |all: &[u32]| all.iter().copied().map(NodeId).collect::<Brokers>();
        self.tell(Fact::PartitionChanged {
            at: AT,
            incarnation: 1,
            replicas: set(&[0, 1, 2]),
            leader: leader.map(NodeId),
            leader_epoch,
            partition_epoch,
            isr: set(isr),
            elr: set(elr),
            last_known: set(last_known),
            unclean,
        })
    }

    fn changed(self, epoch: i32, leader: (Option<u32>, i32), isr: &[u32], elr: &[u32]) -> Self {
        self.changes(epoch, leader, (isr, elr, &[]), false)
    }

    fn leads(self, broker: u32, leader_epoch: i32, end: i64) -> Self {
        self.tell(Fact::Leads {
            broker: NodeId(broker),
            at: AT,
            leader_epoch,
            end,
            high_watermark: 0,
            incarnation: 1,
        })
    }

    fn follows(self, broker: u32, leader_epoch: i32) -> Self {
        self.tell(Fact::Follows {
            broker: NodeId(broker),
            at: AT,
            incarnation: 1,
            leader: None,
            leader_epoch,
        })
    }

    fn appended(self, broker: u32, leader_epoch: i32, base_offset: i64, crc: u32) -> Self {
        self.tell(Fact::Appended {
            broker: NodeId(broker),
            leader_epoch,
            at: AT,
            base_offset,
            records: 1,
            bytes: 100,
            crc,
        })
    }

    fn replicated(self, broker: u32, leader_epoch: i32, base_offset: i64, crc: u32) -> Self {
        self.tell(Fact::Replicated {
            broker: NodeId(broker),
            leader_epoch,
            at: AT,
            base_offset,
            records: 1,
            crc,
        })
    }

    fn committed(self, broker: u32, offset: i64) -> Self {
        self.tell(Fact::HighWatermark {
            broker: NodeId(broker),
            at: AT,
            offset,
        })
    }

    fn learned(self, broker: u32, offset: i64) -> Self {
        self.tell(Fact::FollowerHighWatermark {
            broker: NodeId(broker),
            at: AT,
            offset,
        })
    }

    fn truncated(self, broker: u32, from: i64, to: i64, why: Truncation) -> Self {
        self.tell(Fact::Truncated {
            broker: NodeId(broker),
            at: AT,
            from,
            to,
            why,
        })
    }

    fn acked(self, leader: u32, acks: Acks, base_offset: i64) -> Self {
        self.tell(Fact::Acked {
            producer: CLIENT,
            leader: NodeId(leader),
            acks,
            at: AT,
            base_offset,
            records: 1,
        })
    }

    fn read(self, first: i64, batches: &[(i64, u32)]) -> Self {
        self.tell(Fact::Delivered {
            consumer: CLIENT,
            group: None,
            at: AT,
            first,
            next: first + batches.len() as i64,
            fingerprint: fingerprint(batches.iter().copied()),
        })
    }

    fn latest(self, client: NodeId, offset: i64) -> Self {
        let at = AT;
        self.tell(Fact::LatestOffset { client, at, offset })
    }

    fn order(self, step: OrderStep) -> Self {
        self.ordered(0, step)
    }

    fn ordered(self, order: u32, step: OrderStep) -> Self {
        self.tell(Fact::Order {
            lane: Lane::Async,
            order: OrderId(order),
            step,
        })
    }

    /// It all held.
    #[track_caller]
    fn holds(self) -> Self {
        assert!(self.0.first.is_empty(), "{:#?}", self.0.first);
        self
    }

    /// This was promised and did not hold.
    #[track_caller]
    fn breaks(&self, promise: Promise) {
        let breach = self.0.breach(promise);
        let bug = breach.is_some_and(Breach::promised);
        assert!(bug, "{promise:?} in {:#?}", self.0.first);
    }

    /// This did not hold, and was not promised for this reason.
    #[track_caller]
    fn teaches(self, promise: Promise, why: &str) {
        let breach = self.0.breach(promise).expect("it did not hold");
        assert_eq!(breach.because, Some(why));
        assert!(self.0.broken().is_none(), "{:#?}", self.0.broken());
    }
}

#[test]
fn offsets_are_dense() {
    let tale = new().appended(0, 0, 0, 7).holds();
    tale.clone().appended(0, 0, 1, 8).holds();
    tale.clone()
        .appended(0, 0, 2, 8)
        .breaks(Promise::DenseOffsets);
    tale.clone()
        .appended(0, 0, 0, 8)
        .breaks(Promise::DenseOffsets);
    tale.replicated(1, 0, 1, 7).breaks(Promise::DenseOffsets);
}

#[test]
fn a_high_watermark_rises_within_its_epoch_and_not_above_the_log() {
    let tale = one_committed().appended(0, 0, 1, 8).replicated(1, 0, 1, 8);
    let tale = tale.replicated(2, 0, 1, 8).committed(0, 2).holds();
    tale.clone().committed(0, 1).breaks(Promise::HighWatermark);
    tale.clone().committed(0, 3).breaks(Promise::HighWatermark);
    tale.clone().learned(1, 1).learned(1, 2).holds();
    tale.clone().learned(1, 3).breaks(Promise::HighWatermark);
    // A new leader may begin with less than the last one knew.
    let another = tale.changed(1, (Some(1), 1), &[1, 2], &[]).leads(1, 1, 2);
    another.committed(1, 1).committed(1, 2).holds();
}

#[test]
fn an_epoch_has_one_leader() {
    let tale = one_committed();
    tale.clone().leads(1, 0, 1).breaks(Promise::OneLeader);
    tale.clone().appended(1, 0, 1, 8).breaks(Promise::OneLeader);
    let another = tale.changed(1, (Some(1), 1), &[0, 1], &[]);
    another.leads(1, 1, 1).appended(1, 1, 1, 8).holds();

    let leads = |node, epoch| Fact::QuorumLeader {
        node: NodeId(node),
        epoch,
        leads: true,
    };
    let tale = new().tell(leads(3, 1)).tell(leads(3, 1));
    tale.clone().tell(leads(4, 2)).holds();
    tale.tell(leads(4, 1)).breaks(Promise::OneLeader);
}

#[test]
fn a_leader_was_in_sync_or_eligible() {
    let tale = one_committed().changed(1, (Some(0), 0), &[0], &[1]);
    tale.clone().changed(2, (Some(1), 1), &[1], &[]).holds();
    let outsider = tale.clone().changed(2, (Some(2), 1), &[2], &[]);
    outsider.breaks(Promise::LeaderInSync);
    let unclean = (Some(2), 1);
    tale.clone()
        .changes(2, unclean, (&[2], &[], &[]), true)
        .holds();

    let twice = tale.clone().changed(2, (Some(0), 0), &[0, 1], &[1]);
    twice.breaks(Promise::LeaderInSync);
    let absent = tale.clone().changed(2, (Some(1), 1), &[0], &[]);
    absent.breaks(Promise::LeaderInSync);
    let stranger = tale.clone().changed(2, (Some(0), 0), &[0, 5], &[]);
    stranger.breaks(Promise::LeaderInSync);
    let broker = NodeId(1);
    let fenced = tale.tell(Fact::Fenced { broker });
    let back = fenced.clone().tell(Fact::Unfenced { broker });
    back.changed(2, (Some(0), 0), &[0, 1], &[]).holds();
    fenced
        .changed(2, (Some(0), 0), &[0, 1], &[])
        .breaks(Promise::LeaderInSync);
}

#[test]
fn an_empty_isr_has_an_heir() {
    let nobody = (None, 1);
    new().changed(1, nobody, &[], &[1]).holds();
    new().changes(1, nobody, (&[], &[], &[1]), false).holds();
    new()
        .changed(1, nobody, &[], &[])
        .breaks(Promise::HeirWhenEmpty);
}

#[test]
fn who_is_in_sync_has_what_is_committed() {
    let tale = one_committed()
        .holds()
        .appended(0, 0, 1, 8)
        .replicated(1, 0, 1, 8);
    tale.clone().committed(0, 2).breaks(Promise::InSyncComplete);
    let out = tale
        .clone()
        .changed(1, (Some(0), 0), &[0, 1], &[])
        .committed(0, 2)
        .holds();
    let back = out.clone().changed(2, (Some(0), 0), &[0, 1, 2], &[]);
    back.breaks(Promise::InSyncComplete);
    let cut = out.clone().truncated(1, 2, 1, Truncation::Diverged);
    cut.breaks(Promise::InSyncComplete);
    // Eligible is as good as in sync.
    let eligible = out.clone().changed(2, (Some(0), 0), &[0], &[1]).holds();
    eligible
        .changed(3, (Some(0), 0), &[0], &[1, 2])
        .breaks(Promise::InSyncComplete);
    // A machine that lost power is counted until the controller hears of it.
    out.truncated(1, 2, 0, Truncation::Unflushed)
        .appended(0, 0, 2, 9)
        .committed(0, 3)
        .holds();
    // What it lost may have been committed by nobody yet, and another may leave first.
    tale.replicated(2, 0, 1, 8)
        .truncated(2, 2, 1, Truncation::Unflushed)
        .changed(1, (Some(0), 0), &[0, 2], &[])
        .committed(0, 2)
        .holds();
}

#[test]
fn a_committed_record_is_lost_with_all_copies_only() {
    let tale = one_alone().holds();
    let kept = Promise::CommittedKept;
    // A leader that lacks it.
    let lost = tale
        .clone()
        .changed(2, (Some(1), 1), &[1], &[])
        .leads(1, 1, 1);
    lost.breaks(kept);
    // One that says that it may.
    let unclean = tale
        .clone()
        .changes(2, (Some(1), 1), (&[1], &[], &[]), true);
    unclean.leads(1, 1, 1).teaches(kept, UNCLEAN);
    // All that had it lost power.
    let dark = tale.truncated(0, 2, 0, Truncation::Unflushed);
    let back = dark.changed(2, (Some(0), 1), &[0], &[]).leads(0, 1, 0);
    back.teaches(kept, POWER);
    // One of those that had it did not.
    let tale = one_committed().truncated(1, 1, 0, Truncation::Unflushed);
    let wrong = tale
        .clone()
        .changed(1, (Some(1), 1), &[1, 2], &[])
        .leads(1, 1, 0);
    wrong.breaks(kept);
    tale.changed(1, (Some(2), 1), &[0, 2], &[])
        .leads(2, 1, 1)
        .holds();
}

#[test]
fn what_went_with_an_unclean_election_is_written_anew() {
    let tale = one_alone().changes(2, (Some(1), 1), (&[1], &[], &[]), true);
    let tale = tale.leads(1, 1, 1).appended(1, 1, 1, 9).committed(1, 2);
    let tale = tale.follows(0, 1).truncated(0, 2, 1, Truncation::Diverged);
    let tale = tale.replicated(0, 1, 1, 9).learned(0, 2);
    let tale = tale.changed(3, (Some(1), 1), &[0, 1], &[]);
    assert_eq!(tale.0.committed(AT), 2);
    tale.clone().teaches(Promise::CommittedKept, UNCLEAN);
    tale.changed(4, (Some(0), 2), &[0, 1], &[])
        .leads(0, 2, 2)
        .teaches(Promise::CommittedKept, UNCLEAN);
}

#[test]
fn replicas_agree() {
    let agree = Promise::ReplicasAgree;
    let tale = new().appended(0, 0, 0, 7);
    tale.clone().replicated(1, 0, 0, 8).breaks(agree);
    tale.clone().replicated(1, 0, 0, 7).holds();
    // One that parted is cut back before it learns what is committed.
    let parted = one_committed().appended(0, 0, 1, 8);
    let parted = parted.changed(1, (Some(1), 1), &[1, 2], &[]).leads(1, 1, 1);
    let parted = parted
        .appended(1, 1, 1, 9)
        .replicated(2, 1, 1, 9)
        .committed(1, 2);
    parted.clone().follows(0, 1).learned(0, 2).breaks(agree);
    let cut = parted
        .follows(0, 1)
        .truncated(0, 2, 1, Truncation::Diverged);
    cut.replicated(0, 1, 1, 9).learned(0, 2).holds();
    // Epochs rise along a log.
    let later = one_committed().changed(1, (Some(1), 3), &[1, 2], &[]);
    let later = later.leads(1, 3, 1).appended(1, 3, 1, 8).holds();
    later.appended(1, 2, 2, 9).breaks(agree);
}

#[test]
fn what_is_acknowledged_by_all_is_committed() {
    let readable = Promise::AcknowledgedReadable;
    let tale = new().appended(0, 0, 0, 7);
    tale.clone().acked(0, Acks::All, 0).breaks(readable);
    let all = tale
        .replicated(1, 0, 0, 7)
        .replicated(2, 0, 0, 7)
        .committed(0, 1);
    all.clone().acked(0, Acks::All, 0).holds();
    all.acked(0, Acks::All, 1).breaks(readable);
}

#[test]
fn what_the_leader_alone_acknowledged_may_go_with_it() {
    let readable = Promise::AcknowledgedReadable;
    let tale = one_committed()
        .appended(0, 0, 1, 8)
        .acked(0, Acks::One, 1)
        .holds();
    tale.clone().acked(0, Acks::One, 2).breaks(readable);
    let kept = tale
        .clone()
        .replicated(1, 0, 1, 8)
        .changed(1, (Some(1), 1), &[1, 2], &[]);
    kept.leads(1, 1, 2).holds();
    let lost = tale.changed(1, (Some(1), 1), &[1, 2], &[]).leads(1, 1, 1);
    lost.clone().teaches(readable, ACKS_ONE);
    // The answer may come later than the next leader.
    lost.acked(0, Acks::One, 1).teaches(readable, ACKS_ONE);
}

#[test]
fn a_consumer_reads_in_order_what_is_committed_and_stays() {
    let owns = Fact::Owns {
        consumer: CLIENT,
        group: GroupId(0),
        at: AT,
        position: 0,
    };
    let tale = one_alone().tell(owns);
    tale.clone().read(0, &[(0, 7)]).read(1, &[(1, 8)]).holds();
    tale.clone().read(0, &[(0, 7), (1, 8)]).holds();
    tale.clone().read(1, &[(1, 8)]).breaks(Promise::ReadInOrder);
    let stable = Promise::StableReads;
    tale.clone().read(0, &[(0, 7), (1, 9)]).breaks(stable);
    tale.clone()
        .appended(0, 0, 2, 9)
        .read(0, &[(0, 7), (1, 8), (2, 9)])
        .breaks(stable);
    let read = tale.read(0, &[(0, 7), (1, 8)]);
    let unclean = read.changes(2, (Some(1), 1), (&[1], &[], &[]), true);
    unclean.leads(1, 1, 1).teaches(stable, UNCLEAN);
}

#[test]
fn the_latest_offset_a_client_sees_never_goes_back() {
    let tale = one_alone().latest(CLIENT, 2);
    tale.clone().latest(NodeId(8), 1).latest(CLIENT, 2).holds();
    tale.clone().latest(CLIENT, 1).breaks(Promise::LatestOffset);
    tale.latest(CLIENT, 3).breaks(Promise::LatestOffset);
}

#[test]
fn a_committed_position_lies_within_the_log() {
    let commit = |offset| Fact::Committed {
        group: GroupId(0),
        at: AT,
        offset,
    };
    one_committed().tell(commit(1)).holds();
    one_committed()
        .tell(commit(2))
        .breaks(Promise::CommitWithinLog);
}

#[test]
fn a_log_is_what_was_told_of_it() {
    let tale = one_committed().changed(1, (Some(1), 1), &[1, 2], &[]);
    tale.clone().leads(1, 1, 1).holds();
    tale.clone().leads(1, 1, 2).breaks(Promise::Immutable);
    tale.truncated(2, 2, 1, Truncation::Diverged)
        .breaks(Promise::Immutable);
}

#[test]
fn orders() {
    use OrderStep::{Answered, Done, Placed, Sent, Unsent};
    let tale = new()
        .order(Placed { customer: 3 })
        .order(Sent)
        .order(Answered);
    tale.clone()
        .holds()
        .order(Unsent)
        .breaks(Promise::NoOrderLost);
    let once = tale.order(Done(Service::Payment)).holds();
    let twice = once.clone().order(Done(Service::Payment));
    assert_eq!(twice.0.breaches(Promise::NoOrderTwice), 1);
    let next = once
        .ordered(1, Placed { customer: 3 })
        .ordered(2, Placed { customer: 3 });
    let next = next.ordered(1, Sent).ordered(2, Sent);
    let paid = |order| move |tale: Tale| tale.ordered(order, Done(Service::Payment));
    let (first, second) = (paid(1), paid(2));
    second(first(next.clone())).holds();
    let overtaken = first(second(next));
    assert_eq!(overtaken.0.breaches(Promise::OrderPerKey), 1);
    assert!(overtaken.0.broken().is_none(), "neither is promised");
}

/// A topic that is deleted and made again is another, and who has not heard of it is passed over.
#[test]
fn another_making_of_a_topic_begins_anew() {
    let again = Fact::Leads {
        broker: NodeId(0),
        at: AT,
        leader_epoch: 0,
        end: 0,
        high_watermark: 0,
        incarnation: 2,
    };
    let tale = one_committed().tell(again).holds();
    assert_eq!(tale.0.committed(AT), 0);
    let tale = tale
        .appended(0, 0, 0, 9)
        .appended(1, 5, 0, 8)
        .committed(0, 1)
        .holds();
    assert_eq!(tale.0.committed(AT), 1);
}
