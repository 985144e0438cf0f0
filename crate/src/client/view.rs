//! A client's picture of the cluster, and when to ask for a newer one.

use super::calls::{Calls, backoff};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::Metadata;
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::sync::Arc;

/// The cluster as a client last heard of it.
#[derive(Clone, Debug)]
pub(crate) struct ClusterView {
    /// `bootstrap.servers`: whom to ask before anything is known.
    bootstrap: Arc<[NodeId]>,
    image: Option<Arc<Metadata>>,
    max_age: Span,
    retry_backoff: Span,
    retry_backoff_max: Span,
    /// An update was requested and has not come.
    wanted: bool,
    in_flight: bool,
    refresh_at: Time,
    not_before: Time,
    attempts: u32,
}

impl ClusterView {
    pub(crate) fn new(
        bootstrap: Arc<[NodeId]>,
        max_age_ms: u64,
        retry_backoff: Span,
        retry_backoff_max: Span,
    ) -> Self {
        Self {
            bootstrap,
            image: None,
            max_age: Span::millis(max_age_ms),
            retry_backoff,
            retry_backoff_max,
            wanted: false,
            in_flight: false,
            refresh_at: Time::MAX,
            not_before: Time::ZERO,
            attempts: 0,
        }
    }

    /// The image, once there is one.
    pub(crate) fn image(&self) -> Option<&Arc<Metadata>> {
        self.image.as_ref()
    }

    /// A place in a log tells of a leader epoch: who is known to have led before it leads no more, and
    /// what is older counts no more (`Metadata.updateLastSeenEpochIfNewer`, KIP-320).
    pub(crate) fn saw(&mut self, at: TopicPartition, epoch: i32) {
        let Some(image) = &mut self.image else {
            return;
        };
        let known = image.partition(at);
        if known.is_none_or(|known| known.leader_epoch >= epoch) {
            return;
        }
        if let Some(topic) = Arc::make_mut(image).topics.get_mut(&at.topic) {
            let known = &mut topic.partitions[at.partition as usize];
            known.leader = None;
            known.leader_epoch = epoch;
        }
        self.want();
    }

    /// Asks for an update after the usual pause between attempts.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Asks for an update at once: there is a topic it has never been asked for.
    pub(crate) fn want_now(&mut self, now: Time) {
        self.wanted = true;
        self.not_before = now;
    }

    /// Whether a request is due.
    pub(crate) fn due(&self, now: Time) -> bool {
        !self.in_flight && now >= self.not_before && (self.wanted || now >= self.refresh_at)
    }

    /// When the next request is due, if nothing else happens; may have passed.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        if self.in_flight {
            None
        } else if self.wanted {
            Some(self.not_before)
        } else if self.refresh_at < Time::MAX {
            Some(self.refresh_at.max(self.not_before))
        } else {
            None
        }
    }

    /// Whom to ask.
    pub(crate) fn any_broker<T>(&self, now: Time, calls: &Calls<T>) -> Option<NodeId> {
        calls.least_loaded(now, self.brokers().iter().copied())
    }

    /// When [`ClusterView::any_broker`] may find one if it finds none now.
    pub(crate) fn reachable_at<T>(&self, calls: &Calls<T>) -> Time {
        let at = |&broker: &NodeId| calls.connectable_at(broker);
        self.brokers().iter().map(at).min().unwrap_or(Time::MAX)
    }

    fn brokers(&self) -> &[NodeId] {
        match &self.image {
            Some(image) if !image.brokers.is_empty() => &image.brokers,
            _ => &self.bootstrap,
        }
    }

    /// A request is on its way.
    pub(crate) fn asked(&mut self) {
        self.in_flight = true;
        self.wanted = false;
    }

    /// The answer came. `incomplete`: a topic asked for is not there yet.
    pub(crate) fn heard(
        &mut self,
        now: Time,
        image: Arc<Metadata>,
        incomplete: bool,
        rng: &mut Rng,
    ) {
        self.image = Some(match &self.image {
            Some(known) => newer_of(known, image),
            None => image,
        });
        self.refresh_at = now + self.max_age;
        self.in_flight = false;
        if incomplete {
            self.wanted = true;
            self.pause(now, rng);
        } else {
            self.attempts = 0;
            self.not_before = now + self.retry_backoff;
        }
    }

    /// The answer will not come.
    pub(crate) fn failed(&mut self, now: Time, rng: &mut Rng) {
        self.in_flight = false;
        self.wanted = true;
        self.pause(now, rng);
    }

    fn pause(&mut self, now: Time, rng: &mut Rng) {
        let pause = backoff(
            self.retry_backoff,
            self.retry_backoff_max,
            self.attempts,
            rng,
        );
        self.not_before = now + pause;
        self.attempts += 1;
    }
}

/// The new image, but what it says of a partition only if that is not older than what is known: the
/// broker asked may be behind (`Metadata.updateLatestMetadata`, KIP-320).
fn newer_of(known: &Metadata, mut new: Arc<Metadata>) -> Arc<Metadata> {
    let mut stale = Vec::new();
    for (&topic, told) in new.topics.iter() {
        let Some(known) = known.topics.get(&topic) else {
            continue;
        };
        if known.incarnation != told.incarnation {
            continue;
        }
        for (number, (old, new)) in known.partitions.iter().zip(&told.partitions).enumerate() {
            if new.leader_epoch < old.leader_epoch {
                stale.push((topic, number, *old));
            }
        }
    }
    if !stale.is_empty() {
        let image = Arc::make_mut(&mut new);
        for (topic, number, old) in stale {
            if let Some(told) = image.topics.get_mut(&topic) {
                told.partitions[number] = old;
            }
        }
    }
    new
}
