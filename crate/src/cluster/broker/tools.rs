//! A broker alone is its own controller: it makes and changes topics itself, at once. And what any
//! broker does when somebody asks about a topic that is not there.

use super::super::admin::{Admin, NewTopic, TopicError};
use super::super::metadata::{MetadataRecord, TopicImage};
use super::super::topic_name;
use super::Broker;
use super::groups::offsets_topic;
use crate::id::TopicId;
use crate::protocol::{ErrorCode, Out};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::sync::Arc;

impl Broker {
    pub(super) fn register_alone(&mut self) {
        let broker = self.me;
        let registration = MetadataRecord::RegisterBroker {
            broker,
            incarnation: 1,
            epoch: 0,
            rack: self.config.rack,
        };
        let unfenced = MetadataRecord::BrokerRegistrationChange {
            broker,
            fenced: false,
            in_controlled_shutdown: false,
        };
        self.apply(Time::ZERO, &[registration, unfenced], &mut Out::default());
    }

    /// A broker alone starts again: it leads what it kept, in the epoch it had.
    pub(super) fn reclaim(&mut self, now: Time, out: &mut Out) {
        let records: Vec<MetadataRecord> = self
            .image
            .partitions()
            .filter(|(at, _)| self.replicas.get(at).is_some_and(|r| !r.leads()))
            .map(|(at, state)| MetadataRecord::PartitionChange {
                at,
                state: state.clone(),
            })
            .collect();
        self.apply(now, &records, out);
    }

    /// A broker alone has `__consumer_offsets` from the beginning.
    pub(super) fn make_offsets_topic(&mut self) {
        let mut new = offsets_topic(&self.config);
        new.replication_factor = Some(1);
        let name = Arc::from(TopicId::CONSUMER_OFFSETS_NAME);
        let (id, out) = (TopicId::CONSUMER_OFFSETS, &mut Out::default());
        let made = self.create_topic(Time::ZERO, id, &name, &new, out);
        made.expect("nothing is in its way");
    }

    fn admin(&self) -> Admin<'_> {
        Admin {
            image: &self.image,
            eligible_leader_replicas: false,
            num_partitions: self.config.num_partitions,
            default_replication_factor: 1,
            flaw: self.flaw,
        }
    }

    /// With one broker there is nothing to choose.
    fn placement() -> Rng {
        Rng::new(0, Salt::Placement, 0)
    }

    /// The topic of this name, for `kafka-topics --describe`.
    ///
    /// # Errors
    /// There is none.
    pub fn describe(&self, name: &str) -> Result<(TopicId, &Arc<TopicImage>), TopicError> {
        let found = self.image.topic_named(name);
        found.ok_or_else(|| TopicError::NotFound(name.to_owned()))
    }

    /// Makes a topic, as `kafka-topics --create` does. A warning about the name
    /// ([`topic_name::can_collide`]) is the caller's to give.
    ///
    /// # Errors
    /// As [`Admin::create_topic`].
    pub fn create_topic(
        &mut self,
        now: Time,
        id: TopicId,
        name: &Arc<str>,
        new: &NewTopic,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let made = self
            .admin()
            .create_topic(id, name, new, &mut Self::placement());
        self.apply(now, &made?, out);
        Ok(())
    }

    /// Deletes a topic, and with it its records and what groups committed for it.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn delete_topic(&mut self, now: Time, name: &str, out: &mut Out) -> Result<(), TopicError> {
        let (records, _) = self.admin().delete_topic(name)?;
        self.apply(now, &records, out);
        self.wake_fetches(now, out);
        Ok(())
    }

    /// Raises a topic's number of partitions to `to`. Records stay where they are; keys move.
    ///
    /// # Errors
    /// As [`Admin::add_partitions`].
    pub fn add_partitions(
        &mut self,
        now: Time,
        name: &str,
        to: u32,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let more = self
            .admin()
            .add_partitions(name, to, &mut Self::placement());
        self.apply(now, &more?, out);
        Ok(())
    }

    /// Changes one setting of a topic, or with `None` unsets it.
    ///
    /// # Errors
    /// As [`Admin::alter_config`].
    pub fn alter_config(
        &mut self,
        now: Time,
        name: &str,
        setting: &str,
        value: Option<&str>,
        out: &mut Out,
    ) -> Result<(), TopicError> {
        let changed = self.admin().alter_config(name, setting, value);
        self.apply(now, &changed?, out);
        Ok(())
    }

    /// What is wrong with topics that were asked about. Those that are missing are made, if that is
    /// allowed.
    pub(super) fn missing(
        &mut self,
        now: Time,
        topics: Vec<(TopicId, Arc<str>)>,
        allow_auto_create: bool,
        out: &mut Out,
    ) -> Vec<(TopicId, ErrorCode)> {
        let mut errors = Vec::new();
        let mut wanted = Vec::new();
        for (id, name) in topics {
            if self.image.topics.contains_key(&id) {
                continue;
            }
            if topic_name::validate(&name).is_err() {
                errors.push((id, ErrorCode::InvalidTopic));
                continue;
            }
            errors.push((id, ErrorCode::UnknownTopicOrPartition));
            wanted.push((id, name));
        }
        if allow_auto_create && self.config.auto_create_topics {
            if self.lifecycle.is_some() {
                self.ask_for_topics(now, wanted, out);
            } else {
                for (id, name) in wanted {
                    // A name that collides is never made, and never said to be wrong either.
                    let _ = self.create_topic(now, id, &name, &NewTopic::default(), out);
                }
            }
        }
        errors
    }
}
